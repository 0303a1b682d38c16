"""Goal: senseless terms are refused by a stable code before anything is computed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from daihou.core.terms import (
    MOST_INSTALMENTS,
    MOST_MINOR,
    PRINCIPAL_FIRST_ORDER,
    STATUTORY_ORDER,
    AllocationRule,
    AllocationTerms,
    Calendar,
    Component,
    FreeDue,
    HolidayShift,
    Method,
    PenaltyTerms,
    Rate,
    RatePer,
    Step,
    Terms,
    TermsRefused,
    Timing,
    check_terms,
    rule_in_order,
)
from daihou.errors import MESSAGES

START = date(2024, 1, 31)


def yearly(value):
    return Rate(value=Decimal(value), per=RatePer.YEAR)


PLAIN = Terms(method=Method.EQUAL_INSTALMENT, rate=yearly("0.12"), instalment_count=12)
FREE = Terms(
    method=Method.FREE,
    rate=yearly(0),
    free_dues=(
        FreeDue(due_on=date(2024, 2, 29), principal_minor=600, interest_minor=5),
        FreeDue(due_on=date(2024, 3, 31), principal_minor=400),
    ),
)
NORMAL = rule_in_order(STATUTORY_ORDER)


def free_with(*dues):
    return replace(FREE, free_dues=tuple(dues))


def plain_with(**changes):
    return replace(PLAIN, **changes)


def allocated(rule, **late):
    return plain_with(allocation=AllocationTerms(normal=rule, **late))


def without(component, timing):
    step = Step(timing=timing, component=component)
    return AllocationRule(steps=tuple(s for s in NORMAL.steps if s != step))


ACCEPTED = [
    PLAIN,
    FREE,
    plain_with(rate=yearly(0)),
    plain_with(principal_grace_count=11, interest_grace_count=11),
    plain_with(method=Method.BALLOON, balloon_minor=1000),
    plain_with(instalment_count=MOST_INSTALMENTS),
    plain_with(first_due_on=date(2024, 2, 1)),
    plain_with(down_payment_rate=Decimal("0.999")),
    plain_with(penalty=PenaltyTerms(multiple=Decimal("1.5"), stop_after_days=1)),
    plain_with(penalty=PenaltyTerms(compound_rate=yearly("0.1"))),
    plain_with(rate=yearly("0.1234567890")),
    allocated(NORMAL, late=rule_in_order(PRINCIPAL_FIRST_ORDER), late_from_days=1),
    # No compound interest is agreed, so no step needs to pay it; nothing need be paid in advance.
    allocated(without(Component.COMPOUND_INTEREST, Timing.PAST_DUE)),
    allocated(AllocationRule(steps=NORMAL.steps[:10])),
    free_with(FreeDue(due_on=START, principal_minor=1000)),
    plain_with(instalment_fee_minor=MOST_MINOR),
]


@pytest.mark.parametrize("terms", ACCEPTED)
def test_accepts_the_last_value_that_makes_sense(terms):
    check_terms(terms=terms, principal_minor=1000, start_on=START)


REFUSED = [
    ("terms.count_not_positive", plain_with(instalment_count=0)),
    ("terms.count_not_positive", plain_with(instalment_count=-1)),
    ("terms.count_too_large", plain_with(instalment_count=MOST_INSTALMENTS + 1)),
    ("terms.every_not_positive", plain_with(every=0)),
    ("terms.multiple_not_positive", plain_with(multiple_minor=0)),
    ("terms.balloon_negative", plain_with(method=Method.BALLOON, balloon_minor=-1)),
    ("terms.balloon_without_method", plain_with(balloon_minor=1)),
    ("terms.balloon_without_method", plain_with(method=Method.BALLOON)),
    ("terms.balloon_beyond_principal", plain_with(method=Method.BALLOON, balloon_minor=1001)),
    ("terms.fee_negative", plain_with(instalment_fee_minor=-1)),
    ("terms.fee_too_large", plain_with(instalment_fee_minor=MOST_MINOR + 1)),
    ("terms.grace_days_negative", plain_with(grace_days=-1)),
    ("terms.tolerance_negative", plain_with(tolerance_minor=-1)),
    ("terms.grace_negative", plain_with(principal_grace_count=-1)),
    ("terms.grace_negative", plain_with(interest_grace_count=-1)),
    ("terms.grace_not_below_count", plain_with(principal_grace_count=12)),
    ("terms.grace_not_below_count", plain_with(interest_grace_count=12)),
    ("terms.grace_not_below_count", plain_with(method=Method.BULLET, principal_grace_count=1)),
    ("terms.grace_not_below_count", replace(FREE, interest_grace_count=1)),
    ("terms.shift_without_calendar", plain_with(holiday_shift=HolidayShift.FOLLOWING)),
    ("terms.rate_not_finite", plain_with(rate=yearly("NaN"))),
    ("terms.rate_not_finite", plain_with(rate=yearly("Infinity"))),
    ("terms.rate_negative", plain_with(rate=yearly("-0.01"))),
    ("terms.rate_negative", plain_with(penalty=PenaltyTerms(rate=yearly("-0.01")))),
    ("terms.rate_negative", plain_with(penalty=PenaltyTerms(multiple=Decimal(-1)))),
    ("terms.rate_negative", plain_with(penalty=PenaltyTerms(compound_rate=yearly(-1)))),
    ("terms.rate_too_wide", plain_with(rate=yearly("1E+400"))),
    ("terms.rate_too_wide", plain_with(rate=yearly("1E-400"))),
    ("terms.rate_too_wide", plain_with(rate=yearly("0.33333333333333333333"))),
    ("terms.down_payment_not_a_share", plain_with(down_payment_rate=Decimal(0))),
    ("terms.down_payment_not_a_share", plain_with(down_payment_rate=Decimal(1))),
    ("terms.down_payment_not_a_share", replace(FREE, down_payment_rate=Decimal("0.2"))),
    ("terms.free_dues_unexpected", plain_with(free_dues=FREE.free_dues)),
    ("terms.free_dues_missing", free_with()),
    ("terms.free_due_negative", free_with(FreeDue(due_on=START, principal_minor=-1))),
    (
        "terms.free_due_negative",
        free_with(FreeDue(due_on=START, principal_minor=1000, interest_minor=-1)),
    ),
    (
        "terms.free_due_negative",
        free_with(FreeDue(due_on=START, principal_minor=1000, fee_minor=-1)),
    ),
    (
        "terms.free_due_too_large",
        free_with(
            FreeDue(due_on=START, principal_minor=1000, interest_minor=MOST_MINOR, fee_minor=1)
        ),
    ),
    ("terms.free_dues_not_increasing", free_with(*reversed(FREE.free_dues))),
    ("terms.free_dues_not_increasing", free_with(FREE.free_dues[0], FREE.free_dues[0])),
    ("terms.free_dues_not_principal", free_with(FreeDue(due_on=START, principal_minor=999))),
    (
        "terms.due_before_start",
        free_with(FreeDue(due_on=date(2024, 1, 30), principal_minor=1000)),
    ),
    ("terms.due_before_start", plain_with(first_due_on=START)),
    ("terms.late_rule_incomplete", allocated(NORMAL, late=NORMAL)),
    ("terms.late_rule_incomplete", allocated(NORMAL, late_from_days=91)),
    ("terms.late_from_days_not_positive", allocated(NORMAL, late=NORMAL, late_from_days=0)),
    ("terms.allocation_repeats", allocated(AllocationRule(steps=NORMAL.steps * 2))),
    ("terms.allocation_incomplete", allocated(without(Component.PRINCIPAL, Timing.PAST_DUE))),
    ("terms.allocation_incomplete", allocated(without(Component.PENALTY, Timing.DUE))),
    (
        "terms.allocation_incomplete",
        allocated(NORMAL, late=AllocationRule(steps=()), late_from_days=91),
    ),
    (
        "terms.allocation_incomplete",
        replace(
            allocated(without(Component.COMPOUND_INTEREST, Timing.DUE)),
            penalty=PenaltyTerms(compound_rate=yearly("0.1")),
        ),
    ),
    (
        "terms.penalty_ambiguous",
        plain_with(penalty=PenaltyTerms(rate=yearly("0.1"), multiple=Decimal("1.5"))),
    ),
    ("terms.penalty_empty", plain_with(penalty=PenaltyTerms())),
    (
        "terms.penalty_stop_not_positive",
        plain_with(penalty=PenaltyTerms(rate=yearly("0.1"), stop_after_days=0)),
    ),
]


@pytest.mark.parametrize(("code", "terms"), REFUSED)
def test_refuses_senseless_terms_in_both_languages(code, terms):
    with pytest.raises(TermsRefused) as refused:
        check_terms(terms=terms, principal_minor=1000, start_on=START)
    assert refused.value.code == code == str(refused.value)
    assert all(MESSAGES[code])


def test_the_widths_are_those_of_the_columns():
    assert (MOST_MINOR, MOST_INSTALMENTS) == (9_223_372_036_854_775_807, 32_767)


def test_a_widest_rate_is_held_and_one_digit_more_is_not():
    most = MOST_MINOR // (365 * 366)
    held = plain_with(rate=Rate(value=Decimal(most), per=RatePer.DAY))
    check_terms(terms=held, principal_minor=1)
    beyond = plain_with(rate=Rate(value=Decimal(most + 1), per=RatePer.DAY))
    with pytest.raises(TermsRefused, match=r"terms\.rate_too_wide"):
        check_terms(terms=beyond, principal_minor=1)


@pytest.mark.parametrize(
    ("principal", "code"),
    [
        (0, "principal.not_positive"),
        (-1, "principal.not_positive"),
        (MOST_MINOR + 1, "principal.too_large"),
    ],
)
def test_refuses_a_principal_that_is_none(principal, code):
    with pytest.raises(TermsRefused) as refused:
        check_terms(terms=PLAIN, principal_minor=principal)
    assert refused.value.code == code


def test_accepts_the_largest_principal_and_the_whole_of_it_as_balloon():
    check_terms(terms=PLAIN, principal_minor=MOST_MINOR)
    whole = plain_with(method=Method.BALLOON, balloon_minor=1)
    check_terms(terms=whole, principal_minor=1)


def test_dues_before_the_start_pass_where_no_start_is_named():
    opened = free_with(FreeDue(due_on=date(2020, 1, 1), principal_minor=1000))
    check_terms(terms=opened, principal_minor=1000)


def test_a_calendar_without_shift_is_no_error():
    days = Calendar(name="CN", closed_on=frozenset({START}))
    check_terms(terms=plain_with(calendar=days), principal_minor=1)
