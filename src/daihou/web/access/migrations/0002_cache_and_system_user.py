"""The table of the shared cache (log-in limits), and the user that unattended runs act as."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CACHE = """
CREATE UNLOGGED TABLE access_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX access_cache_expires ON access_cache (expires);
"""


def make_system_user(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    users = apps.get_model("access", "User").objects.using(schema_editor.connection.alias)
    users.create(username="system", display_name="系统", password="!", is_active=False)


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]

    operations = [
        migrations.RunSQL(CACHE, "DROP TABLE access_cache"),
        migrations.RunPython(make_system_user, migrations.RunPython.noop),
    ]
