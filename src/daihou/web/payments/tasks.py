"""Jobs of the intake: what came in is posted soon after, and by the clock if nobody asked."""

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from daihou.web.access.queries import system_user
from daihou.web.ledger.models import Book
from daihou.web.payments.models import Receipt, ReceiptState
from daihou.web.payments.posting import post_open
from daihou.web.servicing import offers
from daihou.web.servicing.loading import local_day


@app.task(name="payments.post_receipts")
def post_receipts(book_id: int) -> None:
    """Post everything of a book that is open, and end the settlements it fulfils.

    Doing it twice changes nothing.
    """
    book, by = Book.objects.get(pk=book_id), system_user()
    post_open(book=book, acting_user=by)
    offers.follow_all(book=book, on=local_day(book=book, at=timezone.now()), acting_user=by)


@app.periodic(cron="* * * * * */10")
@app.task(name="payments.post_all", queueing_lock="payments.post_all")
def post_all(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Queue the posting of each book where something is open."""
    open_books = Receipt.objects.filter(state=ReceiptState.RECEIVED).values("book_id").distinct()
    for book_id in open_books.values_list("book_id", flat=True):
        ask_to_post(book_id=book_id)


def ask_to_post(*, book_id: int) -> bool:
    """Queue the posting of a book; tell whether it was not queued already."""
    job = post_receipts.configure(queueing_lock=f"payments.post:{book_id}")
    try:
        with transaction.atomic():  # A refusal must not spoil what the caller is in.
            job.defer(book_id=book_id)
    except AlreadyEnqueued:
        return False  # It waits in the queue and will see what has come in since.
    return True
