"""The cap on answers: a row that the house took into every pack."""

from datetime import date

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

LEFT = [
    "bounced",
    "busy",
    "delivered",
    "effective",
    "refused",
    "unanswered",
    "unknown",
    "wrong_person",
]


def seed(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    limits = apps.get_model("contacts", "Limit").objects.using(schema_editor.connection.alias)
    limits.create(
        jurisdiction="",
        rule_id="HOUSE-FREQ-07",
        valid_from=date(2020, 1, 1),
        counts="attempts",
        per="person",
        days=7,
        most=3,
        channels=[],
        purposes=["service_answer"],
        recipients=[],
        kept_by=LEFT,
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_slots_at_once")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
