"""What parties are to loans, to companies, and what they agreed to."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.loans.models import Loan
from daihou.web.parties.editing import checked_reason, lock_party
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.models import (
    CompanyLink,
    Consent,
    ConsentWithdrawal,
    GuaranteeType,
    LinkKind,
    LoanRole,
    Party,
    PartyKind,
    Purpose,
    Role,
)

TEXT_LONGEST = 200
RELATION_LONGEST = 40
MONTHS_MOST = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """What was agreed with a guarantor; no type means general, no months the statutory period."""

    type: str = ""
    months: int | None = None
    most_minor: int | None = None


@transaction.atomic
def add_role(
    *,
    loan: Loan,
    party: Party,
    role: str,
    started_on: date,
    acting_user: User,
    guarantee: Guarantee | None = None,
    relation: str = "",
) -> LoanRole:
    """Make a party a co-borrower, guarantor or contact person of a loan.

    :raises PartyRefused: ``party.role_unknown``, ``party.role_of_borrower``, ``party.role_held``,
        ``party.guarantee_wrong``, ``party.contact_not_person``, ``party.value_too_long``,
        ``party.merged``, ``party.data_deleted``.
    """
    locked = lock_party(party)
    if role not in Role.values:
        raise PartyRefused("party.role_unknown", role=role[:20])
    if loan.person_id == locked.pk:
        raise PartyRefused("party.role_of_borrower")
    if role == Role.CONTACT and locked.kind != PartyKind.PERSON:
        raise PartyRefused("party.contact_not_person")
    if len(relation) > RELATION_LONGEST or "\0" in relation:
        raise PartyRefused("party.value_too_long")
    agreed = guarantee or Guarantee()
    _check_guarantee(agreed, role=role)
    try:
        with transaction.atomic():
            made = LoanRole.objects.create(
                loan=loan,
                party=locked,
                role=role,
                guarantee_type=agreed.type,
                guarantee_months=agreed.months,
                guarantee_most_minor=agreed.most_minor,
                relation=relation.strip(),
                started_on=started_on,
            )
    except IntegrityError as exception:
        raise PartyRefused("party.role_held", party=locked.reference) from exception
    _audit("loan_role.add", made, acting_user, role=role, loan=loan.loan_ref)
    return made


def _check_guarantee(agreed: Guarantee, *, role: str) -> None:
    is_sensible = (
        (not agreed.type or agreed.type in GuaranteeType.values)
        and (agreed.months is None or 0 < agreed.months <= MONTHS_MOST)
        and (agreed.most_minor is None or agreed.most_minor > 0)
    )
    if not is_sensible or (role != Role.GUARANTOR and agreed != Guarantee()):
        raise PartyRefused("party.guarantee_wrong")


@transaction.atomic
def end_role(*, role: LoanRole, ended_on: date, reason: str, acting_user: User) -> LoanRole:
    """End what a party is to a loan; the row stays.

    :raises PartyRefused: ``party.role_ended``, ``party.days_wrong``, ``party.reason_missing``.
    """
    text = checked_reason(reason)
    locked = LoanRole.objects.select_for_update().get(pk=role.pk)
    if locked.ended_on is not None:
        raise PartyRefused("party.role_ended")
    if ended_on < locked.started_on:
        raise PartyRefused("party.days_wrong")
    locked.ended_on = ended_on
    locked.save(update_fields=["ended_on"])
    _audit("loan_role.end", locked, acting_user, reason=text)
    return locked


@transaction.atomic
def note_claim(*, role: LoanRole, claimed_on: date, evidence: str, acting_user: User) -> LoanRole:
    """Note the first day on which the creditor turned to a guarantor, with its proof.

    :raises PartyRefused: ``party.not_guarantor``, ``party.claimed_already``,
        ``party.evidence_missing``.
    """
    text = _evidence(evidence)
    locked = LoanRole.objects.select_for_update().get(pk=role.pk)
    if locked.role != Role.GUARANTOR:
        raise PartyRefused("party.not_guarantor")
    if locked.claimed_on is not None:
        raise PartyRefused("party.claimed_already")
    locked.claimed_on, locked.claim_evidence = claimed_on, text
    locked.save(update_fields=["claimed_on", "claim_evidence"])
    _audit("loan_role.claim", locked, acting_user, on=claimed_on.isoformat(), evidence=text)
    return locked


@transaction.atomic
def link_company(
    *,
    person: Party,
    company: Party,
    kind: str,
    started_on: date,
    acting_user: User,
    share: Decimal | None = None,
) -> CompanyLink:
    """Note who stands behind a company.

    :raises PartyRefused: ``party.link_wrong``, ``party.link_held``, ``party.merged``,
        ``party.data_deleted``.
    """
    first, second = sorted((person, company), key=lambda party: party.pk)
    lock_party(first)
    lock_party(second)
    if (
        kind not in LinkKind.values
        or person.kind != PartyKind.PERSON
        or company.kind != PartyKind.COMPANY
        or not (share is None or (share.is_finite() and 0 < share <= 1))
    ):
        raise PartyRefused("party.link_wrong")
    try:
        with transaction.atomic():
            link = CompanyLink.objects.create(
                person=person, company=company, kind=kind, share=share, started_on=started_on
            )
    except IntegrityError as exception:
        raise PartyRefused("party.link_held") from exception
    _audit("company_link.add", link, acting_user, kind=kind)
    return link


@transaction.atomic
def end_link(*, link: CompanyLink, ended_on: date, acting_user: User) -> CompanyLink:
    """End a link; the row stays.

    :raises PartyRefused: ``party.link_ended``, ``party.days_wrong``.
    """
    locked = CompanyLink.objects.select_for_update().get(pk=link.pk)
    if locked.ended_on is not None:
        raise PartyRefused("party.link_ended")
    if ended_on < locked.started_on:
        raise PartyRefused("party.days_wrong")
    locked.ended_on = ended_on
    locked.save(update_fields=["ended_on"])
    _audit("company_link.end", locked, acting_user)
    return locked


@transaction.atomic
def give_consent(
    *, party: Party, purpose: str, given_at: datetime, evidence: str, acting_user: User
) -> Consent:
    """Note that a person agreed to a purpose, since when, and where the proof is.

    :raises PartyRefused: ``consent.purpose_unknown``, ``consent.in_future``,
        ``party.evidence_missing``, ``party.merged``, ``party.data_deleted``.
    """
    locked = lock_party(party)
    if purpose not in Purpose.values:
        raise PartyRefused("consent.purpose_unknown", purpose=purpose[:20])
    if given_at > timezone.now():
        raise PartyRefused("consent.in_future")
    consent = Consent.objects.create(
        party=locked,
        purpose=purpose,
        given_at=given_at,
        evidence=_evidence(evidence),
        noted_by=acting_user,
    )
    _audit("consent.give", consent, acting_user, purpose=purpose)
    return consent


@transaction.atomic
def withdraw_consent(
    *, consent: Consent, withdrawn_at: datetime, acting_user: User, reason: str = ""
) -> ConsentWithdrawal:
    """Note that a consent holds no more; a person needs no reason for it.

    :raises PartyRefused: ``consent.withdrawn``, ``consent.in_future``,
        ``consent.before_given``, ``party.value_too_long``.
    """
    if withdrawn_at > timezone.now():
        raise PartyRefused("consent.in_future")
    if withdrawn_at < consent.given_at:
        raise PartyRefused("consent.before_given")
    if len(reason) > TEXT_LONGEST or "\0" in reason:
        raise PartyRefused("party.value_too_long")
    try:
        with transaction.atomic():
            withdrawal = ConsentWithdrawal.objects.create(
                consent=consent,
                withdrawn_at=withdrawn_at,
                reason=reason.strip(),
                noted_by=acting_user,
            )
    except IntegrityError as exception:
        raise PartyRefused("consent.withdrawn") from exception
    _audit("consent.withdraw", consent, acting_user, purpose=consent.purpose)
    return withdrawal


def _evidence(text: str) -> str:
    found = text.strip()
    if not found or len(found) > TEXT_LONGEST or "\0" in found:
        raise PartyRefused("party.evidence_missing", most=TEXT_LONGEST)
    return found


def _audit(
    action: str, target: LoanRole | CompanyLink | Consent, acting_user: User, **details: object
) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type=action.partition(".")[0],
        target_id=target.pk,
        details=details,
    )
