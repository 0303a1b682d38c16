"""The app ``board``."""

from django.apps import AppConfig

from daihou.web.assets.catalogs import compile_catalogs
from daihou.web.jobs import loops


class BoardConfig(AppConfig):
    name = "daihou.web.board"
    verbose_name = "看板"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Bring the message catalogs up to date before the first page needs them."""
        compile_catalogs()
        loops.register(name="board.figures", seconds=10, work=_draw_ahead)


def _draw_ahead() -> int:
    """Compute the boards of a night that is done; a worker needs none of their frames."""
    from daihou.web.board import source  # noqa: PLC0415  Models are ready now.

    source.draw_ahead()
    source.forget_frames()
    return 0
