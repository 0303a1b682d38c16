"""What ordered a stop has a column of its own: evidence that a person types is no deed."""

from django.db import migrations, models

# Of the orders there are, the kinds that a form could give are a deed's only where they are a
# state's; complaints and claims of payment have kinds of their own.
FROM_EVIDENCE = """
ALTER TABLE contacts_stoporder DISABLE TRIGGER append_only_row;
UPDATE contacts_stoporder SET origin = split_part(evidence, ':', 1),
    origin_number = split_part(evidence, ':', 2)::bigint
WHERE (evidence ~ '^person_state:[0-9]{1,18}$'
        AND EXISTS (SELECT FROM parties_personstate AS state
            WHERE state.id = split_part(evidence, ':', 2)::bigint
                AND state.party_id = contacts_stoporder.party_id))
    OR (evidence ~ '^complaint:[0-9]{1,18}$' AND kind IN ('complaint', 'dispute'))
    OR (evidence ~ '^paid_claim:[0-9]{1,18}$' AND kind = 'already_paid');
ALTER TABLE contacts_stoporder ENABLE TRIGGER append_only_row;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0010_fewer_checks_and_indexes"),
        ("parties", "0004_reach_and_states"),
    ]

    operations = [
        migrations.AddField(
            model_name="stoporder",
            name="origin",
            field=models.CharField(
                blank=True,
                choices=[
                    ("person_state", "人员状态"),
                    ("complaint", "投诉"),
                    ("paid_claim", "称已还款"),
                ],
                db_default="",
                max_length=12,
                verbose_name="来源事项",
            ),
        ),
        migrations.AddField(
            model_name="stoporder",
            name="origin_number",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(sql=FROM_EVIDENCE, reverse_sql=migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="stoporder",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin", ""), ("origin_number__isnull", True))
                | models.Q(
                    ("origin__in", ["person_state", "complaint", "paid_claim"]),
                    ("origin_number__isnull", False),
                ),
                name="contacts_stop_origin_known",
            ),
        ),
    ]
