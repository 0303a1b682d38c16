"""Jobs of the register: settled loans get their release tasks soon after each end of day."""

from procrastinate.contrib.django import app

from daihou.web.access.queries import system_user
from daihou.web.collateral.operations import raise_release_tasks
from daihou.web.ledger.models import Book


@app.periodic(cron="*/15 * * * *")
@app.task(name="collateral.raise_release_tasks", queueing_lock="collateral.raise_release_tasks")
def raise_all(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Look in every book, as of its business date; done twice it changes nothing."""
    for book in Book.objects.filter(business_date__isnull=False).order_by("pk"):
        as_of = book.business_date
        if as_of is not None:
            raise_release_tasks(book=book, as_of=as_of, acting_user=system_user())
