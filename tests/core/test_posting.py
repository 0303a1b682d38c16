"""Goal: entries balance and are the position. Method: random histories, and loans by hand."""

import pytest
from hypothesis import given, strategies as st

from daihou.core import posting
from daihou.core.events import Kind
from daihou.core.position import position
from daihou.core.terms import Component
from tests.core.loans import event, histories, on, paid

DAYS = st.integers(0, 330)
VIEWS = ("lender", "platform", "guarantor")


def sums(posted, *names):
    found = {}
    for entry in posted:
        place = tuple(getattr(entry, name) for name in names)
        found[place] = found.get(place, 0) + entry.amount_minor
    return found


def figures(got):
    """The figures of a position that accounts hold."""
    due = [row for row in got.instalments if row.due_on <= got.as_of]
    owed = {
        component.value: sum(row.components[component].outstanding_minor for row in due)
        for component in (Component.INTEREST, Component.FEE)
    }
    every = {
        component.value: sum(r.components[component].outstanding_minor for r in got.instalments)
        for component in (Component.PENALTY, Component.COMPOUND_INTEREST)
    }
    return {
        **owed,
        **every,
        "interest": owed["interest"] + got.accrued_interest_minor,
        "principal": got.principal_outstanding_minor,
        "unapplied": got.unapplied_minor,
        "claim": got.claim_minor,
    }


def assert_is_position(history, offset, view="lender"):
    """Compare on the last day, and on each day before on which something falls due or happens."""
    contract, events = history
    rules = posting.rules_of(view)
    posted = posting.entries(contract=contract, events=events, as_of=on(offset), rules=rules)
    last = position(contract=contract, events=events, as_of=on(offset))
    told = {e.effective_on for e in events} | {row.due_on for row in last.instalments}
    for day in sorted({on(offset)} | {day for day in told if day <= on(offset)}):
        balances = posting.balances(entry for entry in posted if entry.on <= day)
        held = posting.measures(balances, rules=rules)
        wanted = figures(position(contract=contract, events=events, as_of=day))
        assert held == {name: wanted[name] for name in held}


@given(history=histories(), offset=DAYS, view=st.sampled_from(VIEWS))
def test_every_event_and_day_adds_up_to_zero(history, offset, view):
    contract, events = history
    rules = posting.rules_of(view)
    posted = posting.entries(contract=contract, events=events, as_of=on(offset), rules=rules)
    assert not any(sums(posted, "on", "event_key").values())


@given(history=histories(), offset=DAYS, view=st.sampled_from(VIEWS))
def test_the_accounts_are_the_position(history, offset, view):
    assert_is_position(history, offset, view)


@given(history=histories(), offset=DAYS, back=st.integers(0, 60))
def test_the_accounts_are_the_position_after_a_reversal(history, offset, back):
    contract, events = history
    before = paid(offset - min(back, offset), 33_333, sequence=99, key="wrong")
    reversal = event(Kind.PAYMENT_REVERSED, offset, sequence=100, target_key="wrong")
    for day in (offset - 1, offset, offset + 20):
        assert_is_position((contract, [*events, before, reversal]), day)


@given(history=histories(), offset=DAYS, back=st.integers(0, 60))
def test_later_days_change_no_entry_of_earlier_ones(history, offset, back):
    contract, events = history
    before = paid(offset - min(back, offset), 33_333, sequence=99, key="wrong")
    reversal = event(Kind.PAYMENT_REVERSED, offset, sequence=100, target_key="wrong")
    events = [*events, before, reversal]
    whole = posting.movements(contract=contract, events=events, as_of=on(offset))
    for day in (offset - 30, offset - 1):
        early = posting.movements(contract=contract, events=events, as_of=on(day))
        assert early == tuple(movement for movement in whole if movement.on <= on(day))
        late = posting.movements(contract=contract, events=events, as_of=on(offset), after=on(day))
        assert late == tuple(movement for movement in whole if movement.on > on(day))


def test_every_kind_of_event_has_a_cause_and_every_movement_a_rule():
    for view in VIEWS:
        rules = posting.rules_of(view)
        assert {rules.cause_of(kind.value) for kind in Kind} <= set(rules.causes.values())


def test_a_kind_without_a_cause_is_refused():
    text = posting.resources.files("daihou.core").joinpath("posting.toml").read_text("utf-8")
    for kind in Kind:
        without = text.replace(f'\n{kind.value} = "', '\n# "')
        with pytest.raises(posting.PostingRefused, match=r"posting\.kind_without_cause") as refused:
            posting.parse_rules(without)
        assert refused.value.detail == kind.value


def test_a_movement_without_a_rule_is_refused():
    text = posting.resources.files("daihou.core").joinpath("posting.toml").read_text("utf-8")
    with pytest.raises(posting.PostingRefused, match=r"posting\.rule_missing"):
        posting.parse_rules(text.replace('{ move = ["held"]', '{ move = ["price"]'))
    with pytest.raises(posting.PostingRefused, match=r"posting\.account_unknown: suspense"):
        posting.parse_rules(text.replace('{ role = "suspense"', '{ role = "elsewhere"'))
