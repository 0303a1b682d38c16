"""Slots of what was made before the cut-over; times at which a person is not to be reached."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from daihou.web.audit.queueing import sealed
from daihou.web.postgres.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0004_slots_held"),
        ("audit", "0004_guards_of_the_log"),
        ("parties", "0005_cutover"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BadTime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_minute", models.PositiveSmallIntegerField(verbose_name="起")),
                ("until_minute", models.PositiveSmallIntegerField(verbose_name="止")),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="记录时间")),
                ("note_digest", models.CharField(blank=True, max_length=64)),
                (
                    "made_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "verbose_name": "不便时段",
                "verbose_name_plural": "不便时段",
            },
        ),
        migrations.RemoveConstraint(
            model_name="slot",
            name="contacts_slot_of_one",
        ),
        migrations.AddField(
            model_name="slot",
            name="prior",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="slots",
                to="parties.priorattempt",
            ),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("inbound__isnull", True),
                        ("permit__isnull", False),
                        ("prior__isnull", True),
                    ),
                    models.Q(
                        ("inbound__isnull", False),
                        ("permit__isnull", True),
                        ("prior__isnull", True),
                    ),
                    models.Q(
                        ("inbound__isnull", True),
                        ("permit__isnull", True),
                        ("prior__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="contacts_slot_of_one",
            ),
        ),
        migrations.AddField(
            model_name="badtime",
            name="acting_user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="badtime",
            name="party",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bad_times",
                to="parties.party",
            ),
        ),
        migrations.AddField(
            model_name="badtime",
            name="subject",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bad_times",
                to="contacts.subject",
            ),
        ),
        migrations.CreateModel(
            name="BadTimeEnd",
            fields=[
                (
                    "bad_time",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="ended",
                        serialize=False,
                        to="contacts.badtime",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="终止时间")),
                (
                    "made_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "acting_user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "终止不便时段",
                "verbose_name_plural": "终止不便时段",
            },
        ),
        migrations.AddConstraint(
            model_name="badtime",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("from_minute__lt", 1440),
                    ("until_minute__lte", 1440),
                    models.Q(("from_minute", models.F("until_minute")), _negated=True),
                    ("weekdays__contained_by", [0, 1, 2, 3, 4, 5, 6]),
                ),
                name="contacts_badtime_of_a_day",
            ),
        ),
        append_only(table="contacts_badtime"),
        append_only(table="contacts_badtimeend"),
        sealed(table="contacts_badtime", source="badtime"),
        sealed(table="contacts_badtimeend", source="badtimeend", column="bad_time_id"),
    ]
