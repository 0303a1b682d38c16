"""What the database itself refuses: changed, unbalanced or late entries, and reopened periods."""

from django.db import migrations

from daihou.web.postgres.append_only import append_only

# At the end of the transaction a journal is whole and every day and product of it balances.
BALANCED = """
CREATE FUNCTION accounting_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
    apart record;
BEGIN
    SELECT count(*) INTO counted FROM accounting_journalentry WHERE journal_id = NEW.id;
    IF counted <> NEW.entry_count THEN
        RAISE EXCEPTION 'accounting: journal % has % entries, not %', NEW.id, counted,
            NEW.entry_count USING ERRCODE = 'check_violation';
    END IF;
    SELECT view, "on", product_id, currency INTO apart
    FROM accounting_journalentry WHERE journal_id = NEW.id
    GROUP BY view, "on", product_id, currency
    HAVING sum(debit_minor) <> sum(credit_minor)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'accounting: journal % does not balance on %', NEW.id, apart."on"
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON accounting_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounting_journal_balanced();
"""
BALANCED_REVERSE = """
DROP TRIGGER balanced ON accounting_journal;
DROP FUNCTION accounting_journal_balanced();
"""

# Entries belong to their journal's book and to an open period; a journal is never added to.
BELONGS = """
CREATE FUNCTION accounting_entries_belong() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray bigint;
BEGIN
    SELECT added.id INTO stray
    FROM added
    JOIN accounting_journal AS journal ON journal.id = added.journal_id
    JOIN accounting_accountingperiod AS period ON period.id = added.period_id
    JOIN accounting_account AS account ON account.id = added.account_id
    WHERE journal.book_id <> added.book_id OR period.book_id <> added.book_id
        OR account.view <> added.view OR period.state <> 'open'
        OR added."on" NOT BETWEEN period.start_on AND period.end_on
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'accounting: entry % is not of its book, view or an open period', stray
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT journal.id INTO stray
    FROM accounting_journal AS journal
    WHERE journal.id IN (SELECT journal_id FROM added)
        AND journal.entry_count < (
            SELECT count(*) FROM accounting_journalentry WHERE journal_id = journal.id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'accounting: journal % is whole already', stray
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER belongs AFTER INSERT ON accounting_journalentry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION accounting_entries_belong();
"""
BELONGS_REVERSE = """
DROP TRIGGER belongs ON accounting_journalentry;
DROP FUNCTION accounting_entries_belong();
"""

PERIODS_STAY = """
CREATE TRIGGER stays_closed BEFORE UPDATE ON accounting_accountingperiod
    FOR EACH ROW
    WHEN (OLD.state = 'closed' OR OLD.book_id <> NEW.book_id
          OR OLD.start_on <> NEW.start_on OR OLD.end_on <> NEW.end_on)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_row BEFORE DELETE ON accounting_accountingperiod
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON accounting_accountingperiod
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
PERIODS_STAY_REVERSE = """
DROP TRIGGER stays_closed ON accounting_accountingperiod;
DROP TRIGGER kept_row ON accounting_accountingperiod;
DROP TRIGGER kept_table ON accounting_accountingperiod;
"""


class Migration(migrations.Migration):
    dependencies = [("accounting", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        append_only(table="accounting_journal"),
        append_only(table="accounting_journalentry"),
        append_only(table="accounting_proof"),
        append_only(table="accounting_proofline"),
        migrations.RunSQL(BALANCED, BALANCED_REVERSE),
        migrations.RunSQL(BELONGS, BELONGS_REVERSE),
        migrations.RunSQL(PERIODS_STAY, PERIODS_STAY_REVERSE),
    ]
