"""Goal: a change of a loan is previewed, asked for, decided on, recorded once, and taken back."""

from datetime import timedelta
from decimal import Decimal

from daihou.core.terms import Component
from daihou.web.ledger.models import Event
from daihou.web.servicing import operations
from daihou.web.servicing.actions import Action
from tests.web.servicing_book import *  # noqa: F403
from tests.web.servicing_book import (
    TODAY,
    approve,
    ask,
    position_of,
    preview,
    sequence_of,
)


def test_an_extension_goes_from_preview_to_event_and_back(book, make_user):
    before = position_of(book)
    through = before.instalments[-1].due_on + timedelta(days=61)
    shown = preview(book, Action.EXTEND, through_on=through)
    assert shown.may_be_asked, shown.refusals
    assert shown.after.last_due_on == through > shown.before.last_due_on

    outcome = ask(book, make_user("collector"), Action.EXTEND, through_on=through)
    assert (outcome.state, outcome.event_keys) == ("pending", ())
    assert position_of(book) == before

    settled = approve(outcome, make_user("manager"))
    assert settled.state == "carried_out"
    done = operations.outcome_of(settled)
    assert done.event_keys == (f"servicing:{settled.pk}:1",)
    assert position_of(book).instalments[-1].due_on == through

    undone = operations.undo(
        book=book,
        loan_ref="A",
        key=done.event_keys[0],
        reason_code="our_error",
        reason="the wrong loan",
        seen_sequence=sequence_of(book),
        acting_user=make_user("collector", username="second"),
    )
    approve(undone, make_user("manager", username="third"))
    assert position_of(book).instalments == before.instalments


def test_a_small_waiver_needs_nobody_else(book, make_user):
    owed = position_of(book).overdue_minor[Component.PENALTY]
    assert 0 < owed < 10_000
    outcome = ask(
        book, make_user("collector"), Action.WAIVE, components=(Component.PENALTY,), percent=Decimal(100)
    )
    assert outcome.state == "carried_out"
    assert position_of(book).overdue_minor[Component.PENALTY] == 0
    waived = Event.objects.filter(key__in=outcome.event_keys)
    assert sum(event.amount_minor for event in waived) == owed
    assert {event.effective_on for event in waived} == {TODAY}
