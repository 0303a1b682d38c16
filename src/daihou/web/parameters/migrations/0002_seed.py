"""The first dated parameters: buckets, and the order of allocation of late card debts."""

import datetime

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

DAY = "days past due from which a loan is in the bucket"
SEED = [
    {
        "name": "ageing.bucket_from_days",
        "jurisdiction": "CN",
        "valid_from": datetime.date(2000, 1, 1),
        "value": {"M1": 1, "M2": 31, "M3": 61, "M4": 91, "M5": 121, "M6": 151, "M6+": 181},
        "source": "逾期分档, as lenders name it: " + DAY,
        "confidence": "own",
    },
    {
        "name": "allocation.late_from_days",
        "jurisdiction": "CN",
        "valid_from": datetime.date(2011, 1, 13),
        "value": {"card": 91},
        "source": "商业银行信用卡业务监督管理办法 第57条",
        "confidence": "secondary",
    },
    {
        "name": "allocation.order",
        "jurisdiction": "CN",
        "valid_from": datetime.date(2021, 1, 1),
        "value": ["fee", "penalty", "compound_interest", "interest", "principal"],
        "source": "民法典 第561条",
        "confidence": "full",
    },
]


def seed(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    parameters = apps.get_model("parameters", "Parameter").objects
    for row in SEED:
        parameters.using(schema_editor.connection.alias).create(**row)


class Migration(migrations.Migration):
    dependencies = [("parameters", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
