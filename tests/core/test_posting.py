"""Goal: entries balance and are the position. Method: random histories, and loans by hand."""

import pytest
from hypothesis import given, strategies as st

from daihou.core import posting
from daihou.core._fold import Fold, sort_key
from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import Kind, without_taken_back
from daihou.core.position import position
from daihou.core.terms import Component, Method, PenaltyTerms, RatePer, Surplus
from tests.core.loans import contract, disbursed, event, histories, on, paid, rate

DAYS = st.integers(0, 330)
VIEWS = ("lender", "platform", "guarantor")


def sums(posted, *names):
    found = {}
    for entry in posted:
        place = tuple(getattr(entry, name) for name in names)
        found[place] = found.get(place, 0) + entry.amount_minor
    return found


def not_earned(history, day):
    """Capital that is still to be earned: the pay-off leaves it out, the books hold it."""
    contract, events = history
    fold = Fold(contract)
    told = without_taken_back(e for e in events if e.effective_on <= day)
    fold.run(sorted(told, key=sort_key), day)
    return fold.capital_not_earned(day.toordinal())


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
        figures = posting.sub_ledger(contract=contract, events=events, as_of=day)
        assert held == {name: figures[name] for name in held}
        got = position(contract=contract, events=events, as_of=day)
        assert figures["principal"] == got.principal_outstanding_minor
        assert figures["unapplied"] == got.unapplied_minor
        assert figures["claim"] == got.claim_minor


def assert_pays_off(history, offset):
    """Hold the sum of what may be asked for to the pay-off (charged penalties fall due later)."""
    contract, events = history
    figures = posting.sub_ledger(contract=contract, events=events, as_of=on(offset))
    asked = sum(figures[component.value] for component in Component) - figures["unapplied"]
    got = position(contract=contract, events=events, as_of=on(offset))
    assert got.payoff_minor == max(0, asked - not_earned(history, on(offset)))


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
        asked = {"contract": contract, "events": events, "as_of": on(offset)}
        at_once = posting.movements_and_figures(**asked, after=on(day))
        assert at_once == (late, posting.sub_ledger(**asked))


@given(history=histories(), offset=DAYS)
def test_what_moved_after_a_day_is_the_end_of_all_that_moved(history, offset):
    contract, events = history
    reversal = event(Kind.PAYMENT_REVERSED, offset, sequence=100, target_key="wrong")
    events = [*events, paid(offset, 33_333, sequence=99, key="wrong"), reversal]
    asked = {"contract": contract, "events": events, "as_of": on(offset + 20)}
    whole, figures = posting.movements_and_figures(**asked)
    for day in (offset, offset + 7):
        late = tuple(movement for movement in whole if movement.on > on(day))
        assert posting.movements_and_figures(**asked, after=on(day)) == (late, figures)


CHANGES = {
    "extended": (Kind.EXTENDED, 0, Change(through_on=on(500))),
    "deferred": (
        Kind.DEFERRED,
        0,
        Change(instalment_count=2, interest=InterestTreatment.GOES_ON),
    ),
    "deferred, waived": (
        Kind.DEFERRED,
        0,
        Change(instalment_count=2, interest=InterestTreatment.WAIVED),
    ),
    "deferred, capitalized": (
        Kind.DEFERRED,
        0,
        Change(instalment_count=2, interest=InterestTreatment.CAPITALIZED),
    ),
    "re-aged, capitalized": (
        Kind.RE_AGED,
        0,
        Change(first_due_on=on(150), instalment_count=10, interest=InterestTreatment.CAPITALIZED),
    ),
    "re-aged, spread": (
        Kind.RE_AGED,
        0,
        Change(first_due_on=on(150), instalment_count=10, interest=InterestTreatment.SPREAD),
    ),
    "re-amortized": (Kind.RE_AMORTIZED, 0, Change(interest=InterestTreatment.CAPITALIZED)),
    "re-amortized, spread": (Kind.RE_AMORTIZED, 0, Change(interest=InterestTreatment.SPREAD)),
    "due dates moved": (Kind.DUE_DATES_MOVED, 0, Change(first_due_on=on(140))),
    "rate changed": (Kind.RATE_CHANGED, 0, Change(rate=rate("0.06"))),
    "term changed": (Kind.TERM_CHANGED, 0, Change(instalment_count=20)),
    "overdue planned": (
        Kind.OVERDUE_PLANNED,
        0,
        Change(first_due_on=on(140), instalment_count=4),
    ),
    "card instalments": (
        Kind.CARD_INSTALMENTS,
        0,
        Change(first_due_on=on(140), instalment_count=40, rate=rate("0.05")),
    ),
    "accelerated": (Kind.ACCELERATED, 0, None),
    "interest paused": (Kind.INTEREST_PAUSED, 0, Change(through_on=on(180))),
    "prepaid": (Kind.PREPAID, 40_000, Change(surplus=Surplus.SHORTEN)),
    "prepaid, lower": (Kind.PREPAID, 40_000, Change(surplus=Surplus.LOWER)),
    "charged back": (Kind.CHARGED_BACK, 5_000, None),
    "refunded": (Kind.REFUNDED, 5_000, None),
    "sold": (Kind.OWNER_CHANGED, 0, Change(counterparty="amc", price_minor=60_000)),
    "compensated": (Kind.COMPENSATED, 25_000, Change(counterparty="guarantor")),
    "written off": (Kind.WRITTEN_OFF, 0, None),
    "closed": (Kind.CLOSED, 0, None),
}


