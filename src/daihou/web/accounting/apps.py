"""The app ``accounting``."""

from django.apps import AppConfig


class AccountingConfig(AppConfig):
    name = "daihou.web.accounting"
    verbose_name = "账务"
    default_auto_field = "django.db.models.BigAutoField"
