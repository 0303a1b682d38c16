"""The app ``credit``."""

from django.apps import AppConfig


class CreditConfig(AppConfig):
    name = "daihou.web.credit"
    verbose_name = "授信"
    default_auto_field = "django.db.models.BigAutoField"
