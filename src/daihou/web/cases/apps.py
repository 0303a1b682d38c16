"""The app ``cases``: who is in collections, who works it, what was promised."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "daihou.web.cases"
    verbose_name = "案件"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from daihou.web.cases import telling  # noqa: PLC0415  It needs every app's models.
        from daihou.web.parties.merging import follow  # noqa: PLC0415

        telling.register_all()
        follow(model="cases.Case", field="party", once=("book_id",), ended="closed_on")
        follow(model="cases.Direction", field="party", once=("book_id",), ended="until_on")
        follow(model="cases.CollectorExclusion", field="party", once=("user_id",), ended="until_at")
