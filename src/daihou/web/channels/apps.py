"""The app ``channels``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "daihou.web.channels"
    verbose_name = "触达渠道"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.approvals.registry import register  # noqa: PLC0415  Models are ready now.
        from daihou.web.channels import telling, templates  # noqa: PLC0415

        telling.register()

        register(
            kind=templates.APPROVE,
            carry_out=templates.carry_out,
            describe=templates.describe,
            label=_("模板启用"),
            on_ended=templates.give_back,
        )
