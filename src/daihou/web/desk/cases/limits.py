"""When the first claim of a case runs out, of those old enough that it may be soon."""

from datetime import date, timedelta

from daihou.errors import DaihouError
from daihou.web.contacts.facts import LIMITATION_YEARS_LEAST
from daihou.web.desk.cases.owing import Owing
from daihou.web.limitation import queries as limitation

YEAR_LONGEST = timedelta(days=366)
LOOKED_AHEAD = timedelta(days=180)


def first_end(found: Owing) -> date | None:
    """Return the last day to sue, or to ask for enforcement, that comes first; none is near: none.

    Only loans unpaid for so long that any law's shortest period may end soon are looked at.
    """
    longest = LIMITATION_YEARS_LEAST * YEAR_LONGEST - LOOKED_AHEAD
    old = [
        box.loan
        for box in found.boxes
        if box.position.oldest_unpaid_due_on is not None
        and found.on - box.position.oldest_unpaid_due_on >= longest
    ]
    try:
        clocks = [limitation.clock_of(loan=loan, as_of=found.on) for loan in old]
    except DaihouError:  # The law of the book is not known here.
        return None
    ends = [clock.expires_on for clock in clocks if clock.state in limitation.ALERTED]
    return min((end for end in ends if end is not None), default=None)
