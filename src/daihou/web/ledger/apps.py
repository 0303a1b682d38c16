"""The ledger app: books, events, imports, ends of day and published positions."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "daihou.web.ledger"
    label = "ledger"
    verbose_name = "Ledger"
    default_auto_field = "django.db.models.BigAutoField"
