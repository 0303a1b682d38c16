"""The first pack, who decides on parameters, and that rows only grow."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from daihou.web.approvals.authority import Band, seed
from daihou.web.parameters.packs import rows_of
from daihou.web.postgres.append_only import append_only


def put(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    parameters = apps.get_model("parameters", "Parameter").objects
    for row in rows_of(pack="cn_2026_11", jurisdiction="CN"):
        parameters.using(schema_editor.connection.alias).create(**row)


class Migration(migrations.Migration):
    dependencies = [
        ("parameters", "0003_rules_and_profiles"),
        ("approvals", "0002_guards_and_seed"),
    ]

    operations = [
        migrations.RunPython(put, migrations.RunPython.noop),
        append_only(table="parameters_parameter"),
        append_only(table="parameters_lendingprofile"),
        seed(
            bands={
                "parameter.change": (Band(checkers=1, roles=("compliance",)),),
                "profile.change": (Band(checkers=1, roles=("compliance",)),),
            }
        ),
    ]
