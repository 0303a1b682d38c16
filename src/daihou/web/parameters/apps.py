"""The app ``parameters``."""

from django.apps import AppConfig


class ParametersConfig(AppConfig):
    name = "daihou.web.parameters"
    verbose_name = "参数"
    default_auto_field = "django.db.models.BigAutoField"
