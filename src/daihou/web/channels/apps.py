"""The app ``channels``."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "daihou.web.channels"
    verbose_name = "触达渠道"
    default_auto_field = "django.db.models.BigAutoField"
