"""The app ``visits``."""

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "daihou.web.visits"
    verbose_name = "外访"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.visits import telling  # noqa: PLC0415  Models are ready now.

        telling.register()
