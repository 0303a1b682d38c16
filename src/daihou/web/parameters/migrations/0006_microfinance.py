"""A class of product of its own for microfinance."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_changes_of_the_plan"),
        ("loans", "0005_microfinance"),
        ("parameters", "0005_tightenings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="lendingprofile",
            name="parameters_profile_known",
        ),
        migrations.AlterField(
            model_name="lendingprofile",
            name="product_class",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "未分类"),
                    ("online_consumer", "线上消费"),
                    ("online_business", "线上经营"),
                    ("consumer", "线下消费"),
                    ("business", "线下经营"),
                    ("card", "信用卡"),
                    ("microfinance", "小额信贷（印度）"),
                ],
                default="",
                max_length=32,
                verbose_name="产品类别",
            ),
        ),
        migrations.AddConstraint(
            model_name="lendingprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "lender_type__in",
                        ["bank", "consumer_finance", "micro_lender", "licensed", "private"],
                    ),
                    (
                        "product_class__in",
                        [
                            "",
                            "online_consumer",
                            "online_business",
                            "consumer",
                            "business",
                            "card",
                            "microfinance",
                        ],
                    ),
                    models.Q(("jurisdiction", ""), _negated=True),
                ),
                name="parameters_profile_known",
            ),
        ),
    ]
