"""The app ``limitation``."""

from django.apps import AppConfig


class LimitationConfig(AppConfig):
    name = "daihou.web.limitation"
    verbose_name = "诉讼时效"
    default_auto_field = "django.db.models.BigAutoField"
