"""What the database itself refuses: receipts that change, debits without a mandate in force.

And who decides on what leaves suspense: another of finance or compliance.
"""

from datetime import date

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from daihou.web.approvals.authority import Band, seed
from daihou.web.postgres.append_only import append_only

RECEIPTS_STAY = """
CREATE TRIGGER kept_row BEFORE DELETE ON payments_receipt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON payments_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER said BEFORE UPDATE ON payments_receipt
    FOR EACH ROW
    WHEN (OLD.state IN ('posted', 'suspended', 'offset')
          OR (OLD.book_id, OLD.channel_id, OLD.kind, OLD.reference, OLD.target_reference,
              OLD.amount_minor, OLD.currency, OLD.paid_on, OLD.received_at, OLD.order_ref)
             IS DISTINCT FROM
             (NEW.book_id, NEW.channel_id, NEW.kind, NEW.reference, NEW.target_reference,
              NEW.amount_minor, NEW.currency, NEW.paid_on, NEW.received_at, NEW.order_ref))
    EXECUTE FUNCTION refuse_change();
"""
RECEIPTS_STAY_REVERSE = """
DROP TRIGGER kept_row ON payments_receipt;
DROP TRIGGER kept_table ON payments_receipt;
DROP TRIGGER said ON payments_receipt;
"""
SUSPENSE_STAYS = """
CREATE TRIGGER kept_row BEFORE DELETE ON payments_suspenseitem
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON payments_suspenseitem
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE UPDATE ON payments_suspenseitem
    FOR EACH ROW
    WHEN (OLD.state = 'settled'
          OR (to_jsonb(OLD) - 'left_minor' - 'state' - 'settled_at')
             IS DISTINCT FROM (to_jsonb(NEW) - 'left_minor' - 'state' - 'settled_at'))
    EXECUTE FUNCTION refuse_change();
CREATE FUNCTION payments_suspense_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT amount_minor - left_minor FROM payments_suspenseitem WHERE id = NEW.id)
       <> (SELECT coalesce(sum(amount_minor), 0) FROM payments_suspenseuse WHERE item_id = NEW.id)
    THEN
        RAISE EXCEPTION 'payments_suspenseitem: what is left of % and its uses do not add up', NEW.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT OR UPDATE ON payments_suspenseitem
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION payments_suspense_adds_up();
"""
SUSPENSE_STAYS_REVERSE = """
DROP TRIGGER kept_row ON payments_suspenseitem;
DROP TRIGGER kept_table ON payments_suspenseitem;
DROP TRIGGER kept ON payments_suspenseitem;
DROP TRIGGER adds_up ON payments_suspenseitem;
DROP FUNCTION payments_suspense_adds_up();
"""
DEBITS_NEED_MANDATES = """
CREATE FUNCTION payments_debit_has_mandate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM payments_mandate m JOIN payments_debitbatch b ON b.id = NEW.batch_id
        WHERE m.id = NEW.mandate_id AND m.loan_id = NEW.loan_id AND m.channel_id = b.channel_id
          AND m.signed_on <= b.run_on AND (m.ended_on IS NULL OR m.ended_on > b.run_on)
          AND (m.most_minor IS NULL OR m.most_minor >= NEW.amount_minor))
    THEN
        RAISE EXCEPTION 'payments_debitattempt: no mandate in force for %', NEW.reference
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER has_mandate BEFORE INSERT ON payments_debitattempt
    FOR EACH ROW EXECUTE FUNCTION payments_debit_has_mandate();
CREATE TRIGGER agreed BEFORE UPDATE ON payments_debitattempt
    FOR EACH ROW
    WHEN ((OLD.batch_id, OLD.mandate_id, OLD.loan_id, OLD.due_on, OLD.attempt_no,
           OLD.amount_minor, OLD.reference)
          IS DISTINCT FROM
          (NEW.batch_id, NEW.mandate_id, NEW.loan_id, NEW.due_on, NEW.attempt_no,
           NEW.amount_minor, NEW.reference))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER agreed BEFORE UPDATE ON payments_mandate
    FOR EACH ROW
    WHEN (OLD.ended_on IS NOT NULL
          OR (to_jsonb(OLD) - 'ended_on') IS DISTINCT FROM (to_jsonb(NEW) - 'ended_on'))
    EXECUTE FUNCTION refuse_change();
"""
DEBITS_NEED_MANDATES_REVERSE = """
DROP TRIGGER has_mandate ON payments_debitattempt;
DROP TRIGGER agreed ON payments_debitattempt;
DROP TRIGGER agreed ON payments_mandate;
DROP FUNCTION payments_debit_has_mandate();
"""
RETRY = {
    "attempts_most": 3,
    "pay_days": [5, 10, 15, 20, 25],
    "rules": {
        "INSUFFICIENT_FUNDS": {"after_days": 1, "waits_days": 5},
        "LIMIT_EXCEEDED": {"after_days": 1},
        "SYSTEM_BUSY": {"after_days": 1},
        "PARTLY_PAID": {"after_days": 1, "waits_days": 5},
        "ACCOUNT_CLOSED": {"stops": True},
        "ACCOUNT_FROZEN": {"stops": True},
        "MANDATE_ENDED": {"stops": True},
        "OTHER": {"after_days": 2},
    },
}


def put_parameter(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("parameters", "Parameter").objects.using(schema_editor.connection.alias)
    rows.get_or_create(
        name="debit.retry",
        jurisdiction="CN",
        valid_from=date(2000, 1, 1),
        defaults={
            "value": RETRY,
            "source": "own default: each channel's contract may allow less",
            "confidence": "own",
        },
    )


ANOTHER_OF_FINANCE = (Band(checkers=1, roles=("finance", "compliance")),)


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_initial"),
        ("approvals", "0002_guards_and_seed"),
        ("audit", "0002_append_only"),
        ("parameters", "0001_initial"),
    ]

    operations = [
        append_only(table="payments_channelnotice"),
        append_only(table="payments_debitanswer"),
        append_only(table="payments_channelbill"),
        append_only(table="payments_billline"),
        append_only(table="payments_suspenseuse"),
        append_only(table="payments_reconciliationrun"),
        migrations.RunSQL(RECEIPTS_STAY, RECEIPTS_STAY_REVERSE),
        migrations.RunSQL(SUSPENSE_STAYS, SUSPENSE_STAYS_REVERSE),
        migrations.RunSQL(DEBITS_NEED_MANDATES, DEBITS_NEED_MANDATES_REVERSE),
        migrations.RunPython(put_parameter, migrations.RunPython.noop),
        seed(
            bands={
                "suspense.apply": ANOTHER_OF_FINANCE,
                "suspense.return": ANOTHER_OF_FINANCE,
            }
        ),
    ]
