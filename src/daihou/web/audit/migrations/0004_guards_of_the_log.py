"""The log only grows; every audit row waits for the sealer from the transaction it is written in."""

from django.db import migrations

from daihou.web.audit.queueing import sealed
from daihou.web.postgres.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_log")]

    operations = [
        append_only(table="audit_leaf"),
        append_only(table="audit_node"),
        append_only(table="audit_head"),
        sealed(table="audit_auditrow", source="audit"),
    ]
