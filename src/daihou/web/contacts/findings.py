"""Note what was established of a debt, and take it back; ``finding_facts`` tells the guard.

What lets somebody be contacted or reported is asked for, and noted once a second person approved
it; a transfer, which forbids, is noted at once, and taken back by two. A notice that was delivered
shows by itself that she was told: its template is named after it (``NOTICES``).
Errors  ``ContactFault`` by code, see each operation; ``ApprovalRefused``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from daihou.collect import codec
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals, registry
from daihou.web.approvals.models import Approval, State
from daihou.web.audit import operations as audit
from daihou.web.contacts import keys, subjects, withdrawing
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import (
    OF_DEBT,
    WITH_NAME,
    Finding,
    FindingEnd,
    FindingKind,
    Outbox,
    OutboxState,
    Permit,
)
from daihou.web.contacts.stops import UNSTOPPED
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties import queries as parties
from daihou.web.parties.models import Party

NOTE_KIND: Final = "finding.note"
END_KIND: Final = "finding.end"
NOTICES: Final = MappingProxyType(  # By the key of the template.
    {
        "validation-notice": FindingKind.VALIDATION_SENT,
        "transfer-notice": FindingKind.TRANSFER_TOLD,
        "bureau-notice": FindingKind.BUREAU_TOLD,
    }
)
TEXT_LONGEST: Final = 200
NAME_LONGEST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Established:
    """What somebody says was established. ``party``: whom it is about; none of a debt alone."""

    kind: FindingKind
    loans: tuple[Loan, ...]
    from_on: date
    evidence: str
    party: Party | None = None
    named: str = ""
    amount_minor: int | None = None


def register() -> None:
    """Let others decide; called in ``AppConfig.ready``."""
    for kind, label, carry_out in (
        (NOTE_KIND, gettext_lazy("Fact that a rule of contact asks for"), _carry_out_note),
        (END_KIND, gettext_lazy("Transfer taken back"), _carry_out_end),
    ):
        registry.register(kind=kind, label=label, carry_out=carry_out, describe=_describe)


def note(*, book: Book, fact: Established, acting_user: User) -> Approval | None:
    """Note a transfer; ask that anything else be noted.

    :raises ContactFault: ``contact.evidence_missing``, ``contact.finding_loans``,
        ``contact.finding_day``, ``contact.finding_whom``, ``contact.finding_named``,
        ``contact.finding_amount``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    _check(book, fact)
    if fact.kind is FindingKind.TRANSFERRED:
        _write(book, fact, acting_user=acting_user)
        return None
    return approvals.request(
        kind=NOTE_KIND,
        book=book,
        target_type="party" if fact.party else "loan",
        target_id=fact.party.pk if fact.party else fact.loans[0].pk,
        payload={
            "kind": fact.kind.value,
            "loans": [loan.pk for loan in fact.loans],
            "party": fact.party.pk if fact.party else None,
            "from_on": fact.from_on.isoformat(),
            "named": fact.named.strip(),
            "amount_minor": fact.amount_minor,
        },
        reason=fact.evidence,
        acting_user=acting_user,
    )


def note_transfers(
    *, book: Book, refs: Iterable[str], to: str, on: date, evidence: str, acting_user: User
) -> int:
    """Note that many loans went to another creditor, person by person; return how many.

    :raises ContactFault: ``contact.finding_loans`` before anything is written; as ``note``.
    """
    wanted = set(refs)
    loans = Loan.objects.filter(book=book, loan_ref__in=wanted).order_by("person_id", "pk")
    found = list(loans)
    if not wanted or len(found) != len(wanted):
        raise ContactFault("contact.finding_loans")
    for _person, group in groupby(found, key=lambda loan: loan.person_id):
        fact = Established(
            kind=FindingKind.TRANSFERRED,
            loans=tuple(group),
            from_on=on,
            named=to,
            evidence=evidence,
        )
        note(book=book, fact=fact, acting_user=acting_user)
    return len(found)


