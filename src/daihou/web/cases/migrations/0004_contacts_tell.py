"""When a person was last contacted is told by her permits."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_why_it_ended")]

    operations = [migrations.RemoveField(model_name="case", name="last_contact_at")]
