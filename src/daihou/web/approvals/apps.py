"""The app ``approvals``."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "daihou.web.approvals"
    verbose_name = "审批"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the change of the matrix itself known."""
        from daihou.web.approvals import changing  # noqa: PLC0415  Models are ready only now.

        changing.register()