def take_back(*, finding: Finding, reason: str, at: datetime, acting_user: User) -> Approval | None:
    """Note that a fact holds no longer; of a transfer, ask for it.

    :raises ContactFault: ``contact.finding_ended``, ``contact.reason_missing``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    text = reason.strip()[:TEXT_LONGEST]
    if not text:
        raise ContactFault("contact.reason_missing")
    if finding.kind != FindingKind.TRANSFERRED:
        _end(finding, reason=text, at=at, acting_user=acting_user)
        return None
    if FindingEnd.objects.filter(finding=finding).exists():
        raise ContactFault("contact.finding_ended")
    return approvals.request(
        kind=END_KIND,
        book=finding.book,
        target_type="loan",
        target_id=finding.loan_id,
        payload={"finding": finding.pk, "kind": finding.kind, "loans": [finding.loan_id]},
        reason=text,
        acting_user=acting_user,
    )


def exhausted(*, loan_ids: Iterable[int], at: datetime) -> frozenset[int]:
    """Name the loans whose debtor was found to have nothing to enforce into."""
    found = held(at=at).filter(loan__in=list(loan_ids), kind=FindingKind.EXHAUSTED)
    return frozenset(found.values_list("loan_id", flat=True))


def parts(*, loan_ids: Iterable[int]) -> QuerySet[Finding]:
    """Query who answers for loans that somebody else took: the spouse, the heir."""
    found = held(at=timezone.now()).filter(
        loan__in=list(loan_ids), kind__in=(FindingKind.JOINT_DEBT, FindingKind.INHERITANCE)
    )
    return found.select_related("party").order_by("loan__start_on", "loan_id", "pk")


def of_person(*, party: Party, loans: Iterable[Loan], at: datetime) -> QuerySet[Finding]:
    """Query what holds of a person's loans, and of her part in the loans of others."""
    hers = Q(loan__in=list(loans)) | Q(party__in=parties.family_ids(party=party))
    found = held(at=at).filter(hers).select_related("loan", "party", "acting_user", "approval")
    return found.order_by("-from_on", "-pk")


def waiting(*, book: Book, party: Party, loans: Iterable[Loan]) -> list[Approval]:
    """List what was asked for about a person or her loans and is not decided."""
    ids = {loan.pk for loan in loans}
    family = set(parties.family_ids(party=party))
    asked = Approval.objects.filter(
        book=book, kind__in=(NOTE_KIND, END_KIND), state=State.PENDING
    ).select_related("made_by")
    return [
        each
        for each in asked.order_by("pk")
        if each.payload.get("party") in family or ids.intersection(each.payload["loans"])
    ]


def held(*, at: datetime) -> QuerySet[Finding]:
    """Query what was not taken back at an instant."""
    return Finding.objects.filter(Q(ended__isnull=True) | Q(ended__at__gt=at))


@transaction.atomic
def of_notice(*, permit: Permit, at: datetime, acting_user: User) -> None:
    """Note what a delivered notice shows; of another text, nothing."""
    says = codec.from_text(codec.Decided, permit.kept).request.says
    kind = NOTICES.get(says.template_key)
    if kind is None:
        return
    family = parties.family_ids(party=permit.party)
    owed = Loan.objects.filter(book=permit.book, person__in=family)
    fact = Established(
        kind=kind,
        loans=tuple(loan for loan in owed if keys.debt_key(loan_id=loan.pk) in permit.debt_keys),
        party=permit.recipient_party,
        from_on=at.astimezone(ZoneInfo(permit.time_zone)).date(),
        evidence=f"permit:{permit.pk}",
    )
    _write(permit.book, fact, acting_user=acting_user, permit=permit)


def _check(book: Book, fact: Established) -> None:
    if not fact.evidence.strip() or len(fact.evidence) > TEXT_LONGEST:
        raise ContactFault("contact.evidence_missing")
    if not fact.loans or any(loan.book_id != book.pk for loan in fact.loans):
        raise ContactFault("contact.finding_loans")
    if fact.from_on > timezone.localdate():
        raise ContactFault("contact.finding_day")
    is_herself = fact.party is not None and any(
        loan.person_id in parties.family_ids(party=fact.party) for loan in fact.loans
    )
    is_about_other = fact.kind in {FindingKind.JOINT_DEBT, FindingKind.INHERITANCE}
    if (fact.party is None) is not (fact.kind in OF_DEBT) or (is_about_other and is_herself):
        raise ContactFault("contact.finding_whom")
    named = fact.named.strip()
    if bool(named) is not (fact.kind in WITH_NAME) or len(named) > NAME_LONGEST:
        raise ContactFault("contact.finding_named")
    has_amount = fact.amount_minor is not None and fact.amount_minor >= 0
    if has_amount is not (fact.kind is FindingKind.INHERITANCE):
        raise ContactFault("contact.finding_amount")


