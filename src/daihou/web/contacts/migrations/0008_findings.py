"""What was established of a debt; agreements that no rule reads are gone; a new way to count."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from daihou.web.approvals.authority import Band, seed
from daihou.web.audit.queueing import sealed
from daihou.web.postgres.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0003_roles_of_collections"),
        ("contacts", "0007_answers_limited"),
        ("ledger", "0006_changes_of_the_plan"),
        ("loans", "0005_microfinance"),
        ("parties", "0005_cutover"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("transferred", "债权已转让"),
                            ("transfer_told", "债权转让通知已到达"),
                            ("validation_sent", "债务核实通知已送达"),
                            ("bureau_told", "报送征信前已告知"),
                            ("agent_told", "代理机构已告知"),
                            ("joint_debt", "夫妻共同债务"),
                            ("inheritance", "继承遗产"),
                            ("exhausted", "债务人财产执行不能"),
                        ],
                        max_length=16,
                        verbose_name="事项",
                    ),
                ),
                ("from_on", models.DateField(verbose_name="日期")),
                (
                    "named",
                    models.CharField(blank=True, db_default="", max_length=80, verbose_name="名称"),
                ),
                ("amount_minor", models.BigIntegerField(null=True, verbose_name="金额")),
                ("evidence", models.CharField(max_length=200, verbose_name="证据")),
                (
                    "made_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "verbose_name": "认定事实",
                "verbose_name_plural": "认定事实",
            },
        ),
        migrations.RemoveConstraint(
            model_name="agreement",
            name="contacts_agreement_proved",
        ),
        migrations.RemoveConstraint(
            model_name="limit",
            name="contacts_limit_sensible",
        ),
        migrations.AlterField(
            model_name="agreement",
            name="kind",
            field=models.CharField(
                choices=[("hours", "约定时间外触达"), ("dials", "约定拨打次数")],
                max_length=8,
                verbose_name="事项",
            ),
        ),
        migrations.AlterField(
            model_name="limit",
            name="counts",
            field=models.CharField(
                choices=[
                    ("effective", "有效接通"),
                    ("unanswered", "未接拨打"),
                    ("attempts", "全部触达"),
                    ("connected", "除忙线外的触达"),
                ],
                max_length=12,
                verbose_name="计数",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["hours", "dials"]), models.Q(("evidence", ""), _negated=True)
                ),
                name="contacts_agreement_proved",
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("counts__in", ["effective", "unanswered", "attempts", "connected"]),
                    ("days__gte", 1),
                    ("per__in", ["person", "address", "debt", "person_debt"]),
                    models.Q(("rule_id", ""), _negated=True),
                ),
                name="contacts_limit_sensible",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="acting_user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="approval",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="approvals.approval",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="book",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="findings",
                to="ledger.book",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="loan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="findings",
                to="loans.loan",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="party",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="findings",
                to="parties.party",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="permit",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.permit",
            ),
        ),
        migrations.CreateModel(
            name="FindingEnd",
            fields=[
                (
                    "finding",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="ended",
                        serialize=False,
                        to="contacts.finding",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="撤回时间")),
                ("reason", models.CharField(max_length=200, verbose_name="理由")),
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
                (
                    "approval",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="approvals.approval",
                    ),
                ),
            ],
            options={
                "verbose_name": "撤回认定",
                "verbose_name_plural": "撤回认定",
            },
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "transferred",
                            "transfer_told",
                            "validation_sent",
                            "bureau_told",
                            "agent_told",
                            "joint_debt",
                            "inheritance",
                            "exhausted",
                        ],
                    ),
                    models.Q(("evidence", ""), _negated=True),
                ),
                name="contacts_finding_proved",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ("transferred", "exhausted")), ("party__isnull", True)),
                    models.Q(
                        models.Q(("kind__in", ("transferred", "exhausted")), _negated=True),
                        ("party__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="contacts_finding_of_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "transferred"),
                    ("approval__isnull", False),
                    ("permit__isnull", False),
                    _connector="OR",
                ),
                name="contacts_finding_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ("transferred", "agent_told")),
                        models.Q(("named", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("kind__in", ("transferred", "agent_told")), _negated=True),
                        ("named", ""),
                    ),
                    _connector="OR",
                ),
                name="contacts_finding_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_minor__gte", 0), ("kind", "inheritance")),
                    models.Q(
                        models.Q(("kind", "inheritance"), _negated=True),
                        ("amount_minor__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="contacts_finding_amount",
            ),
        ),
        append_only(table="contacts_finding"),
        append_only(table="contacts_findingend"),
        sealed(table="contacts_finding", source="finding"),
        sealed(table="contacts_findingend", source="findingend", column="finding_id"),
        seed(
            bands={
                kind: (Band(checkers=1, roles=("compliance", "manager")),)
                for kind in ("finding.note", "finding.end")
            }
        ),
    ]
