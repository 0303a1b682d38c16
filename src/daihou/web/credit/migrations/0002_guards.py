"""Changes of a line only grow; a tranche is paid out once, and only when its conditions are met."""

from django.db import migrations

from daihou.web.approvals.authority import Band, seed
from daihou.web.postgres.append_only import append_only

CONDITIONS_FIRST = """
CREATE FUNCTION credit_tranche_conditions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'planned' THEN
        RAISE EXCEPTION 'credit_tranche: % is settled', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'paid_out' AND EXISTS (
        SELECT FROM credit_condition WHERE tranche_id = NEW.id AND signed_by_id IS NULL)
    THEN
        RAISE EXCEPTION 'credit_tranche: % has conditions that are not signed off', NEW.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER conditions_first BEFORE UPDATE ON credit_tranche
    FOR EACH ROW EXECUTE FUNCTION credit_tranche_conditions();
CREATE TRIGGER kept_row BEFORE DELETE ON credit_tranche
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_row BEFORE DELETE ON credit_condition
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER signed BEFORE UPDATE ON credit_condition
    FOR EACH ROW WHEN (OLD.signed_by_id IS NOT NULL) EXECUTE FUNCTION refuse_change();
"""
CONDITIONS_FIRST_REVERSE = """
DROP TRIGGER signed ON credit_condition;
DROP TRIGGER kept_row ON credit_condition;
DROP TRIGGER kept_row ON credit_tranche;
DROP TRIGGER conditions_first ON credit_tranche;
DROP FUNCTION credit_tranche_conditions();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("credit", "0001_initial"),
        ("audit", "0002_append_only"),
        ("approvals", "0002_guards_and_seed"),
    ]

    operations = [
        append_only(table="credit_linechange"),
        migrations.RunSQL(CONDITIONS_FIRST, CONDITIONS_FIRST_REVERSE),
        seed(bands={"credit_line.raise": (Band(checkers=1, roles=("manager", "compliance")),)}),
    ]
