"""What the queue does for itself: take up what a killed worker left, forget what is long done."""

from procrastinate import JobContext
from procrastinate.contrib.django import app

SILENT_SECONDS = 30  # A worker beats every ten seconds.
KEPT_HOURS = 7 * 24


@app.periodic(cron="* * * * *")
@app.task(
    name="jobs.take_up_abandoned",
    lock="jobs.take_up_abandoned",  # Two at once would take up the same job.
    queueing_lock="jobs.take_up_abandoned",
    pass_context=True,
)
async def take_up_abandoned(context: JobContext, timestamp: int) -> int:  # noqa: ARG001
    """Give the jobs of workers that fell silent to others; tasks bear being done twice."""
    manager = context.app.job_manager
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS))
    for job in stalled:
        await manager.retry_job(job)
    return len(stalled)


@app.periodic(cron="30 4 * * *")
@app.task(name="jobs.forget_done", queueing_lock="jobs.forget_done", pass_context=True)
async def forget_done(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Remove jobs that ended well a week ago; failed ones stay until a person looks."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS)
