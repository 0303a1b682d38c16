"""The caps in force when this was written. A later change of a pack brings a migration of its own."""

from datetime import date

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CALLS = ["robot", "voice"]
ASKING = ["collection", "reminder"]
OTHERS = ["contact_person", "other"]
SPOKEN = ["effective", "refused", "unknown"]
MISSED = ["busy", "unanswered", "unknown"]
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
KEPT_BY = {"effective": SPOKEN, "unanswered": MISSED, "attempts": LEFT}
STANDARD, GUIDELINE = date(2025, 2, 28), date(2026, 1, 30)
HOUSE, REGULATION_F = date(2020, 1, 1), date(2021, 11, 30)
CAPS = [
    # jurisdiction, rule, from, counts, per, days, most, channels, purposes, recipients, agreed, in
    ("CN", "CN-FREQ-01", STANDARD, "effective", "person", 1, 3, CALLS, ASKING, [], "", False),
    (
        "CN",
        "CN-FREQ-02",
        GUIDELINE,
        "unanswered",
        "address",
        1,
        6,
        CALLS,
        ASKING,
        [],
        "dials",
        False,
    ),
    ("IN", "IN-FREQ-01", HOUSE, "effective", "person", 1, 3, CALLS, ASKING, [], "", False),
    ("IN", "IN-FREQ-02", HOUSE, "unanswered", "address", 1, 6, CALLS, ASKING, [], "", False),
    (
        "US",
        "US-FREQ-01",
        REGULATION_F,
        "attempts",
        "person_debt",
        7,
        7,
        CALLS,
        ASKING,
        [],
        "",
        False,
    ),
    (
        "US",
        "US-FREQ-02",
        REGULATION_F,
        "effective",
        "person_debt",
        7,
        1,
        CALLS,
        ASKING,
        [],
        "",
        True,
    ),
    ("US", "US-WHO-02", REGULATION_F, "attempts", "person_debt", 365, 1, [], [], OTHERS, "", False),
    ("", "HOUSE-FREQ-01", HOUSE, "attempts", "person", 1, 3, ["sms"], ASKING, [], "", False),
    ("", "HOUSE-FREQ-02", HOUSE, "attempts", "person", 1, 2, ["email"], ASKING, [], "", False),
    (
        "",
        "HOUSE-FREQ-03",
        HOUSE,
        "attempts",
        "person",
        1,
        3,
        ["push", "wechat", "whatsapp"],
        ASKING,
        [],
        "",
        False,
    ),
    ("", "HOUSE-FREQ-04", HOUSE, "attempts", "person", 7, 2, ["visit"], ASKING, [], "", False),
    ("", "HOUSE-FREQ-05", HOUSE, "attempts", "person", 7, 2, ["letter"], ASKING, [], "", False),
    ("", "HOUSE-FREQ-06", HOUSE, "attempts", "person_debt", 30, 2, [], [], OTHERS, "", False),
]
FIELDS = (
    "jurisdiction",
    "rule_id",
    "valid_from",
    "counts",
    "per",
    "days",
    "most",
    "channels",
    "purposes",
    "recipients",
    "unless_agreed",
    "with_inbound",
)


def seed(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    limits = apps.get_model("contacts", "Limit").objects.using(schema_editor.connection.alias)
    for row in CAPS:
        given = dict(zip(FIELDS, row, strict=True))
        limits.create(**given, kept_by=KEPT_BY[str(given["counts"])])


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_guards")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
