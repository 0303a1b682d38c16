"""What the database itself refuses: a maker who checks, a request that changes, too few checkers.

And who decides on changes of the matrix: one of compliance, who did not ask.
"""

from django.db import migrations

from daihou.web.approvals.authority import Band, seed
from daihou.web.postgres.append_only import append_only

REQUESTS_STAY = """
CREATE TRIGGER kept_row BEFORE DELETE ON approvals_approval
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON approvals_approval
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER asked BEFORE UPDATE ON approvals_approval
    FOR EACH ROW
    WHEN (OLD.state <> 'pending'
          OR (to_jsonb(OLD) - 'state' - 'settled_at')
             IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'settled_at'))
    EXECUTE FUNCTION refuse_change();
CREATE FUNCTION approvals_checked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.checkers > (SELECT count(*) FROM approvals_decision
                       WHERE approval_id = NEW.id AND verdict = 'approved')
       OR EXISTS (SELECT FROM approvals_decision
                  WHERE approval_id = NEW.id AND verdict = 'refused')
    THEN
        RAISE EXCEPTION 'approvals_approval: % is not approved', NEW.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checked BEFORE UPDATE ON approvals_approval
    FOR EACH ROW WHEN (NEW.state = 'carried_out') EXECUTE FUNCTION approvals_checked();
"""
REQUESTS_STAY_REVERSE = """
DROP TRIGGER kept_row ON approvals_approval;
DROP TRIGGER kept_table ON approvals_approval;
DROP TRIGGER asked ON approvals_approval;
DROP TRIGGER checked ON approvals_approval;
DROP FUNCTION approvals_checked();
"""
OTHERS_DECIDE = """
CREATE FUNCTION approvals_decision_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM approvals_approval
               WHERE id = NEW.approval_id
                 AND (made_by_id = NEW.decided_by_id OR state <> 'pending'))
    THEN
        RAISE EXCEPTION 'approvals_decision: % was made by %, or is settled',
            NEW.approval_id, NEW.decided_by_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER by_another BEFORE INSERT ON approvals_decision
    FOR EACH ROW EXECUTE FUNCTION approvals_decision_by_another();
"""
OTHERS_DECIDE_REVERSE = """
DROP TRIGGER by_another ON approvals_decision;
DROP FUNCTION approvals_decision_by_another();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0001_initial"),
        ("audit", "0002_append_only"),
        ("access", "0002_cache_and_system_user"),
    ]

    operations = [
        append_only(table="approvals_authority"),
        append_only(table="approvals_decision"),
        migrations.RunSQL(REQUESTS_STAY, REQUESTS_STAY_REVERSE),
        migrations.RunSQL(OTHERS_DECIDE, OTHERS_DECIDE_REVERSE),
        seed(bands={"authority.change": (Band(checkers=1, roles=("compliance",)),)}),
    ]
