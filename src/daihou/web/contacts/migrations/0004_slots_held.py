"""Find the slots that are held without reading them all."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_limits")]

    operations = [
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(
                fields=["holder", "rule_id", "day"],
                condition=Q(released_at__isnull=True),
                name="contacts_slot_held",
            ),
        ),
    ]
