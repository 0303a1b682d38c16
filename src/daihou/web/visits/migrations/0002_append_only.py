"""What a phone sent stays as it arrived."""

from django.db import migrations

from daihou.web.postgres.append_only import append_only

TABLES = ("checkin", "photo", "report")


class Migration(migrations.Migration):
    dependencies = [("visits", "0001_initial")]
    operations = [append_only(table=f"visits_{name}") for name in TABLES]
