"""What only grows, who lets a clock run longer, and the first clocks with their sources."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from daihou.web.approvals.authority import Band, seed
from daihou.web.parameters.packs import rows_of
from daihou.web.postgres.append_only import append_only


def put(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    parameters = apps.get_model("parameters", "Parameter").objects
    for row in rows_of(pack="complaints_2026_11", jurisdiction="CN"):
        parameters.using(schema_editor.connection.alias).create(**row)


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0001_initial"),
        ("parameters", "0004_first_pack"),
        ("approvals", "0002_guards_and_seed"),
        ("audit", "0002_append_only"),
    ]

    operations = [
        append_only(table="complaints_step"),
        append_only(table="complaints_complainthold"),
        append_only(table="complaints_complaintcontact"),
        append_only(table="complaints_complaintperson"),
        append_only(table="complaints_extension"),
        append_only(table="complaints_remedy"),
        migrations.RunPython(put, migrations.RunPython.noop),
        seed(
            bands={
                "complaint.extend": (Band(checkers=1, roles=("compliance", "manager")),),
            }
        ),
    ]
