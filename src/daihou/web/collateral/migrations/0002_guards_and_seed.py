"""What only grows, what of a pledge may change, who decides, and the cover that is wanted."""

from datetime import date

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from daihou.web.approvals.authority import Band, seed
from daihou.web.postgres.append_only import append_only

TABLES = ("item", "valuation", "insurance", "paper", "movement")
PLEDGE_STAYS = """
CREATE FUNCTION collateral_pledge_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.released_on IS NOT NULL
        OR (NEW.id, NEW.item_id, NEW.loan_id, NEW.rank, NEW.pledged_on, NEW.registration,
            NEW.added_by_id, NEW.added_at)
        IS DISTINCT FROM (OLD.id, OLD.item_id, OLD.loan_id, OLD.rank, OLD.pledged_on,
            OLD.registration, OLD.added_by_id, OLD.added_at)
        OR NEW.amount_minor IS DISTINCT FROM OLD.amount_minor
    THEN
        RAISE EXCEPTION 'append_only: a pledge can only be released, once'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pledge_stays BEFORE UPDATE OR DELETE ON collateral_pledge
    FOR EACH ROW EXECUTE FUNCTION collateral_pledge_stays();
"""
PLEDGE_MAY_CHANGE = """
DROP TRIGGER pledge_stays ON collateral_pledge;
DROP FUNCTION collateral_pledge_stays();
"""


def put(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    parameters = apps.get_model("parameters", "Parameter").objects
    parameters.using(schema_editor.connection.alias).create(
        name="collateral.coverage_least",
        jurisdiction="CN",
        valid_from=date(2000, 1, 1),
        value={"ratio": "1.00"},
        source="本机构：计入价值不低于结清金额",
        confidence="own",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("collateral", "0001_initial"),
        ("parameters", "0004_first_pack"),
        ("approvals", "0002_guards_and_seed"),
    ]

    operations = [
        *(append_only(table=f"collateral_{name}") for name in TABLES),
        migrations.RunSQL(PLEDGE_STAYS, PLEDGE_MAY_CHANGE),
        migrations.RunPython(put, migrations.RunPython.noop),
        seed(
            bands={
                "collateral.custody": (Band(checkers=1, roles=("manager", "finance")),),
                "collateral.release": (
                    Band(checkers=2, roles=("manager", "finance"), is_each_role=True),
                ),
            }
        ),
    ]
