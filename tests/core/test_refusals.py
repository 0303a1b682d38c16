"""Goal: a change without sense for its loan is refused by its code. Method: one fault at a time."""

from dataclasses import replace

import pytest

from daihou.core import changes as ch, codec, terms as t
from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import Event, EventRefused, Kind, check_event
from daihou.core.refusals import check_change
from daihou.core.terms import Component, Method, Surplus
from daihou.messages import MESSAGES
from tests.core.loans import contract, disbursed, event, free, on, paid, rate

LOAN = contract(1_200_000, instalment_count=4)  # Due on days 30, 61, 92 and 121.
OUT = disbursed(1_200_000, key="d")
LATER = Change(through_on=on(200))


def change(kind, offset, amount_minor=0, *, key="c", said=None, **more):
    return event(kind, offset, amount_minor, sequence=9, key=key, change=said, **more)


def first(offset, **more):
    return Change(first_due_on=on(offset), instalment_count=3, **more)


SPREAD = InterestTreatment.SPREAD
WHOLE = paid(20, 2_000_000, key="all")
STATED = event(Kind.STATED, 5, key="s", figures=(("overdue_minor", 0),))
CLOSED = event(Kind.CLOSED, 20, key="x", sequence=2)
CASES = [
    ([], change(Kind.ACCELERATED, 1), "change.before_disbursement"),
    ([OUT, STATED], change(Kind.EXTENDED, 10, said=LATER), "change.loan_stated"),
    ([OUT, CLOSED], change(Kind.EXTENDED, 25, said=LATER), "change.loan_settled"),
    ([OUT], change(Kind.EXTENDED, 130, said=LATER), "change.nothing_to_come"),
    ([OUT], change(Kind.RE_AMORTIZED, 10, said=Change(interest=SPREAD)), "change.nothing_overdue"),
    ([OUT], change(Kind.OVERDUE_PLANNED, 10, said=first(20)), "change.nothing_overdue"),
    (
        [OUT],
        change(Kind.RE_AGED, 40, said=first(40, interest=SPREAD)),
        "change.first_due_not_after_day",
    ),
    (
        [OUT],
        change(Kind.EXTENDED, 10, said=Change(through_on=on(121))),
        "change.not_later_than_maturity",
    ),
    (
        [OUT],
        change(Kind.INTEREST_PAUSED, 10, said=Change(through_on=on(9))),
        "change.through_on_past",
    ),
    (
        [OUT],
        change(Kind.TERM_CHANGED, 10, said=Change(instalment_count=4)),
        "change.without_effect",
    ),
    (
        [OUT],
        change(Kind.RATE_CHANGED, 10, said=Change(rate=rate("0.12"))),
        "change.without_effect",
    ),
    ([OUT], change(Kind.OWNER_CHANGED, 10, said=Change(price_minor=1)), "change.without_effect"),
    (
        [OUT],
        change(Kind.COMPENSATED, 10, 1_300_000, said=Change(counterparty="g")),
        "event.compensation_above_owed",
    ),
    ([OUT], change(Kind.CLAIM_RECOVERED, 10, 1), "event.recovery_above_claim"),
    (
        [OUT],
        change(Kind.CHARGE_WAIVED, 10, 99_999, component=Component.INTEREST, instalment_no=1),
        "event.waiver_above_owed",
    ),
    (
        [OUT],
        change(Kind.CHARGE_WAIVED, 10, 1, component=Component.INTEREST, instalment_no=9),
        "event.waiver_above_owed",
    ),
    ([OUT, WHOLE], change(Kind.UNDONE, 30, target_key="all"), "undo.impossible"),
]


@pytest.mark.parametrize(("told", "new", "code"), CASES, ids=[code for *_, code in CASES])
def test_refuses_a_change_the_loan_cannot_take(told, new, code):
    with pytest.raises(EventRefused) as refused:
        check_change(contract=LOAN, events=told, event=new)
    assert (refused.value.code, refused.value.key) == (code, "c")
    assert code in MESSAGES


def test_a_bullet_has_no_instalments_to_count_and_a_free_schedule_may_have_no_rate():
    term = change(Kind.TERM_CHANGED, 10, said=Change(instalment_count=2))
    bullet = replace(LOAN, terms=replace(LOAN.terms, method=Method.BULLET))
    with pytest.raises(EventRefused, match=r"change\.without_rhythm"):
        check_change(contract=bullet, events=[OUT], event=term)
    cheaper = change(Kind.RATE_CHANGED, 10, said=Change(rate=rate("0.06")))
    with pytest.raises(EventRefused, match=r"change\.rate_unknown"):
        check_change(contract=free((30, 1_200_000), rate=rate("0")), events=[OUT], event=cheaper)


