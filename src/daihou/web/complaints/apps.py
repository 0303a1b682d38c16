"""The app ``complaints``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    name = "daihou.web.complaints"
    verbose_name = "投诉"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.approvals import registry  # noqa: PLC0415  Models are ready only now.
        from daihou.web.complaints import (  # noqa: PLC0415  As above.
            history,
            inbox,
            operations,
            telling,
        )

        history.register()
        telling.register()
        registry.register(
            kind=operations.EXTEND,
            label=_("Longer clock of a complaint"),
            carry_out=operations.carry_out_extension,
            describe=inbox.describe,
        )