def changed(name, *later):
    """A loan in arrears that pays, is changed on day 125, and what came later."""
    kind, amount_minor, change = CHANGES[name]
    agreed = contract(
        method=Method.EQUAL_INSTALMENT,
        instalment_count=12,
        penalty=PenaltyTerms(rate=rate("0.0005", RatePer.DAY)),
    )
    target = {"target_key": "p3"} if kind in {Kind.CHARGED_BACK, Kind.REFUNDED} else {}
    return agreed, [
        disbursed(key="d"),
        paid(31, 10_662, sequence=1, key="p1"),
        paid(62, 8_000, sequence=2, key="p2"),
        paid(100, 30_000, sequence=3, key="p3"),
        event(kind, 125, amount_minor, sequence=9, key="x", change=change, **target),
        *later,
    ]


@pytest.mark.parametrize("name", CHANGES)
def test_the_accounts_are_the_position_through_every_change(name):
    was_paid = CHANGES[name][0] in {Kind.PREPAID, Kind.COMPENSATED}
    taken_back = event(
        Kind.PAYMENT_REVERSED if was_paid else Kind.UNDONE,
        150,
        sequence=20,
        key="u",
        target_key="x",
    )
    for later in ([], [paid(160, 9_000, sequence=12, key="p9")], [taken_back]):
        history = changed(name, *later)
        for view in VIEWS:
            assert_is_position(history, 420, view)
        for day in (124, 125, 126, 149, 150, 151, 200, 300, 420):
            assert_pays_off(history, day)


def booked(history, cause, view="lender"):
    contract, events = history
    rules = posting.rules_of(view)
    entries = posting.entries(contract=contract, events=events, as_of=on(420), rules=rules)
    return posting.balances(entry for entry in entries if entry.cause == cause)


def test_a_sale_clears_the_books_and_shows_its_result():
    history = changed("sold")
    sold = booked(history, "owner_change")
    before = posting.sub_ledger(contract=history[0], events=history[1], as_of=on(125))
    value = sum(before[component.value] for component in Component)
    assert sold["cash"] == 60_000
    assert sold["sale_result"] == value - 60_000
    assert sold["principal_receivable"] == -before["principal"] == -sold["sold_principal"]
    assert "sale_clearing" not in sold


def test_a_write_off_uses_the_provision_and_keeps_the_claim_beside_the_balance_sheet():
    late = event(Kind.RECOVERED, 200, 9_000, sequence=30, key="r")
    history = changed("written off", late)
    off = booked(history, "charge_off")
    assert off["charge_off"] == -sum(n for r, n in off.items() if r.endswith("_receivable")) > 0
    assert off["charged_off_principal"] == -off["principal_receivable"]
    assert booked(history, "recovery")["recovery"] == -9_000
    assert booked(history, "recovery")["charged_off_contra"] == 9_000


def test_a_compensation_is_the_lenders_payment_and_the_guarantors_claim():
    back = event(Kind.CLAIM_RECOVERED, 200, 4_000, sequence=30, key="r")
    history = changed("compensated", back)
    assert booked(history, "compensation")["cash"] == 25_000
    ours = booked(history, "compensation", "guarantor")
    assert ours == {"compensation_advance": 25_000, "cash": -25_000}  # Nothing is due yet.
    spent = booked(history, "suspense", "guarantor")
    assert 4_000 < spent["claim"] == -spent["compensation_advance"] <= 25_000
    assert booked(history, "claim_recovery", "guarantor") == {"claim": -4_000, "cash": 4_000}


def test_an_undone_write_off_leaves_nothing_of_it():
    undone = event(Kind.UNDONE, 126, sequence=20, key="u", target_key="x")
    history = changed("written off", undone)
    entries = posting.entries(contract=history[0], events=history[1], as_of=on(126))
    assert not any(role.startswith("charge") for role in posting.balances(entries))
    assert {entry.cause for entry in entries if entry.event_key == "u"} == {"undo"}


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
