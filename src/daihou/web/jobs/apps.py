"""The app ``jobs``: work that is done later, by ``daihou worker``; other apps have ``tasks``."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "daihou.web.jobs"
    verbose_name = "任务"
    default_auto_field = "django.db.models.BigAutoField"
