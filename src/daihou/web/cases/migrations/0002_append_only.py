"""What people wrote and what was decided only grows; the text of a note can be deleted."""

from django.db import migrations

from daihou.web.postgres.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        append_only(table="cases_turn"),
        append_only(table="cases_note"),
        append_only(table="cases_promisepart"),
        append_only(table="cases_promisedecision"),
        append_only(table="cases_affordability"),
        append_only(table="cases_caserequest"),
    ]
