"""The loans app: products and the contracts of loans."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoansConfig(AppConfig):
    name = "daihou.web.loans"
    label = "loans"
    verbose_name = "Loans"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.approvals import registry  # noqa: PLC0415  Models are ready only now.
        from daihou.web.loans import describing, operations  # noqa: PLC0415  As above.

        registry.register(
            kind=operations.APPROVE,
            label=_("Product version"),
            carry_out=operations.carry_out_approval,
            describe=describing.describe,
            on_ended=operations.take_back_submission,
        )
