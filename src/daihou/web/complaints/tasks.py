"""Jobs of complaints: claims that a debt was paid are matched as soon as the money is there."""

from procrastinate.contrib.django import app

from daihou.web.access.queries import system_user
from daihou.web.complaints import claims
from daihou.web.complaints.models import ClaimState, PaidClaim


@app.periodic(cron="* * * * *")
@app.task(name="complaints.match_claims", queueing_lock="complaints.match_claims")
def match_claims(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Match the open claims of every book that has some; twice is once."""
    open_claims = PaidClaim.objects.filter(state=ClaimState.OPEN)
    for book_id in open_claims.values_list("loan__book_id", flat=True).distinct():
        claims.match_all(book_id=book_id, acting_user=system_user())
