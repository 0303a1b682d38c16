"""The app ``payments``."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "daihou.web.payments"
    verbose_name = "收款"
    default_auto_field = "django.db.models.BigAutoField"
