"""Jobs of privacy: texts about deleted persons go from tables that the pages only add to."""

from procrastinate.contrib.django import app

from daihou.web.privacy.deleting import empty_texts


@app.periodic(cron="30 2 * * *")
@app.task(name="access.empty_texts", queueing_lock="access.empty_texts")
def empty(timestamp: int) -> None:  # noqa: ARG001  Given by the clock.
    """Empty what is left of everybody whose data were deleted; done twice it changes nothing."""
    empty_texts()
