"""The app ``audit``."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "daihou.web.audit"
    verbose_name = "审计"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.audit import sealing, sources  # noqa: PLC0415  Models are ready now.
        from daihou.web.jobs import loops  # noqa: PLC0415

        sources.register(sources.AUDIT_ROWS)
        loops.register(name="audit.seal", seconds=0.5, work=sealing.seal_waiting)
