"""The app ``board``."""

from django.apps import AppConfig

from daihou.web.assets.catalogs import compile_catalogs


class BoardConfig(AppConfig):
    name = "daihou.web.board"
    verbose_name = "看板"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Bring the message catalogs up to date before the first page needs them."""
        compile_catalogs()
