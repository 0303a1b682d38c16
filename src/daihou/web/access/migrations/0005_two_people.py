"""Who is the second person where one alone gives no sensitive role and takes no data out."""

from django.db import migrations

from daihou.web.approvals.authority import Band, seed

COMPLIANCE = (Band(checkers=1, roles=("compliance",)),)


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0004_looks"),
        ("approvals", "0002_guards_and_seed"),
    ]

    operations = [
        seed(
            bands={
                "role.grant": COMPLIANCE,
                "second_factor.remove": COMPLIANCE,
                "personal_data.export": (Band(checkers=1, roles=("compliance", "manager")),),
            }
        ),
    ]
