"""The app ``servicing``."""

from django.apps import AppConfig


class ServicingConfig(AppConfig):
    name = "daihou.web.servicing"
    verbose_name = "贷后服务"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the actions known to approvals."""
        from daihou.web.servicing import kinds  # noqa: PLC0415  Models are ready only now.

        kinds.register_all()
