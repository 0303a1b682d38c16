"""Which tables are sealed: a trigger lets each new row wait for the sealer.

A migration writes ``operations = [..., sealed(table="contacts_permit", source="permit")]`` after
``("audit", "0004_guards_of_the_log")``; ``audit.sources.register`` says how its rows are written.
"""

from django.db.migrations import RunSQL

_SQL = """
CREATE FUNCTION "seal_{table}"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (source, row_id)
    SELECT '{source}', "{column}" FROM written ORDER BY "{column}";
    RETURN NULL;
END $$;
CREATE TRIGGER sealed_insert AFTER INSERT ON "{table}"
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION "seal_{table}"();
INSERT INTO audit_unsealed (source, row_id)
    SELECT '{source}', "{column}" FROM "{table}" ORDER BY "{column}";
"""
_REVERSE_SQL = """
DROP TRIGGER sealed_insert ON "{table}";
DROP FUNCTION "seal_{table}"();
"""


def sealed(*, table: str, source: str, column: str = "id") -> RunSQL:
    """Return the migration step that has every row of a table sealed, those it has first."""
    return RunSQL(
        sql=_SQL.format(table=table, source=source, column=column),
        reverse_sql=_REVERSE_SQL.format(table=table),
    )
