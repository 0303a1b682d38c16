"""Jobs of the cases: look again where the ledger moved."""

from django.utils import timezone
from procrastinate.contrib.django import app

from daihou.web.access.queries import system_user
from daihou.web.cases.hearing import JOB
from daihou.web.cases.operations import look_again
from daihou.web.ledger.models import Book


@app.task(name=JOB)
def look(book_id: int, loan_ids: list[int]) -> None:
    """Let the cases of loans that moved follow at once. Doing it twice changes nothing."""
    book = Book.objects.get(pk=book_id)
    look_again(book=book, loan_ids=loan_ids, at=timezone.now(), acting_user=system_user())
