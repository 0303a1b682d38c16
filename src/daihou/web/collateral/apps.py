"""The app ``collateral``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CollateralConfig(AppConfig):
    name = "daihou.web.collateral"
    verbose_name = "押品"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.approvals import registry  # noqa: PLC0415  Models are ready only now.
        from daihou.web.collateral import carrying, operations  # noqa: PLC0415  As above.

        registry.register(
            kind=operations.CUSTODY,
            label=_("Movement of a paper"),
            carry_out=carrying.move,
            describe=carrying.describe_movement,
        )
        registry.register(
            kind=operations.RELEASE,
            label=_("Release of collateral"),
            carry_out=carrying.release,
            describe=carrying.describe_release,
        )
