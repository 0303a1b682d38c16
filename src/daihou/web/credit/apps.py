"""The app ``credit``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "daihou.web.credit"
    verbose_name = "授信"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.approvals import registry  # noqa: PLC0415  Models are ready only now.
        from daihou.web.credit import describing, operations  # noqa: PLC0415  As above.
        from daihou.web.parties import merging  # noqa: PLC0415  As above.

        registry.register(
            kind=operations.RAISE,
            label=_("Credit line"),
            carry_out=operations.carry_out_raise,
            describe=describing.describe,
        )
        merging.follow(model="credit.CreditLine", field="party")
