"""A class of product of its own for microfinance."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0004_versions_stay"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="productversion",
            name="product_version_words_known",
        ),
        migrations.AlterField(
            model_name="productversion",
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
                db_default="",
                max_length=32,
                verbose_name="产品类别",
            ),
        ),
        migrations.AddConstraint(
            model_name="productversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "submitted", "approved", "retired"]),
                    ("origin__in", ["imported", "own"]),
                    models.Q(
                        ("lender_type", ""),
                        (
                            "lender_type__in",
                            ["bank", "consumer_finance", "micro_lender", "licensed", "private"],
                        ),
                        _connector="OR",
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
                ),
                name="product_version_words_known",
            ),
        ),
    ]
