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
    bureau = [
        rule
        for rule in (rules.in_force(on=on) if rules is not None else ())
        if rule.kind is Kind.BUREAU_NOTICE
    ]
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
    return tuple(ruling for rule in bureau for ruling in _refusals(rule, debt, on))


def _refusals(rule: Rule, debt: Debt, on: date) -> list[Ruling]:
    found = []
    told_on = debt.bureau_notice_on
    if told_on is None or told_on > on:
        found.append(_ruling(rule, "report.not_told"))
    elif rule.days is not None and (on - told_on).days < rule.days:
        found.append(_ruling(rule, "report.too_early", Input(name="days", value=str(rule.days))))
    if BasisKind.CONSENT in rule.bases and not debt.bureau_consent:
        found.append(_ruling(rule, "report.no_consent"))
    return found


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
