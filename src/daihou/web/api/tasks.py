"""Work for ``daihou worker``: send what waits in the outbox."""

from asgiref.sync import sync_to_async
from procrastinate.contrib.django import app

from daihou.web.api.webhooks import deliver_waiting


@app.periodic(cron="* * * * * */5")
@app.task(name="api.deliver", queueing_lock="api.deliver")
async def deliver(timestamp: int) -> int:  # noqa: ARG001
    return await sync_to_async(deliver_waiting)()
