"""The app ``board``."""

from django.apps import AppConfig


class BoardConfig(AppConfig):
    name = "daihou.web.board"
    verbose_name = "看板"
    default_auto_field = "django.db.models.BigAutoField"
