"""Seven calls in seven days, as read since: a busy number is no call, an attorney may be called.

Notices of law have a cap of the house: they pass every stop.
"""

from datetime import date

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


LEFT = ["bounced", "delivered", "effective", "refused", "unanswered", "unknown", "wrong_person"]


def seed(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    limits = apps.get_model("contacts", "Limit").objects.using(schema_editor.connection.alias)
    limits.create(
        jurisdiction="US",
        rule_id="US-FREQ-01",
        valid_from=date(2026, 11, 22),
        counts="connected",
        per="person_debt",
        days=7,
        most=7,
        channels=["robot", "voice"],
        purposes=["collection", "reminder"],
        recipients=[
            "co_borrower",
            "contact_person",
            "debtor",
            "guarantor",
            "heir",
            "other",
            "spouse",
        ],
        kept_by=LEFT,
    )
    limits.create(
        jurisdiction="",
        rule_id="HOUSE-FREQ-08",
        valid_from=date(2020, 1, 1),
        counts="attempts",
        per="person_debt",
        days=7,
        most=3,
        channels=[],
        purposes=["statutory_notice"],
        recipients=[],
        kept_by=sorted([*LEFT, "busy"]),
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0008_findings")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
