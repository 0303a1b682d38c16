"""Goal: what is stored comes back equal, and nothing else comes in. Method: random loans, edges."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given

from daihou.core import codec
from daihou.core.events import Event, Kind
from daihou.core.terms import Calendar, Component, Contract, HolidayShift, Rate, Terms
from tests.core.loans import contract, disbursed, free, histories, rate


@given(history=histories())
def test_contracts_and_events_come_back_equal(history):
    agreed, events = history
    through_json = json.loads(json.dumps(codec.encode(agreed)))
    assert codec.decode(Contract, through_json) == agreed
    for event in events:
        assert codec.decode_text(Event, codec.canonical_text(event)) == event


def test_every_kind_of_field_comes_back_equal():
    calendar = Calendar(name="CN", closed_on=frozenset({date(2024, 2, 10), date(2024, 2, 11)}))
    terms = free((30, 100, 5, 1), (60, 100)).terms
    terms = replace(terms, calendar=calendar, holiday_shift=HolidayShift.FOLLOWING)
    assert codec.decode_text(Terms, codec.canonical_text(terms)) == terms
    stated = Event(
        kind=Kind.STATED,
        effective_on=date(2024, 2, 29),
        recorded_at=datetime(2024, 3, 1, 8, tzinfo=timezone(timedelta(hours=8))),
        sequence=1,
        key="s1",
        component=Component.FEE,
        figures=(("overdue_minor", 2**62), ("closed", 0)),
    )
    assert codec.decode_text(Event, codec.canonical_text(stated)) == stated


def test_a_field_left_out_takes_its_default():
    plain = codec.encode(contract().terms)
    del plain["tolerance_minor"]
    assert codec.decode(Terms, plain) == contract().terms


def test_equal_values_have_one_digest_and_others_another():
    assert codec.digest(contract()) == codec.digest(contract())
    assert codec.digest(contract()) != codec.digest(contract(tolerance_minor=1))


def plain_event(**changed):
    return {**codec.encode(disbursed()), **changed}


BAD = [
    ({"amount_minor": "100"}, "codec.wrong_type"),
    ({"amount_minor": True}, "codec.wrong_type"),
    ({"amount_minor": 1.5}, "codec.wrong_type"),
    ({"effective_on": 20240501}, "codec.wrong_type"),
    ({"effective_on": "2024-02-31"}, "codec.unknown_value"),
    ({"kind": "vanished"}, "codec.unknown_value"),
    ({"figures": {"closed": 1}}, "codec.wrong_type"),
    ({"figures": [["closed", 1, 2]]}, "codec.wrong_type"),
    ({"colour": "red"}, "codec.unknown_field"),
]


@pytest.mark.parametrize(("changed", "code"), BAD)
def test_refuses_what_it_did_not_write(changed, code):
    with pytest.raises(codec.CodecRefused) as refused:
        codec.decode(Event, plain_event(**changed))
    assert refused.value.code == code
    assert refused.value.where == f"Event.{next(iter(changed))}"


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        ({"value": "NaN", "per": "year"}, "codec.not_finite"),
        ({"value": "one", "per": "year"}, "codec.unknown_value"),
        ({"value": "1"}, "codec.missing_field"),
        (["1", "year"], "codec.wrong_type"),
    ],
)
def test_refuses_rates_it_did_not_write(plain, code):
    with pytest.raises(codec.CodecRefused) as refused:
        codec.decode(Rate, plain)
    assert refused.value.code == code


def test_refuses_to_write_what_is_not_exact():
    with pytest.raises(codec.CodecRefused) as refused:
        codec.encode(rate("Infinity"))
    assert refused.value.code == "codec.not_finite"
    with pytest.raises(codec.CodecRefused) as refused:
        codec.encode(0.5)
    assert refused.value.code == "codec.unknown_type"


def test_refuses_text_that_is_not_json():
    with pytest.raises(codec.CodecRefused) as refused:
        codec.decode_text(Rate, "{")
    assert refused.value.code == "codec.not_json"


def test_decimals_and_instants_keep_their_digits():
    assert codec.encode(Decimal("0.1200")) == "0.1200"
    assert codec.encode(datetime(2024, 5, 1, tzinfo=UTC)) == "2024-05-01T00:00:00+00:00"
