"""Evidence only grows."""

from django.db import migrations

from daihou.web.postgres.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("limitation", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        append_only(table="limitation_evidence"),
        append_only(table="limitation_evidencewithdrawn"),
    ]
