"""Consents and checks only grow."""

from django.db import migrations

from daihou.web.postgres.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0002_roles_consents_merges"),
        ("audit", "0002_append_only"),
    ]

    operations = [
        append_only(table="parties_consent"),
        append_only(table="parties_consentwithdrawal"),
        append_only(table="parties_identitycheck"),
    ]
