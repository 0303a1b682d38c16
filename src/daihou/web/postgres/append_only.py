"""Tables that only grow: triggers that refuse change, found again when grants are given.

A migration writes ``operations = [..., append_only(table="ledger_event")]``. The triggers hold for
every role, the owner's too; ``roles.grant`` sees them and withholds the rights as well.
"""

from django.db.migrations import RunSQL

_SQL = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON "{table}"
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON "{table}"
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
_REVERSE_SQL = """
DROP TRIGGER append_only_row ON "{table}";
DROP TRIGGER append_only_table ON "{table}";
"""


def append_only(*, table: str) -> RunSQL:
    """Return the migration step that makes a table refuse update, delete and truncate."""
    return RunSQL(sql=_SQL.format(table=table), reverse_sql=_REVERSE_SQL.format(table=table))
