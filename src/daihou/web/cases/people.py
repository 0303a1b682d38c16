"""Who may be asked for in a case besides her: who answers for a loan, who was named as a contact.

Whether she may be reached is the guard's: by her part, the clock of her guarantee, what is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q

from daihou.collect.requests import Recipient
from daihou.web.cases.models import Case
from daihou.web.contacts import findings
from daihou.web.contacts.models import Finding, FindingKind
from daihou.web.loans.models import Loan
from daihou.web.parties import queries, reach
from daihou.web.parties.models import Field, LoanRole, Party, PointKind, Role
from daihou.web.parties.reach import Known

PARTS: Final[Mapping[str, Recipient]] = {
    Role.CO_BORROWER: Recipient.CO_BORROWER,
    Role.GUARANTOR: Recipient.GUARANTOR,
    Role.CONTACT: Recipient.CONTACT_PERSON,
    FindingKind.JOINT_DEBT: Recipient.SPOUSE,
    FindingKind.INHERITANCE: Recipient.HEIR,
}
TEXTS = {  # How the key of a text begins that speaks of somebody else's debt.
    Recipient.GUARANTOR: "guarantor-",
    Recipient.HEIR: "heir-",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One person in her part; ``loans`` are those of the case in which she has it."""

    party: Party
    recipient: Recipient
    loans: tuple[Loan, ...]

    @property
    def key(self) -> str:
        return f"{self.recipient.value}-{self.party.pk}"

    @property
    def is_debtor(self) -> bool:
        return self.recipient is Recipient.DEBTOR

    @property
    def name(self) -> str:
        """Her name, masked; without one, her reference."""
        names = queries.masked_data(party=self.party).get(Field.NAME, ())
        return names[0] if names else self.party.reference

    def points(self, *, kind: PointKind, on: date) -> list[Known]:
        found = reach.points(party=self.party, on=on)
        return [each for each in found if each.point.kind == kind]


def asked(*, case: Case, loans: Sequence[Loan], on: date) -> list[Asked]:
    """List who may be asked for: the person of the case first."""
    debtor = Asked(party=case.party, recipient=Recipient.DEBTOR, loans=tuple(loans))
    return [debtor, *others(loans=loans, on=on)]


def others(*, loans: Sequence[Loan], on: date) -> list[Asked]:
    """List who has a part in loans on a day, each person once for each part."""
    by_id = {loan.pk: loan for loan in loans}
    roles = (
        LoanRole.objects.filter(loan__in=by_id, started_on__lte=on)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))
        .select_related("party")
        .order_by("loan__start_on", "loan_id", "pk")
    )
    held: list[tuple[str, LoanRole | Finding]] = [(role.role, role) for role in roles]
    held += [(row.kind, row) for row in findings.parts(loan_ids=by_id)]
    found: dict[tuple[Party, Recipient], dict[int, Loan]] = {}
    for kind, part in held:
        assert part.party is not None
        hers = found.setdefault((part.party, PARTS[kind]), {})
        hers[part.loan_id] = by_id[part.loan_id]
    order = list(PARTS.values())
    people = [
        Asked(party=party, recipient=recipient, loans=tuple(hers.values()))
        for (party, recipient), hers in found.items()
    ]
    return sorted(people, key=lambda each: order.index(each.recipient))


def named(*, people: Sequence[Asked], key: str) -> Asked | None:
    """Find who is named by her key: her part in the case and her number."""
    return next((each for each in people if each.key == key), None)


def fitting(recipient: Recipient) -> Q:
    """Choose the template versions that may be written to somebody in a part.

    Texts for guarantors and heirs speak of a debt that is somebody else's; nobody else gets them.
    """
    texts = {each: Q(template__key__startswith=begins) for each, begins in TEXTS.items()}
    return texts.get(recipient, ~Q(*texts.values(), _connector=Q.OR))
