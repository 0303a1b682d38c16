"""Whether adverse data of a debt may be reported to a credit bureau: told first, and consented.

Units   Days of the lender.
Shape   A debt and the rules in; what refuses out, nothing where reporting is allowed.
Errors  Refusals are values; without a rule nothing is reported.
Source  征信业管理条例 15, 29; 12 CFR 1006.30(a): rows of kind ``bureau_notice`` in the packs.
"""

from datetime import date

from daihou.collect.facts import BasisKind, Debt
from daihou.collect.guard import GUARD, Input, Ruling
from daihou.collect.packs import Confidence, Kind, Rule, RuleSet


def refusals_to_report(*, debt: Debt, on: date, rules: RuleSet | None) -> tuple[Ruling, ...]:
    """Say what refuses to report adverse data of a debt on a day."""
    bureau = _bureau(rules, on)
    if not bureau:
        missing = Ruling(
            rule_id=f"{GUARD}-RULES",
            code="contact.rule_missing",
            version="",
            source="",
            confidence=Confidence.OWN,
            inputs=(
                Input(name="rules", value=Kind.BUREAU_NOTICE.value),
                Input(name="on", value=on.isoformat()),
            ),
        )
        return (missing,)
    told_on = debt.bureau_notice_on
    found = [_ruling(bureau[0], "report.not_told")]
    if told_on is not None and told_on <= on:
        found = [
            _ruling(rule, "report.too_early", Input(name="days", value=str(rule.days)))
            for rule in bureau
            if (on - told_on).days < (rule.days or 0)
        ]
    if not debt.bureau_consent:
        asking = [rule for rule in bureau if BasisKind.CONSENT in rule.bases]
        found += [_ruling(rule, "report.no_consent") for rule in asking]
    return tuple(found)


def days_to_wait(*, rules: RuleSet | None, on: date) -> int | None:
    """Say how many days after a notice the report may follow; None: without a rule it never may."""
    return max((rule.days or 0 for rule in _bureau(rules, on)), default=None)


def _bureau(rules: RuleSet | None, on: date) -> list[Rule]:
    found = rules.in_force(on=on) if rules is not None else ()
    return [rule for rule in found if rule.kind is Kind.BUREAU_NOTICE]


def _ruling(rule: Rule, code: str, *inputs: Input) -> Ruling:
    return Ruling(
        rule_id=rule.rule_id,
        code=code,
        version=f"{rule.version}/{rule.valid_from.isoformat()}",
        source=rule.source,
        confidence=rule.confidence,
        inputs=inputs,
        tightened_by=rule.tightened_by,
    )
