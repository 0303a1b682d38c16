"""Work for ``daihou worker``: send what waits in the outbox, forget old answers."""

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from daihou.web.api.models import Answer
from daihou.web.api.webhooks import deliver_waiting

ANSWERS_KEPT = timedelta(days=90)


@app.periodic(cron="* * * * * */5")
@app.task(name="api.deliver", queueing_lock="api.deliver")
def deliver(timestamp: int) -> int:  # noqa: ARG001
    return deliver_waiting()


@app.periodic(cron="15 4 * * *")
@app.task(name="api.forget_answers", queueing_lock="api.forget_answers")
def forget_answers(timestamp: int) -> None:  # noqa: ARG001
    Answer.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()
