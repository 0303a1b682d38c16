"""Results, certificates and checks only grow; the first courses with their questions."""

import tomllib
from pathlib import Path

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from daihou.web.postgres.append_only import append_only

QUESTIONS = Path(__file__).resolve().parents[1] / "questions.toml"


def put(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    courses = apps.get_model("training", "Course").objects.using(alias)
    asked = apps.get_model("training", "Question").objects.using(alias)
    for given in tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))["course"]:
        questions = given.pop("question")
        title_zh, title_en = given.pop("title")
        course = courses.create(title_zh=title_zh, title_en=title_en, **given)
        for each in questions:
            text_zh, text_en = each["text"]
            asked.create(
                course=course,
                text_zh=text_zh,
                text_en=text_en,
                options=each["options"],
                right=0,
            )


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        append_only(table="training_exam"),
        append_only(table="training_examresult"),
        append_only(table="training_certificate"),
        append_only(table="training_certificatewithdrawn"),
        append_only(table="training_staffcheck"),
        migrations.RunPython(put, migrations.RunPython.noop),
    ]
