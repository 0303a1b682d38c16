"""Who may be asked for in a case besides her: who answers for a loan, who was named as a contact.

Whether she may be reached is the guard's: by her part, the clock of her guarantee, what is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from daihou.collect.requests import Recipient
from daihou.web.cases.models import Case
from daihou.web.desk.cases import words
from daihou.web.loans.models import Loan
from daihou.web.parties import queries, reach
from daihou.web.parties.models import Field, LoanRole, Party, PointKind, Role
from daihou.web.parties.reach import Known

PARTS = {
    Role.CO_BORROWER: Recipient.CO_BORROWER,
    Role.GUARANTOR: Recipient.GUARANTOR,
    Role.CONTACT: Recipient.CONTACT_PERSON,
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
    def word(self) -> str:
        return str(words.RECIPIENTS[self.recipient.value])

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
    held = (
        LoanRole.objects.filter(loan__in=by_id, role__in=PARTS, started_on__lte=on)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))
        .select_related("party")
        .order_by("loan__start_on", "loan_id", "pk")
    )
    found: dict[tuple[int, Recipient], list[LoanRole]] = {}
    for role in held:
        found.setdefault((role.party_id, PARTS[Role(role.role)]), []).append(role)
    order = list(PARTS.values())
    people = [
        Asked(
            party=roles[0].party,
            recipient=recipient,
            loans=tuple(by_id[role.loan_id] for role in roles),
        )
        for (_, recipient), roles in found.items()
    ]
    return sorted(people, key=lambda each: order.index(each.recipient))
