"""The app ``complaints``."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "daihou.web.complaints"
    verbose_name = "投诉"
    default_auto_field = "django.db.models.BigAutoField"
