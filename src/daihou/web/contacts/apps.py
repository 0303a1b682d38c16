"""The app ``contacts``."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "daihou.web.contacts"
    verbose_name = "触达"
    default_auto_field = "django.db.models.BigAutoField"
