"""The loans app: products and the contracts of loans."""

from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "daihou.web.loans"
    label = "loans"
    verbose_name = "Loans"
    default_auto_field = "django.db.models.BigAutoField"