@transaction.atomic
def _write(
    book: Book,
    fact: Established,
    *,
    acting_user: User,
    approval: Approval | None = None,
    permit: Permit | None = None,
) -> None:
    persons = _lock(fact.loans)
    made = Finding.objects.bulk_create(
        Finding(
            book=book,
            kind=fact.kind.value,
            loan=loan,
            party=fact.party,
            from_on=fact.from_on,
            named=fact.named.strip(),
            amount_minor=fact.amount_minor,
            evidence=fact.evidence.strip(),
            approval=approval,
            permit=permit,
            acting_user=acting_user,
        )
        for loan in fact.loans
    )
    for each in made:
        _audit("finding.note", each, acting_user)
    if fact.kind is FindingKind.TRANSFERRED:
        _hold_back(fact.loans, persons, acting_user)


@transaction.atomic
def _end(
    finding: Finding,
    *,
    reason: str,
    at: datetime,
    acting_user: User,
    approval: Approval | None = None,
) -> None:
    persons = _lock([finding.loan])
    if FindingEnd.objects.filter(finding=finding).exists():
        raise ContactFault("contact.finding_ended")
    FindingEnd.objects.create(
        finding=finding,
        at=at,
        reason=reason,
        approval=approval,
        acting_user=acting_user,
    )
    _audit("finding.end", finding, acting_user)
    _hold_back([finding.loan], persons, acting_user)


def _lock(loans: Iterable[Loan]) -> list[int]:
    """Lock the counter rows of who owes: no permit is decided on what is being changed."""
    owing = sorted({loan.person_id for loan in loans if loan.person_id is not None})
    return [subjects.lock(party_id=each, recipient_party_id=each).subject_id for each in owing]


def _hold_back(loans: Iterable[Loan], persons: Sequence[int], acting_user: User) -> None:
    """Take back what waits about loans: it was permitted on what holds no longer."""
    rows = Outbox.objects.select_for_update(of=("self",)).filter(
        subject__in=persons,
        state=OutboxState.WAITING,
        permit__debt_keys__overlap=[keys.debt_key(loan_id=loan.pk) for loan in loans],
    )
    rows = rows.exclude(permit__purpose__in=UNSTOPPED).order_by("pk")
    withdrawing.withdraw(
        rows=list(rows), reason="finding", at=timezone.now(), acting_user=acting_user
    )


def _fact_of(approval: Approval) -> Established:
    payload = approval.payload
    loans = Loan.objects.filter(pk__in=payload["loans"]).select_related("person").order_by("pk")
    party_id = payload["party"]
    return Established(
        kind=FindingKind(payload["kind"]),
        loans=tuple(loans),
        party=Party.objects.get(pk=party_id) if party_id else None,
        from_on=date.fromisoformat(payload["from_on"]),
        named=payload["named"],
        amount_minor=payload["amount_minor"],
        evidence=approval.reason,
    )


def _carry_out_note(approval: Approval, acting_user: User) -> None:
    """Note what was asked for, as entered by who asked."""
    del acting_user  # The approval names who decided.
    assert approval.book is not None
    _write(approval.book, _fact_of(approval), acting_user=approval.made_by, approval=approval)


def _carry_out_end(approval: Approval, acting_user: User) -> None:
    del acting_user  # As above.
    finding = Finding.objects.select_related("loan__person").get(pk=approval.payload["finding"])
    _end(
        finding,
        reason=approval.reason,
        at=timezone.now(),
        acting_user=approval.made_by,
        approval=approval,
    )


def _describe(approval: Approval) -> registry.Description:
    """Show whoever decides what is said to be established, of whom and which loans."""
    payload = approval.payload
    loans = Loan.objects.filter(pk__in=payload["loans"]).order_by("loan_ref")
    facts = [(_("Loans"), ", ".join(loan.loan_ref for loan in loans))]
    if payload.get("party"):
        facts.append((_("Person"), Party.objects.get(pk=payload["party"]).reference))
    if payload.get("from_on"):
        facts.append((_("Since"), payload["from_on"]))
    if payload.get("named"):
        facts.append((_("Name"), payload["named"]))
    if payload.get("amount_minor") is not None:
        facts.append((_("Amount (minor units)"), str(payload["amount_minor"])))
    facts.append((_("Evidence"), approval.reason))
    title = str(FindingKind(payload["kind"]).label)
    if approval.kind == END_KIND:
        title = _("Taken back: %(what)s") % {"what": title}
    return registry.Description(title=title, facts=tuple(facts))


def _audit(action: str, row: Finding, acting_user: User) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="finding",
        target_id=row.pk,
        details={"kind": row.kind, "loan": row.loan_id, "party": row.party_id},
    )
