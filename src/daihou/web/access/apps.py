"""The app ``access``."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "daihou.web.access"
    verbose_name = "权限"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make known what two people give."""
        from daihou.web.access import granting  # noqa: PLC0415  Models are ready only now.
        from daihou.web.privacy import exporting  # noqa: PLC0415

        granting.register()
        exporting.register()
