"""The app ``parameters``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ParametersConfig(AppConfig):
    name = "daihou.web.parameters"
    verbose_name = "参数"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the kinds of requests known that add a row or a profile."""
        from daihou.web.approvals import registry  # noqa: PLC0415  Apps are loaded by now.
        from daihou.web.parameters import inbox, operations, tightenings  # noqa: PLC0415

        registry.register(
            kind=operations.KIND,
            label=_("Parameter"),
            carry_out=operations.carry_out,
            describe=inbox.describe,
        )
        registry.register(
            kind=operations.PROFILE_KIND,
            label=_("Lending profile"),
            carry_out=operations.carry_out_profile,
            describe=inbox.describe_profile,
        )
        registry.register(
            kind=tightenings.KIND,
            label=_("Tightening of a rule of contact"),
            carry_out=tightenings.carry_out,
            describe=tightenings.describe,
        )
        registry.register(
            kind=tightenings.END_KIND,
            label=_("End of a tightening"),
            carry_out=tightenings.carry_out_end,
            describe=tightenings.describe_end,
        )