def test_what_the_loan_can_take_passes():
    extended = change(Kind.EXTENDED, 10, said=LATER)
    check_change(contract=LOAN, events=[OUT], event=extended)
    check_change(
        contract=LOAN,
        events=[OUT, extended],
        event=change(Kind.UNDONE, 12, key="u", target_key="c"),
    )


REST_ON_IT = [
    change(Kind.EXTENDED, 12, key="later", said=Change(through_on=on(300))),
    change(Kind.WRITTEN_OFF, 12, key="later"),
    change(Kind.CHARGE_WAIVED, 12, 5, key="later", component=Component.INTEREST, instalment_no=1),
    change(Kind.PREPAID, 12, 5, key="later", said=Change(surplus=Surplus.LOWER)),
]


@pytest.mark.parametrize("later", REST_ON_IT, ids=lambda later: later.kind.value)
def test_only_the_latest_change_is_undone(later):
    extended = change(Kind.EXTENDED, 10, said=LATER)
    undo = change(Kind.UNDONE, 15, key="u", target_key="c")
    with pytest.raises(EventRefused, match=r"undo\.not_latest"):
        check_change(contract=LOAN, events=[OUT, extended, later], event=undo)
    check_change(contract=LOAN, events=[OUT, extended, paid(12, 5, key="p")], event=undo)


def test_a_change_is_not_undone_before_its_day_nor_twice():
    extended = change(Kind.EXTENDED, 10, said=LATER)
    undo = change(Kind.UNDONE, 9, key="u", target_key="c")
    with pytest.raises(EventRefused, match=r"undo\.before_target"):
        check_change(contract=LOAN, events=[OUT, extended], event=undo)
    done = replace(undo, effective_on=on(11))
    with pytest.raises(EventRefused, match=r"undo\.twice"):
        check_change(contract=LOAN, events=[OUT, extended, done], event=replace(done, key="u2"))


SENSELESS = [
    (Kind.EXTENDED, None, "change.through_on_missing"),
    (Kind.ACCELERATED, LATER, "change.not_wanted"),
    (Kind.EXTENDED, Change(through_on=on(9), price_minor=1), "change.field_not_wanted"),
    (Kind.TERM_CHANGED, Change(instalment_count=0), "change.count_not_positive"),
    (
        Kind.CARD_INSTALMENTS,
        replace(first(9, rate=rate("0")), instalment_count=61),
        "change.count_too_large",
    ),
    (Kind.RE_AGED, first(9, interest=SPREAD, every=0), "change.every_not_positive"),
    (Kind.RATE_CHANGED, Change(rate=rate("-0.1")), "change.rate_senseless"),
    (Kind.RATE_CHANGED, Change(rate=rate("NaN")), "change.rate_senseless"),
    (Kind.RE_AMORTIZED, Change(interest=InterestTreatment.GOES_ON), "change.interest_wrong"),
    (Kind.OWNER_CHANGED, Change(price_minor=-1), "change.price_negative"),
    (Kind.OWNER_CHANGED, Change(price_minor=2**63), "change.price_too_large"),
]


@pytest.mark.parametrize(("kind", "said", "code"), SENSELESS, ids=[code for *_, code in SENSELESS])
def test_refuses_a_change_that_says_nothing_of_sense(kind, said, code):
    with pytest.raises(EventRefused) as refused:
        check_event(change(kind, 1, said=said))
    assert refused.value.code == code
    assert code in MESSAGES


def test_a_prepayment_shortens_or_lowers():
    held = change(Kind.PREPAID, 1, 5, said=Change(surplus=Surplus.HOLD))
    with pytest.raises(EventRefused, match=r"change\.surplus_wrong"):
        check_event(held)


def test_the_table_names_kinds_and_fields_that_exist():
    assert set(ch.FIELDS) <= set(Kind)
    assert set(ch.TREATMENTS) <= set(ch.FIELDS)
    names = {name for wanted in ch.FIELDS.values() for name in wanted.needed | wanted.allowed}
    assert names == set(Change.__slots__)


@pytest.mark.parametrize("kind", sorted(ch.FIELDS))
def test_every_needed_field_is_missed_and_has_its_message(kind):
    for name in ch.FIELDS[kind].needed:
        assert f"change.{name}_missing" in MESSAGES
    code = ch.fault_of_change(kind, Change())
    assert code.endswith("_missing")


def test_events_with_changes_come_back_from_plain_values():
    said = Change(rate=t.Rate(value=rate("0.10").value, per=t.RatePer.YEAR))
    told = change(Kind.RATE_CHANGED, 1, said=said)
    assert codec.decode_text(Event, codec.canonical_text(told)) == told
    assert codec.decode(Change, ch.plain(said)) == said
