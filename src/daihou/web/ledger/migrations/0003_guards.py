"""What the database itself refuses: changed history, lost loans, events of another book's loan."""

from django.db import migrations

from daihou.web.postgres.append_only import append_only

LOANS_STAY = """
CREATE TRIGGER kept_row BEFORE DELETE ON loans_loan
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON loans_loan
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER agreed BEFORE UPDATE ON loans_loan
    FOR EACH ROW
    WHEN (OLD.id IS DISTINCT FROM NEW.id
          OR OLD.book_id IS DISTINCT FROM NEW.book_id
          OR OLD.loan_ref IS DISTINCT FROM NEW.loan_ref
          OR OLD.shard IS DISTINCT FROM NEW.shard
          OR OLD.terms_id IS DISTINCT FROM NEW.terms_id
          OR OLD.principal_minor IS DISTINCT FROM NEW.principal_minor
          OR OLD.start_on IS DISTINCT FROM NEW.start_on)
    EXECUTE FUNCTION refuse_change();
"""
LOANS_STAY_REVERSE = """
DROP TRIGGER kept_row ON loans_loan;
DROP TRIGGER kept_table ON loans_loan;
DROP TRIGGER agreed ON loans_loan;
"""

EVENTS_BELONG = """
CREATE FUNCTION ledger_event_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray bigint;
BEGIN
    SELECT added.sequence INTO stray
    FROM added
    LEFT JOIN loans_loan AS loan ON loan.id = added.loan_id AND loan.book_id = added.book_id
    LEFT JOIN ledger_book AS book ON book.id = added.book_id
    WHERE loan.id IS NULL OR added.sequence >= book.next_sequence
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_event: event % has no loan in its book, or no place', stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER belongs AFTER INSERT ON ledger_event
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_event_belongs();
"""
EVENTS_BELONG_REVERSE = """
DROP TRIGGER belongs ON ledger_event;
DROP FUNCTION ledger_event_belongs();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_events_and_runs"),
        ("loans", "0001_initial"),
        ("audit", "0002_append_only"),
    ]

    operations = [
        append_only(table="ledger_event"),
        append_only(table="ledger_delinquencyevent"),
        append_only(table="loans_contractterms"),
        append_only(table="loans_loanschedule"),
        migrations.RunSQL(LOANS_STAY, LOANS_STAY_REVERSE),
        migrations.RunSQL(EVENTS_BELONG, EVENTS_BELONG_REVERSE),
    ]
