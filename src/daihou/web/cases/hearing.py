"""Hear in the ledger's own transaction that loans moved: their cases are looked at soon after.

The ledger calls this; it knows the job by its name only, so that the ledger need not know cases.
"""

from collections.abc import Iterable
from typing import Final

from django.db import connection
from procrastinate.contrib.django import app

JOB: Final = "cases.look_again"
LOANS_A_JOB: Final = 500


def hear(*, book_id: int, loan_ids: Iterable[int]) -> None:
    """Queue a look at the cases, open or closed, that have these loans; others cost nothing.

    The job comes to be with the caller's transaction, or not at all.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT loan_id FROM cases_caseloan WHERE loan_id = ANY(%s) ORDER BY loan_id",
            [sorted(loan_ids)],
        )
        known = [row[0] for row in cursor.fetchall()]
    for first in range(0, len(known), LOANS_A_JOB):
        job = app.configure_task(JOB)
        job.defer(book_id=book_id, loan_ids=known[first : first + LOANS_A_JOB])
