"""Jobs of channels: plan what leaves by itself, ask for it, forget what was counted."""

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from daihou.web.access.queries import system_user
from daihou.web.channels import prompted, recordings, reminders
from daihou.web.channels.models import Account, AccountUse
from daihou.web.ledger.models import Book
from daihou.web.servicing.loading import local_day

USE_KEPT = timedelta(days=2)


@app.periodic(cron="*/5 * * * *")
@app.task(name="channels.remind", queueing_lock="channels.remind")
def remind(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Plan what leaves by itself of every book that can send, and ask for what is due.

    Doing it twice changes nothing.
    """
    now, by = timezone.now(), system_user()
    sending = Account.objects.filter(is_active=True).values("book")
    for book in Book.objects.filter(pk__in=sending, business_date__isnull=False):
        today = local_day(book=book, at=now)
        assert book.business_date is not None
        prompted.plan(book=book, on=today, at=now)
        if book.business_date == today - timedelta(days=1):  # Older figures remind nobody.
            reminders.plan(book=book, on=today, acting_user=by)
    while reminders.ask_due(at=timezone.now(), acting_user=by).count == prompted.BATCH:
        pass  # More may wait.


@app.periodic(cron="* * * * *")
@app.task(name="channels.fetch_recordings", queueing_lock="channels.fetch_recordings")
def fetch_recordings(timestamp: int) -> int:  # noqa: ARG001  Given by the clock.
    return recordings.fetch_new(acting_user=system_user())


@app.periodic(cron="45 4 * * *")
@app.task(name="channels.forget_uses", queueing_lock="channels.forget_uses")
def forget_uses(timestamp: int) -> None:  # noqa: ARG001
    """Forget how much was sent in seconds and on days that are over."""
    AccountUse.objects.filter(starts_at__lt=timezone.now() - USE_KEPT).delete()
