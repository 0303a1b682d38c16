"""The app ``parties``."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "daihou.web.parties"
    verbose_name = "主体"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings  # noqa: PLC0415  Django is ready only now.

        from daihou.web.parties import providers, telling  # noqa: PLC0415  As above.

        telling.register()
        if settings.IS_LOCAL:
            providers.install(providers.Sandbox())
