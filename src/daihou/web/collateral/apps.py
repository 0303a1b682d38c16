"""The app ``collateral``."""

from django.apps import AppConfig


class CollateralConfig(AppConfig):
    name = "daihou.web.collateral"
    verbose_name = "押品"
    default_auto_field = "django.db.models.BigAutoField"
