"""Reviews, appeals, decisions and sheets only grow; the first score sheet."""

import tomllib
from datetime import date
from pathlib import Path

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from daihou.web.postgres.append_only import append_only

SHEET = Path(__file__).resolve().parents[1] / "sheet.toml"


def put(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    system = apps.get_model("access", "User").objects.using(alias).get(username="system")
    given = tomllib.loads(SHEET.read_text(encoding="utf-8"))
    items = [
        {**{name: value for name, value in each.items() if name != "text"}, "zh": zh, "en": en}
        for each in given["items"]
        for zh, en in [each["text"]]
    ]
    apps.get_model("quality", "ScoreSheet").objects.using(alias).create(
        effective_on=date(2020, 1, 1),
        items=items,
        pass_percent=given["pass_percent"],
        made_by=system,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0001_initial"),
        ("audit", "0002_append_only"),
        ("access", "0002_cache_and_system_user"),
    ]

    operations = [
        append_only(table="quality_scoresheet"),
        append_only(table="quality_review"),
        append_only(table="quality_appeal"),
        append_only(table="quality_appealdecision"),
        migrations.RunPython(put, migrations.RunPython.noop),
    ]
