"""The app ``visits``."""

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "daihou.web.visits"
    verbose_name = "外访"
    default_auto_field = "django.db.models.BigAutoField"
