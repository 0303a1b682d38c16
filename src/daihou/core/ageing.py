"""Days past due and the bucket they fall into.

Units   ``days_past_due`` counts calendar days from the oldest unpaid due date; 0 when none is past.
Shape   Facts in (a due date, a day), figures out; nothing here is ever stored.
Errors  ``AgeingRefused`` with a stable code.
Source  design.md, "Words": M0 current, M1 = 1-30 days … M6 = 151-180, M6+ from 181.
"""

from datetime import date
from enum import StrEnum

DAYS_IN_BUCKET = 30


class Bucket(StrEnum):
    """账龄. The order of members is their order of lateness; never reorder."""

    M0 = "M0"
    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    M4 = "M4"
    M5 = "M5"
    M6 = "M6"
    M6_PLUS = "M6+"


BUCKETS = tuple(Bucket)
LAST_BUCKET_NO = len(BUCKETS) - 1


class AgeingRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def days_past_due(*, oldest_unpaid_due_on: date | None, as_of: date) -> int:
    """Count the days since the oldest unpaid due date; on that day itself it is not past due.

    >>> days_past_due(oldest_unpaid_due_on=date(2024, 2, 28), as_of=date(2024, 3, 1))
    2
    >>> days_past_due(oldest_unpaid_due_on=date(2024, 3, 1), as_of=date(2024, 3, 1))
    0
    """
    if oldest_unpaid_due_on is None:
        return 0
    return max(0, (as_of - oldest_unpaid_due_on).days)


def bucket_of(days: int) -> Bucket:
    """Name the bucket of a number of days past due.

    :raises AgeingRefused: ``days.negative``.

    >>> [bucket_of(days).value for days in (0, 1, 30, 31, 180, 181)]
    ['M0', 'M1', 'M1', 'M2', 'M6', 'M6+']
    """
    if days < 0:
        raise AgeingRefused("days.negative")
    return BUCKETS[min(-(-days // DAYS_IN_BUCKET), LAST_BUCKET_NO)]


def first_day_of(bucket: Bucket) -> int:
    """Tell with how many days past due a loan enters the bucket.

    >>> [first_day_of(bucket) for bucket in (Bucket.M0, Bucket.M1, Bucket.M2, Bucket.M6_PLUS)]
    [0, 1, 31, 181]
    """
    bucket_no = BUCKETS.index(bucket)
    return 0 if bucket_no == 0 else (bucket_no - 1) * DAYS_IN_BUCKET + 1
