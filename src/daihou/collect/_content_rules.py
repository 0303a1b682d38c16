"""Rules of what is said, how it is kept, and who says it."""

from datetime import timedelta

from daihou.collect._case import Case, Refused, refused
from daihou.collect.facts import Limitation
from daihou.collect.packs import Rule
from daihou.collect.requests import WRITTEN, Channel


def first_contact(case: Case, rule: Rule) -> Refused | None:
    """Let the first contact about a debt name institution, creditor and what it is about."""
    del rule
    says = case.request.says
    if case.facts.first_contact_on is not None and not case.facts.has_new_debt:
        return None
    if says.names_institution and says.names_creditor and says.names_purpose:
        return None
    return refused("creditor_not_named")


def institution(case: Case, rule: Rule) -> Refused | None:
    """Let nobody call or write without saying for whom."""
    del rule
    return None if case.request.says.names_institution else refused("institution_not_named")


def wording(case: Case, rule: Rule) -> Refused | None:
    """Refuse forbidden wording, and a text that was not read for it."""
    del rule
    says = case.request.says
    if says.findings:
        return refused("wording", found=", ".join(says.findings))
    is_text = case.request.channel in WRITTEN or case.request.channel is Channel.ROBOT
    if is_text and (says.text_digest is None or says.wording_version is None):
        return refused("wording_unread")
    return None


def opt_out_text(case: Case, rule: Rule) -> Refused | None:
    del rule
    return None if case.request.says.has_opt_out else refused("opt_out_missing")


def recording(case: Case, rule: Rule) -> Refused | None:
    del rule
    request = case.request
    if request.channel is Channel.VISIT:
        is_kept = request.visit is not None and request.visit.records
    else:
        is_kept = request.is_recorded
    return None if is_kept else refused("not_recorded")


def visit(case: Case, rule: Rule) -> Refused | None:
    assert rule.least is not None
    plan = case.request.visit
    if plan is None:
        return refused("visit_not_planned")
    if len(set(plan.collector_ids)) < rule.least:
        return refused("visit_too_few", least=rule.least)
    if not plan.shows_identification:
        return refused("visit_unidentified")
    if not plan.asks_before_entering:
        return refused("visit_without_consent")
    return None if plan.records else refused("not_recorded")


def staff(case: Case, rule: Rule) -> Refused | None:
    """Ask whoever speaks or knocks for training, a clean record and confidentiality.

    The system may write and let a machine dial; it cannot be a person on the line or at the door.
    """
    del rule
    actor = case.request.actor
    if actor.is_system:
        needs_person = case.request.channel in {Channel.VOICE, Channel.VISIT}
        return refused("no_person_acts") if needs_person else None
    if actor.certified_through is None:
        return refused("not_certified")
    if actor.certified_through < case.last_day:
        return refused("certificate_over", through=actor.certified_through)
    if not actor.has_clean_record:
        return refused("record_not_clean")
    return None if actor.signed_confidentiality else refused("confidentiality_unsigned")


def agency(case: Case, rule: Rule) -> Refused | None:
    """Let an agency act while it is listed, under contract and evaluated."""
    assert rule.days is not None
    acting = case.request.actor.agency
    if acting is None:
        return None
    if not acting.is_listed:
        return refused("agency_unlisted", agency=acting.agency_id)
    if acting.contract_through is None or acting.contract_through < case.last_day:
        return refused("agency_contract_over", agency=acting.agency_id)
    evaluated_on = acting.evaluated_on
    if evaluated_on is None or evaluated_on + timedelta(days=rule.days) < case.last_day:
        return refused("agency_not_evaluated", agency=acting.agency_id)
    return None


def placement(case: Case, rule: Rule) -> Refused | None:
    """Let an agency act for debts that are placed with it alone, and by itself."""
    del rule
    acting = case.request.actor.agency
    if acting is None:
        return None
    if acting.is_subcontracted:
        return refused("agency_passed_on", agency=acting.agency_id)
    if any(debt.placed_with != (acting.agency_id,) for debt in case.debts):
        return refused("placed_elsewhere", agency=acting.agency_id)
    return None


def agent_notice(case: Case, rule: Rule) -> Refused | None:
    del rule
    acting = case.request.actor.agency
    if acting is None or acting.agency_id in case.facts.agents_told:
        return None
    return refused("agent_not_told", agency=acting.agency_id)


def expired(case: Case, rule: Rule) -> Refused | None:
    """Leave a claim that may no longer be sued for to a person who says so."""
    del rule
    states = {debt.limitation for debt in case.debts}
    is_automatic = case.request.actor.is_system
    if Limitation.EXPIRED in states and (is_automatic or not case.request.says.tells_expiry):
        return refused("limitation_expired")
    if Limitation.UNKNOWN in states and is_automatic:
        return refused("limitation_unknown")
    return None


def expired_suit(case: Case, rule: Rule) -> Refused | None:
    del rule
    if not case.request.says.mentions_suit:
        return None
    if all(debt.limitation is Limitation.RUNNING for debt in case.debts):
        return None
    return refused("suit_on_expired")
