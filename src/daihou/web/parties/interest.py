"""Stop interest where the law says that a state of a person does, by requests to servicing.

Source  The rows ``state.interest.<state>.<person|company>`` of ``web.parameters``, each with its
        source and confidence; a request names its rule, and is decided as any other.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parameters.models import Parameter
from daihou.web.parameters.queries import find_parameter, profile_on
from daihou.web.parties import queries
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.models import Party, PersonState
from daihou.web.servicing import operations as servicing, queries as loans
from daihou.web.servicing.actions import Action, Asked
from daihou.web.servicing.models import ReasonCode

NO_END: Final = date(2999, 12, 31)
ACTIONS: Final = {"interest": Action.PAUSE_INTEREST, "penalty": Action.STOP_PENALTY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What the law stops for a state in one book, and through which day."""

    rule: Parameter
    actions: tuple[Action, ...]
    from_on: date
    through_on: date


def stop_of(*, state: PersonState, book: Book, on: date) -> Stop | None:
    """Tell what a state stops under the law of a book; none where no rule is in force."""
    party: Party = state.party
    rule = find_parameter(
        name=f"state.interest.{state.kind}.{party.kind}",
        jurisdiction=profile_on(book=book, on=on).jurisdiction,
        on=on,
    )
    if rule is None:
        return None
    days = rule.value.get("days")
    return Stop(
        rule=rule,
        actions=tuple(ACTIONS[name] for name in rule.value["stops"]),
        from_on=state.started_on,
        through_on=state.started_on + timedelta(days=int(days) - 1) if days else NO_END,
    )


def ask(*, state: PersonState, loan: Loan, action: Action, acting_user: User) -> servicing.Outcome:
    """Ask servicing to stop interest or penalty on one of the person's loans, from the law's day.

    :raises PartyRefused: ``party.interest_goes_on`` where no rule stops it, or the state is not
        proved, or has ended; :raises ServicingRefused, ApprovalRefused: as ``servicing.request``.
    """
    book = loan.book
    found = stop_of(state=state, book=book, on=state.started_on)
    is_hers = loan.person_id in queries.family_ids(party=state.party)
    is_proved = state.proved_at is not None and state.ended_on is None
    if found is None or action not in found.actions or not is_hers or not is_proved:
        raise PartyRefused("party.interest_goes_on")
    asked = Asked(
        effective_on=found.from_on,
        through_on=found.through_on if action is Action.PAUSE_INTEREST else None,
    )
    return servicing.request(
        book=book,
        loan_ref=loan.loan_ref,
        action=action,
        asked=asked,
        reason_code=ReasonCode.OTHER,
        reason=f"{found.rule.rule_id}: {state.get_kind_display()} {timezone.localdate()}",
        seen_sequence=loans.last_sequence(loan_id=loan.pk),
        acting_user=acting_user,
    )
