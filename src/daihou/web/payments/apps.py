"""The app ``payments``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "daihou.web.payments"
    verbose_name = "收款"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.approvals.registry import register  # noqa: PLC0415  Models are ready now.
        from daihou.web.payments import suspense  # noqa: PLC0415

        register(
            kind=suspense.APPLY,
            carry_out=suspense.carry_out_apply,
            describe=suspense.describe,
            label=_("暂收款入账"),
        )
        register(
            kind=suspense.RETURN,
            carry_out=suspense.carry_out_return,
            describe=suspense.describe,
            label=_("暂收款退回"),
        )
