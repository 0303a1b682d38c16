"""What only grows, and the years that files are kept."""

from datetime import date
from typing import Any

from django.db import migrations

from daihou.web.postgres.append_only import append_only

TABLES = ("content", "file", "filelink", "hold", "holdlift", "fileview", "removal", "retentionrule")
RULES = (
    {
        "retention": "accounting",
        "valid_from": date(2016, 1, 1),
        "years": 30,
        "counted_from": "arrival",
        "source": "《会计档案管理办法》（财政部、国家档案局令第79号）附表一：会计凭证 30 年",
        "confidence": "memory",
    },
    {
        "retention": "customer",
        "valid_from": date(2007, 1, 1),
        "years": 5,
        "counted_from": "settlement",
        "source": "《反洗钱法》（2006）第十九条",
        "confidence": "memory",
    },
    {
        "retention": "customer",
        "valid_from": date(2025, 1, 1),
        "years": 10,
        "counted_from": "settlement",
        "source": "《反洗钱法》（2024 修订）第三十四条",
        "confidence": "memory",
    },
    {
        "retention": "evidence",
        "valid_from": date(2007, 1, 1),
        "years": 5,
        "counted_from": "settlement",
        "source": "本机构：诉讼时效三年加申请执行期间二年",
        "confidence": "own",
    },
    {
        "retention": "contact",
        "valid_from": date(2007, 1, 1),
        "years": 5,
        "counted_from": "settlement",
        "source": "本机构：催收录音与证据同期保存，法规未见年限",
        "confidence": "own",
    },
    {
        "retention": "short",
        "valid_from": date(2007, 1, 1),
        "years": 1,
        "counted_from": "arrival",
        "source": "本机构",
        "confidence": "own",
    },
)


def seed(apps: Any, editor: Any) -> None:
    rule = apps.get_model("archive", "RetentionRule")
    rule.objects.using(editor.connection.alias).bulk_create(rule(**given) for given in RULES)


class Migration(migrations.Migration):
    dependencies = [("archive", "0001_initial")]

    operations = [
        migrations.RunPython(seed, migrations.RunPython.noop),
        *(append_only(table=f"archive_{name}") for name in TABLES),
    ]
