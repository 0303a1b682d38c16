"""Goal: an offer gives nothing up until it is paid in time; a quote pays a loan off to the cent."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from daihou.core import events as core
from daihou.core.events import Kind
from daihou.core.limits import CostItem, Payee
from daihou.core.quote import FeeMethod, FeeRule
from daihou.core.terms import Component
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.ledger.recording import record_event
from daihou.web.payments import suspense
from daihou.web.payments.models import SuspenseItem
from daihou.web.payments.posting import post_open
from daihou.web.servicing import loading, offers, quoting
from daihou.web.servicing.actions import Action
from daihou.web.servicing.models import OfferState, Quote, SettlementOffer
from tests.web.payment_channels import Provider, make_channel, movement
from tests.web.servicing_book import *  # noqa: F403
from tests.web.servicing_book import TODAY, approve, ask, position_of, preview, refused

LAST = date(2025, 6, 5)  # Before the next instalment falls due.
AGREED = 90_000


def pay(book, amount_minor, on, *, key=None, ref="A", kind=Kind.PAYMENT_RECEIVED, **more):
    event = core.Event(
        kind=kind,
        effective_on=on,
        recorded_at=datetime(on.year, on.month, on.day, 10, tzinfo=UTC),
        sequence=0,
        key=key or f"in:{on}:{amount_minor}",
        amount_minor=amount_minor,
        **more,
    )
    record_event(book=book, loan_ref=ref, event=event, acting_user=system_user())


def follow(book, on):
    return offers.follow_all(book=book, on=on, acting_user=system_user())


@pytest.fixture
def offer(book, make_user):
    """Agree on a settlement of loan A; 105,245 are owed."""
    outcome = ask(book, make_user("collector"), Action.SETTLE, amount_minor=AGREED, expires_on=LAST)
    assert outcome.state == "pending"
    approve(outcome, make_user("manager"))
    return SettlementOffer.objects.get(approval_id=outcome.approval_id)


def state(offer):
    offer.refresh_from_db()
    return offer.state


def test_an_offer_says_what_it_gives_up_and_gives_up_nothing_yet(book, offer):
    owed = position_of(book).payoff_minor
    assert offer.owed_minor == owed
    assert sum(offer.discounts.values()) == owed - AGREED
    assert list(offer.discounts) == ["penalty", "interest", "principal"]
    assert position_of(book).status.value == "active"
    assert follow(book, LAST) == {}


def test_payments_in_time_fulfil_it_and_the_rest_is_given_up(book, offer):
    pay(book, 50_000, TODAY)
    assert follow(book, TODAY) == {}
    assert state(offer) == OfferState.OPEN
    pay(book, 40_000, LAST)
    assert follow(book, LAST) == {"fulfilled": 1}
    assert (state(offer), offer.settled_on, offer.received_minor) == ("fulfilled", LAST, AGREED)
    closed = position_of(book, on=LAST)
    assert (closed.status.value, closed.payoff_minor, closed.closed_on) == ("closed", 0, LAST)
    assert position_of(book, on=LAST - timedelta(days=1)).status.value == "active"
    paid_in = sum(applied.amount_minor for applied in closed.applied)
    used = sum(o.paid_minor for i in closed.instalments for o in i.components.values())
    assert used + closed.unapplied_minor == paid_in
    assert follow(book, LAST) == {}


def test_suspended_money_that_is_applied_fulfils_it_at_once(book, offer, make_user, monkeypatch):
    monkeypatch.setattr("daihou.web.payments.hooks._lines", {})
    paid_at = datetime(LAST.year, LAST.month, LAST.day, 4, tzinfo=UTC)
    Provider(make_channel(book)).tell(
        movement(amount_minor=AGREED, paid_at=paid_at, order_ref="nobody")
    )
    post_open(book=book, acting_user=system_user())
    item = SuspenseItem.objects.select_related("book", "receipt").get()
    asked = suspense.request_apply(
        item=item,
        parts=[("A", AGREED)],
        reason="her letter",
        acting_user=make_user("finance", username="maker"),
    )
    approvals.decide(
        approval=asked,
        verdict="approved",
        reason="seen",
        acting_user=make_user("finance", username="checker"),
    )
    assert (state(offer), offer.received_minor) == ("fulfilled", AGREED)
    assert position_of(book, on=LAST).status.value == "closed"


def test_an_offer_underpaid_or_paid_late_is_broken_and_money_stays_applied(book, offer):
    pay(book, AGREED - 1, TODAY)
    pay(book, 1, LAST + timedelta(days=1))
    assert follow(book, LAST) == {}
    assert follow(book, LAST + timedelta(days=1)) == {"broken": 1}
    assert state(offer) == OfferState.BROKEN
    then = position_of(book, on=LAST + timedelta(days=1))
    assert then.status.value == "active"
    assert then.payoff_minor > 0
    assert not then.waived


def test_money_that_was_taken_back_does_not_count(book, offer):
    pay(book, AGREED, TODAY, key="bounced")
    pay(book, 0, TODAY, key="r", kind=Kind.PAYMENT_REVERSED, target_key="bounced")
    assert follow(book, TODAY) == {}
    assert state(offer) == OfferState.OPEN


def test_one_offer_is_open_at_a_time_and_its_terms_stay(book, offer, make_user):
    outcome = ask(
        book,
        make_user("collector", username="two"),
        Action.SETTLE,
        amount_minor=80_000,
        expires_on=LAST,
    )
    refused("settlement.open_already", approve, outcome, make_user("manager", username="m2"))
    for change in ("amount_minor = 1", "expires_on = expires_on + 30", "discounts = '{}'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE servicing_settlementoffer SET {change}")
    ended = offers.withdraw(offer=offer, on=TODAY, acting_user=system_user())
    assert ended.state == OfferState.WITHDRAWN
    refused(
        "settlement.not_open", offers.withdraw, offer=offer, on=TODAY, acting_user=system_user()
    )


def test_discounts_by_component_add_up_and_stay_below_what_is_owed(book):
    owed = position_of(book).payoff_minor
    wanted = {"amount_minor": owed - 1_000, "expires_on": LAST}
    some = ((Component.INTEREST, 600), (Component.PENALTY, 400))
    assert dict(preview(book, Action.SETTLE, discounts=some, **wanted).given_up) == dict(some)
    for code, discounts in [
        ("settlement.discounts_wrong", ((Component.INTEREST, 999),)),
        ("settlement.discount_above_owed", ((Component.PENALTY, 1_000),)),
    ]:
        refused(code, preview, book, Action.SETTLE, discounts=discounts, **wanted)


def quote(book, valid_on=TODAY, **more):
    return quoting.make_quote(
        book=book,
        loan_ref="A",
        valid_on=valid_on,
        acting_user=system_user(),
        at=timezone.now(),
        **more,
    )


def test_a_quote_pays_the_loan_off_and_leaves_nothing(book, make_user):
    made = quote(book)
    assert made.amount_minor == position_of(book).payoff_minor
    outcome = ask(book, make_user("collector"), Action.PAY_OFF, quote_id=made.pk)
    approve(outcome, make_user("finance"))
    then = position_of(book)
    assert (then.status.value, then.payoff_minor, then.unapplied_minor) == ("closed", 0, 0)


def test_a_quote_of_a_later_day_leaves_what_was_not_yet_earned_to_be_refunded(book, make_user):
    made = quote(book, LAST)
    early = preview(book, Action.PAY_OFF, quote_id=made.pk).after.position
    assert early.status.value == "closed"
    assert early.unapplied_minor == made.amount_minor - position_of(book).payoff_minor > 0


def test_a_quote_ends_with_its_day_and_with_every_event(book, make_user):
    made = quote(book)
    late = {"on": TODAY + timedelta(days=1), "quote_id": made.pk}
    refused("quote.expired", preview, book, Action.PAY_OFF, **late)
    short = {"quote_id": made.pk, "amount_minor": made.amount_minor - 1}
    refused("quote.underpaid", preview, book, Action.PAY_OFF, **short)
    refused("quote.day_wrong", quote, book, TODAY - timedelta(days=1))
    refused("quote.day_wrong", quote, book, TODAY + timedelta(days=32))
    pay(book, 100, TODAY)
    refused("quote.stale", preview, book, Action.PAY_OFF, quote_id=made.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        Quote.objects.update(debt_minor=1)


def test_the_fee_of_paying_early_is_charged_only_where_the_cost_table_shows_it(
    book, make_user, monkeypatch
):
    rule = FeeRule(item="early_fee", method=FeeMethod.PERCENT_OF_PRINCIPAL, value=Decimal("0.01"))
    with pytest.raises(ValueError, match="fee_not_disclosed"):
        quote(book, fee_rule=rule)
    table = (
        CostItem(
            item="early_fee",
            component=Component.FEE,
            method="on_event",
            standard="1 % of the principal",
            payee=Payee.LENDER,
            is_contingent=True,
        ),
    )
    real = loading.load
    monkeypatch.setattr(loading, "load", lambda **given: _with_table(real(**given), table))
    made = quote(book, fee_rule=rule)
    assert made.fee_minor > 0
    shown = preview(book, Action.PAY_OFF, quote_id=made.pk)
    assert [event.kind for event in shown.events] == [Kind.CHARGE_ADDED, Kind.PREPAID]
    assert shown.may_be_asked, shown.refusals
    after = shown.after.position
    assert (after.status.value, after.unapplied_minor) == ("closed", 0)


def _with_table(loaded, table):
    return loading.Loaded(row=loaded.row, loan=loaded.loan, cost_table=table)
