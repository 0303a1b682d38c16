"""Jobs of the cases: look again where the ledger moved; plan a day."""

from django.utils import timezone
from procrastinate.contrib.django import app

from daihou.web.access.queries import system_user
from daihou.web.cases import day_plans
from daihou.web.cases.hearing import JOB
from daihou.web.cases.models import Case, CaseState
from daihou.web.cases.operations import look_again
from daihou.web.ledger.models import Book


@app.task(name=JOB)
def look(book_id: int, loan_ids: list[int]) -> None:
    """Let the cases of loans that moved follow at once. Doing it twice changes nothing."""
    book = Book.objects.get(pk=book_id)
    look_again(book=book, loan_ids=loan_ids, at=timezone.now(), acting_user=system_user())


@app.periodic(cron="30 6 * * *")
@app.task(name="cases.plan_days", queueing_lock="cases.plan_days")
def plan_days(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Plan the day of every book in which somebody is collected from."""
    collected = Case.objects.filter(state=CaseState.OPEN).values("book")
    for book in Book.objects.filter(pk__in=collected):
        day_plans.plan(book=book, at=timezone.now(), acting_user=system_user())


@app.task(name="cases.plan_day")
def plan_day(book_id: int) -> None:
    """Plan what is left of today in a book, as somebody asked."""
    book = Book.objects.get(pk=book_id)
    day_plans.plan(book=book, at=timezone.now(), acting_user=system_user())
