"""The app ``contacts``."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "daihou.web.contacts"
    verbose_name = "触达"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.audit.sources import register  # noqa: PLC0415  Models are ready now.
        from daihou.web.contacts import (  # noqa: PLC0415
            finding_facts,
            findings,
            outbox,
            sealing,
            telling,
            times,
        )
        from daihou.web.jobs import loops  # noqa: PLC0415

        telling.register()
        times.register()
        findings.register()
        finding_facts.register()
        for source in sealing.SOURCES:
            register(source)
        loops.register(name="contacts.outbox", seconds=0.5, work=outbox.work)
