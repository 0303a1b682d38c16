"""The audit only grows."""

from django.db import migrations

from daihou.web.postgres.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [append_only(table="audit_auditrow")]
