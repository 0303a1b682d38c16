"""The app ``servicing``."""

from django.apps import AppConfig


class ServicingConfig(AppConfig):
    name = "daihou.web.servicing"
    verbose_name = "贷后服务"
    default_auto_field = "django.db.models.BigAutoField"
