"""What was established of a person's debts, or of her part in others', as her page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from daihou.web.approvals.models import Approval
from daihou.web.board.sight import Sight, user_of
from daihou.web.contacts import findings
from daihou.web.contacts.findings import Established
from daihou.web.contacts.models import OF_DEBT, Finding, FindingKind
from daihou.web.desk.reading import sent_by
from daihou.web.loans.models import Loan
from daihou.web.parties import queries, sighting
from daihou.web.parties.models import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    row: Finding
    whom: str  # Who was told, the spouse, the heir; empty where it is of the debt alone.


def context_of(
    *, sight: Sight, party: Party, loans: Sequence[Loan], at: datetime
) -> dict[str, Any]:
    """Give what holds, what somebody else has yet to decide, and what can be noted."""
    held = findings.of_person(party=party, loans=loans, at=at)
    rows = list(held.filter(loan__in=sight.loans()))
    names = sighting.names([row.party for row in rows])
    return {
        "findings": [Shown(row=row, whom=names.get(row.party_id or 0, "")) for row in rows],
        "findings_waiting": findings.waiting(book=sight.book, party=party, loans=loans),
        "finding_kinds": FindingKind.choices,
        "own_loans": loans,
    }


def note(request: HttpRequest, sight: Sight, party: Party) -> object:
    """Note a fact of one of her loans, or of all of them in this book.

    :raises DaihouError: ``form.choice_wrong``, ``form.day_wrong``, ``form.amount_wrong``;
        ``party.not_found``, ``party.several``; as ``findings.note``.
    """
    sent = sent_by(request, sight)
    kind = sent.choice("matter", FindingKind)
    whom = sent.text("whom")
    about = sighting.find_party(user_of(request), sight, whom) if whom else party
    loans = sight.loans().filter(person__in=queries.family_ids(party=party))
    if ref := sent.text("loan"):
        loans = loans.filter(loan_ref=ref)
    asked = findings.note(
        book=sight.book,
        fact=Established(
            kind=kind,
            loans=tuple(loans.order_by("pk")),
            party=None if kind in OF_DEBT else about,
            from_on=sent.day("since"),
            named=sent.text("named"),
            amount_minor=sent.amount_or_none("amount"),
            evidence=sent.text("evidence"),
        ),
        acting_user=user_of(request),
    )
    return _say(request, asked)


def take_back(request: HttpRequest, sight: Sight, party: Party) -> object:
    """Note that a fact holds no longer."""
    sent = sent_by(request, sight)
    loans = sight.loans().filter(person__in=queries.family_ids(party=party))
    hers = findings.of_person(party=party, loans=loans, at=timezone.now())
    found = hers.filter(loan__in=sight.loans(), pk=sent.number("finding")).first()
    if found is None:
        raise Http404
    asked = findings.take_back(
        finding=found,
        reason=sent.text("reason"),
        at=timezone.now(),
        acting_user=user_of(request),
    )
    return _say(request, asked)


def _say(request: HttpRequest, asked: Approval | None) -> Approval | None:
    if asked is not None:
        messages.info(request, _("It counts once a second person has approved it."))
    return asked
