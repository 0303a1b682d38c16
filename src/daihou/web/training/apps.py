"""The app ``training``."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "daihou.web.training"
    verbose_name = "培训"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the guard who is certified."""
        from daihou.web.contacts import providers  # noqa: PLC0415  Needs the models.
        from daihou.web.training import provided  # noqa: PLC0415

        providers.register(name="training", read=provided.read, sql=provided.SQL)
