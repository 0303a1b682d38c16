"""Goal: no history makes the guard allow what is forbidden, and what it says of time is true.

Method: random persons, places, days of changing clocks and histories; an oracle that knows the
rules only from their text; questions at other instants.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, strategies as st

from daihou.collect import codec
from daihou.collect.facts import Agreement, AgreementKind, Inconvenient, StopKind, StopOrder
from daihou.collect.guard import decide
from daihou.collect.packs import JURISDICTIONS, Kind, Tightening, rules_of
from daihou.collect.requests import Channel, Outcome, Purpose
from tests.collect.asking import LONG_AGO, attempt, facts, request
from tests.collect.contact_oracle import BINDING, CALLS, OPEN, SPOKE, is_forbidden

DAYS = [  # Quiet ones, and those on which a clock somewhere changes.
    datetime(2026, 11, 24, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2026, 4, 24, tzinfo=UTC),
    datetime(2026, 2, 28, tzinfo=UTC),
]
ZONES = [
    "Asia/Shanghai",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Kiritimati",
]
CHANNELS = st.sampled_from(
    [Channel.VOICE, Channel.ROBOT, Channel.SMS, Channel.EMAIL, Channel.LETTER]
)
OUTCOMES = st.sampled_from([None, *Outcome])
NEARBY = timedelta(minutes=11)


@st.composite
def cases(draw):
    """Draw a request with a history of it that is lawful or not."""
    jurisdiction = draw(st.sampled_from(JURISDICTIONS))
    now = draw(st.sampled_from(DAYS)) + timedelta(minutes=draw(st.integers(0, 2 * 24 * 60)))
    channel = draw(CHANNELS)
    burst = [  # Many alike: what fills a cap.
        replace(
            attempt("2026-01-01T00:00:00"),
            at=now - timedelta(minutes=draw(st.integers(1, 9)) * (number + 1)),
            channel=channel,
            outcome=draw(st.sampled_from([Outcome.EFFECTIVE, Outcome.UNANSWERED])),
        )
        for number in range(draw(st.integers(0, 9)))
    ]
    back = st.one_of(
        st.integers(0, 10 * 24 * 60),
        st.integers(0, 12 * 60),
        st.sampled_from([6 * 24 * 60, 7 * 24 * 60]),
    )
    tried = st.builds(
        lambda minutes, channel, outcome, purpose, address, debt, is_inbound: replace(
            attempt("2026-01-01T00:00:00"),
            at=now - timedelta(minutes=minutes),
            channel=channel,
            outcome=Outcome.EFFECTIVE if is_inbound else outcome,
            purpose=purpose,
            address_key=address,
            debt_keys=(debt,),
            is_inbound=is_inbound,
        ),
        back,
        CHANNELS,
        st.one_of(st.sampled_from([Outcome.EFFECTIVE, Outcome.UNANSWERED]), OUTCOMES),
        st.sampled_from([Purpose.COLLECTION] * 4 + list(Purpose)),
        st.sampled_from(["number", "other"]),
        st.sampled_from(["debt", "debt", "x"]),
        st.sampled_from([False] * 5 + [True]),
    )
    return (
        request(
            at=now,
            channel=channel,
            purpose=draw(st.sampled_from([Purpose.COLLECTION] * 3 + list(Purpose))),
        ),
        facts(
            jurisdiction,
            time_zones=tuple(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2))),
            attempts=(*burst, *draw(st.lists(tried, max_size=9))),
            attempts_from=date(2024, 12, 1),
            agreements=tuple(
                Agreement(kind=kind, from_at=LONG_AGO, evidence="file")
                for kind in draw(st.sets(st.sampled_from(AgreementKind), max_size=1))
            ),
            stop_orders=tuple(draw(st.lists(stops(now), max_size=1))),
        ),
    )


def stops(now):
    """Draw a hold that began, begins or has ended near the request."""
    return st.builds(
        lambda begins, lasts: StopOrder(
            order_id="s",
            kind=StopKind.HOLD,
            from_at=now + timedelta(hours=begins),
            until_at=None if lasts is None else now + timedelta(hours=begins + lasts),
        ),
        st.integers(-30, 30),
        st.one_of(st.none(), st.integers(1, 90)),
    )


def judge(asked, known, tightenings=()):
    rules = rules_of(jurisdiction=known.jurisdiction, tightenings=tightenings)
    return decide(request=asked, facts=known, rules=rules)


@given(cases())
def test_the_guard_allows_what_no_rule_forbids_and_nothing_else(case):
    asked, known = case
    assert judge(asked, known).is_allowed is not is_forbidden(asked, known)


@given(cases())
def test_the_next_permitted_time_is_true_and_no_earlier_one_is(case):
    asked, known = case
    found = judge(asked, known)
    until = found.next_permitted_at
    if found.is_allowed:
        assert until is None
        return
    if until is not None:
        assert judge(replace(asked, at=until), known).is_allowed
        assert not judge(replace(asked, at=until - timedelta(seconds=1)), known).is_allowed
    last = until if until is not None else asked.at + timedelta(days=12)
    step = max(NEARBY, (last - asked.at) / 60)
    then = asked.at
    while then < last:
        assert not judge(replace(asked, at=then), known).is_allowed, then
        then += step


@given(cases())
def test_a_permit_holds_until_it_says(case):
    asked, known = case
    found = judge(asked, known)
    if not found.is_allowed:
        return
    assert found.use_before > asked.at
    span = found.use_before - asked.at
    for part in range(1, 12):
        then = replace(asked, at=asked.at + span * part / 12)
        assert judge(then, known).is_allowed
    last = judge(replace(asked, at=found.use_before - timedelta(microseconds=1)), known)
    assert last.is_allowed
    assert last.local_on == found.local_on


TIGHTER = st.builds(
    Tightening,
    tightening_id=st.just("t"),
    by=st.just("funder:one"),
    rule_id=st.sampled_from(["CN-FREQ-01", "CN-FREQ-02", "HOUSE-FREQ-01"]),
    valid_from=st.just(date(2026, 2, 1)),
    source=st.just("contract"),
    most=st.integers(0, 3),
)
HOURS = st.builds(
    Tightening,
    tightening_id=st.just("u"),
    by=st.just("product:two"),
    rule_id=st.just("CN-TIME-01"),
    valid_from=st.just(date(2026, 2, 1)),
    valid_through=st.sampled_from([None, date(2026, 3, 8)]),
    source=st.just("contract"),
    opens=st.integers(8 * 60, 12 * 60),
    closes=st.integers(15 * 60, 22 * 60),
    ends_agreements=st.booleans(),
)


@given(cases(), TIGHTER, HOURS)
def test_tightening_never_allows_more_and_its_times_are_true_as_well(case, cap, hours):
    asked, known = case
    known = replace(known, jurisdiction="CN")
    law, tight = judge(asked, known), judge(asked, known, [cap, hours])
    assert law.is_allowed or not tight.is_allowed
    if tight.is_allowed:
        assert tight.use_before <= law.use_before
    elif tight.next_permitted_at is not None:
        assert judge(replace(asked, at=tight.next_permitted_at), known, [cap, hours]).is_allowed
        if not law.is_allowed:
            assert law.next_permitted_at is not None
            assert law.next_permitted_at <= tight.next_permitted_at


@given(cases(), st.lists(st.integers(0, 1439), min_size=2, max_size=2), st.booleans())
def test_times_named_as_bad_are_left_out(case, minutes, is_tuesday):
    asked, known = case
    window = Inconvenient(
        from_minute=minutes[0],
        until_minute=minutes[1],
        weekdays=frozenset({1} if is_tuesday else ()),
    )
    asked = replace(asked, purpose=Purpose.COLLECTION, channel=Channel.SMS)
    known = replace(known, inconvenient=(window,), stop_orders=())
    found = judge(asked, known)
    if found.is_allowed:
        assert judge(asked, replace(known, inconvenient=())).is_allowed
        span = found.use_before - asked.at - timedelta(microseconds=1)
        for part in range(1, 41):
            assert judge(replace(asked, at=asked.at + span * part / 40), known).is_allowed
    elif found.next_permitted_at is not None:
        assert judge(replace(asked, at=found.next_permitted_at), known).is_allowed
        before = found.next_permitted_at - timedelta(seconds=1)
        assert not judge(replace(asked, at=before), known).is_allowed


@given(cases())
def test_what_was_kept_is_decided_again_the_same(case):
    asked, known = case
    rules = rules_of(jurisdiction=known.jurisdiction)
    found = decide(request=asked, facts=known, rules=rules)
    decided = codec.Decided(
        request=asked, facts=known, rules_digest=codec.digest(rules), decision=found
    )
    kept = codec.to_text(decided)
    assert codec.from_text(codec.Decided, kept) == decided
    read = codec.from_text(type(rules), codec.to_text(rules))
    assert codec.redecide(kept=kept, rules={codec.digest(rules): read}) == found
    forged = kept.replace('"is_allowed":false', '"is_allowed":true')
    forged = forged if forged != kept else kept.replace('"is_allowed":true', '"is_allowed":false')
    with pytest.raises(codec.RedecisionDiffers) as differs:
        codec.redecide(kept=forged, rules={codec.digest(rules): rules})
    assert differs.value.code == "redecision.differs"
    with pytest.raises(codec.RedecisionDiffers) as missing:
        codec.redecide(kept=kept, rules={})
    assert missing.value.code == "redecision.rules_missing"


STEPS = st.lists(
    st.tuples(
        st.integers(1, 300),
        st.sampled_from([Channel.VOICE] * 3 + [Channel.ROBOT, Channel.SMS]),
        st.sampled_from(["number", "other"]),
        st.sampled_from([*Outcome, Outcome.UNANSWERED, Outcome.UNANSWERED]),
    ),
    min_size=1,
    max_size=40,
)


@given(st.sampled_from(JURISDICTIONS), st.sampled_from(DAYS), st.sampled_from(ZONES), STEPS)
@example("US", DAYS[2], "America/New_York", [(290, Channel.VOICE, "number", Outcome.BUSY)] * 40)
@example("CN", DAYS[0], "Asia/Shanghai", [(40, Channel.VOICE, "number", Outcome.BUSY)] * 40)
def test_whoever_obeys_the_guard_never_breaks_a_rule(jurisdiction, day, zone, steps):
    """Walk a life of asking and calling; then look at what was done, day by day."""
    now, done = day, []
    for minutes, channel, address, outcome in steps:
        now += timedelta(minutes=minutes)
        asked = request(at=now, channel=channel, address_key=address)
        known = facts(
            jurisdiction,
            time_zones=(zone,),
            attempts=tuple(done),
            attempts_from=date(2024, 12, 1),
        )
        found = judge(asked, known)
        assert found.is_allowed is not is_forbidden(asked, known)
        if not found.is_allowed:
            continue
        taken = {reserve.rule_id: (reserve.taken, reserve.most) for reserve in found.reserves}
        assert all(before < most for before, most in taken.values())
        done.append(
            replace(
                attempt("2026-01-01T00:00:00"),
                at=now,
                channel=channel,
                address_key=address,
                outcome=outcome,
            )
        )
    spoken = [each for each in done if each.channel in CALLS and each.outcome in SPOKE + OPEN]
    assert all(each.purpose in BINDING for each in done)
    if jurisdiction == "US":
        assert all(
            later.at - each.at > timedelta(days=5)
            for each in spoken
            for later in done
            if later.channel in CALLS and later.at > each.at
        )


def test_a_year_of_leaps_is_enough():
    """The longest wait of any rule of any pack is found by the leaps that the guard makes."""
    for jurisdiction in JURISDICTIONS:
        rules = rules_of(jurisdiction=jurisdiction)
        for rule in rules.in_force(on=date(2026, 11, 24)):
            assert rule.kind is not Kind.CAP or rule.days <= 365
