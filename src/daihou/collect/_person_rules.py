"""Rules of who may be contacted, on what basis, and what must rest."""

from daihou.collect._case import Case, Refused, earliest, is_active, reaches, refused
from daihou.collect._times import start_of_day
from daihou.collect.facts import StopOrder
from daihou.collect.packs import Rule
from daihou.collect.requests import Purpose


def stop(case: Case, rule: Rule) -> Refused | None:
    """Obey the stop orders of the kinds that the rule names."""
    found = [order for order in case.facts.stop_orders if _stops(case, rule, order)]
    if not found:
        return None
    ends = [order.until_at for order in found]
    again_at = None if None in ends else max(end for end in ends if end is not None)
    return refused(
        "stopped",
        again_at=again_at,
        stop_kind=found[0].kind.value,
        order=", ".join(sorted(order.order_id for order in found)),
    )


def _stops(case: Case, rule: Rule, order: StopOrder) -> bool:
    asked = case.request
    return (
        order.kind in rule.stops
        and is_active(order, case.at)
        and reaches(order.channels, asked.channel)
        and (not order.debt_keys or not order.debt_keys.isdisjoint(asked.debt_keys))
        and order.address_key in {"", asked.address_key}
        and order.recipient_key in {"", asked.recipient_key}
    )


def basis(case: Case, rule: Rule) -> Refused | None:
    """Ask for a lawful basis of the kinds that count for this recipient."""
    asked = case.request
    fitting = [
        each
        for each in case.facts.bases
        if each.kind in rule.bases
        and each.recipient is asked.recipient
        and reaches(each.channels, asked.channel)
    ]
    if any(is_active(each, case.at) for each in fitting):
        return None
    again_at = earliest(each.from_at for each in fitting if each.from_at > case.at)
    return refused("no_basis", again_at=again_at, recipient=asked.recipient.value)


def address(case: Case, rule: Rule) -> Refused | None:
    del rule
    if case.facts.address_is_wrong:
        return refused("address_wrong")
    if not case.facts.address_may_be_used:
        return refused("address_not_ours")
    return None


def out_of_reach(case: Case, rule: Rule) -> Refused | None:
    """Let others be contacted only while the debtor is out of reach, dead or incapable."""
    del rule
    person = case.facts.person
    if person.deceased_evidence or person.incapable_evidence:
        return None
    until = person.unreachable_until
    if person.unreachable_evidence and until is not None and until >= case.last_day:
        return None
    return refused("debtor_in_reach")


def no_debt_facts(case: Case, rule: Rule) -> Refused | None:
    del rule
    return refused("debt_facts_to_others") if case.request.says.carries_debt_facts else None


def guarantor(case: Case, rule: Rule) -> Refused | None:
    """Hold the guarantor to the kind of guarantee and its period, debt by debt."""
    del rule
    for debt in case.debts:
        covering = [each for each in case.facts.guarantees if debt.key in each.debt_keys]
        if not any(each.evidence for each in covering):
            return refused("guarantee_missing")
        within = [
            each
            for each in covering
            if each.evidence and (each.was_claimed or each.through_on >= case.last_day)
        ]
        if not within:
            through_on = max(each.through_on for each in covering)
            return refused("guarantee_over", through=through_on)
        if not any(each.is_joint or each.debtor_exhausted for each in within):
            return refused("guarantee_not_yet")
    return None


def spouse(case: Case, rule: Rule) -> Refused | None:
    del rule
    return None if case.facts.person.joint_debt_evidence else refused("debt_not_joint")


def heir(case: Case, rule: Rule) -> Refused | None:
    person = case.facts.person
    if not person.inheritance_evidence:
        return refused("inheritance_missing")
    if rule.least is not None and person.estate_left_minor < rule.least:
        return refused("estate_used_up")
    return None


def forbidden(case: Case, rule: Rule) -> Refused | None:
    return refused(
        "forbidden", contact_channel=case.request.channel.value, by=", ".join(rule.tightened_by)
    )


def figures(case: Case, rule: Rule) -> Refused | None:
    """Refuse figures that stood still for too many days when the facts were gathered."""
    assert rule.days is not None
    as_of, on = case.facts.figures_as_of, case.facts.business_date
    if as_of is None:
        return refused("figures_missing")
    if (on - as_of).days > rule.days:
        return refused("figures_stale", as_of=as_of, business_date=on)
    return None


def owed(case: Case, rule: Rule) -> Refused | None:
    del rule
    collects = case.request.purpose is Purpose.COLLECTION
    for debt in case.debts:
        if (debt.overdue_minor if collects else debt.due_minor) <= 0:
            return refused("nothing_overdue" if collects else "nothing_due")
    return None


def transfer_notice(case: Case, rule: Rule) -> Refused | None:
    """Let whoever took a debt over collect it only once the notice has provably arrived."""
    del rule
    for debt in case.debts:
        arrived_on = debt.transfer_notice_arrived_on
        if not debt.is_transferred or (arrived_on is not None and arrived_on <= case.first_day):
            continue
        if arrived_on is None:
            return refused("transfer_not_told")
        again_at = max(start_of_day(on=arrived_on, zone=zone) for zone in case.zones)
        return refused("transfer_not_told", again_at=again_at)
    return None


def validation_notice(case: Case, rule: Rule) -> Refused | None:
    """Ask for the validation notice so many days after the first contact at the latest."""
    assert rule.days is not None
    first_on, sent_on = case.facts.first_contact_on, case.facts.validation_notice_on
    if first_on is None or (case.last_day - first_on).days <= rule.days:
        return None
    if sent_on is not None and sent_on <= case.first_day:
        return None
    again_at = None
    if sent_on is not None:
        again_at = max(start_of_day(on=sent_on, zone=zone) for zone in case.zones)
    return refused("validation_missing", again_at=again_at, first=first_on, days=rule.days)
