"""Jobs of servicing: settlements end by their day, requests by their time."""

from django.utils import timezone
from procrastinate.contrib.django import app

from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.ledger.models import Book
from daihou.web.servicing import loading, offers


@app.periodic(cron="7 * * * *")
@app.task(name="servicing.follow_offers", queueing_lock="servicing.follow_offers")
def follow_offers(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Fulfil or break the settlements of every book, by the day it is there."""
    for book in Book.objects.order_by("pk"):
        on = loading.local_day(book=book, at=timezone.now())
        offers.follow_all(book=book, on=on, acting_user=system_user())


@app.periodic(cron="17 * * * *")
@app.task(name="approvals.expire", queueing_lock="approvals.expire")
def expire_requests(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Close requests that nobody decided on in time."""
    approvals.expire(at=timezone.now(), acting_user=system_user())
