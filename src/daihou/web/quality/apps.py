"""The app ``quality``."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "daihou.web.quality"
    verbose_name = "质检"
    default_auto_field = "django.db.models.BigAutoField"
