from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="assignment",
            name="ended_note",
            field=models.CharField(
                blank=True, db_default="", max_length=200, verbose_name="结束理由"
            ),
        ),
    ]
