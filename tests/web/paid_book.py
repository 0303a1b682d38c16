"""A small book that sandbox channels have told of a day, for the tests of the faces."""

from datetime import date

from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.payments import reconciling
from daihou.web.payments.debit_plan import plan_debits
from daihou.web.payments.models import AdapterKind
from daihou.web.payments.sandbox.drive import drive, ensure_sandboxes
from tests.web.payment_channels import Provider, make_book, movement
from tests.web.test_payment_debits import sign

NAME = "money"


def make_paid_book():
    """Make the book: payments of three channels, suspense, a batch of debits, breaks."""
    loans = [f"M{number:02d}" for number in range(1, 21)]
    book = make_book(name=NAME, loans=loans)
    run_end_of_day(book=book, through=date(2025, 3, 9), acting_user=system_user())
    book.refresh_from_db()
    now, actor = timezone.now(), system_user()
    for channel in ensure_sandboxes(book=book, acting_user=actor):
        if channel.adapter == AdapterKind.BANK_DEBIT:
            sign(Provider(channel), "M20")
            plan_debits(channel=channel, run_on=date(2025, 3, 10), acting_user=actor, at=now)
        done = drive(channel=channel, at=now, seed=3, count=15, acting_user=actor)
        shorter = done.bill.splitlines(keepends=True)[:-2]
        taken = reconciling.take_bill(
            channel=channel, content=b"".join(shorter), acting_user=actor, at=now
        )
        reconciling.reconcile(
            channel=channel,
            from_on=taken.bill.from_on,
            through_on=taken.bill.through_on,
            acting_user=actor,
            at=now,
        )
    stranger = Provider(channel, seed=7)
    stranger.tell(movement("stranger", order_ref="nobody", amount_minor=11_002, remark="M07"))
    drive(channel=channel, at=now, seed=4, count=1, acting_user=actor)
    return book
