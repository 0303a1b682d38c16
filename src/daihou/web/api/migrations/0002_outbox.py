"""The outbox fills itself: a message per endpoint that wants it, in the change's transaction."""

from django.db import migrations

FILL = """
CREATE FUNCTION api_fill_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO api_message (endpoint_id, audit_row_id, state, attempts)
    SELECT endpoint.id, NEW.id, 'waiting', 0
    FROM api_endpoint AS endpoint
    WHERE endpoint.is_active
      AND endpoint.topics && ARRAY[NEW.action, split_part(NEW.action, '.', 1) || '.*', '*']::varchar[];
    RETURN NULL;
END $$;
CREATE TRIGGER fills_outbox AFTER INSERT ON audit_auditrow
    FOR EACH ROW EXECUTE FUNCTION api_fill_outbox();
"""
UNDO = """
DROP TRIGGER fills_outbox ON audit_auditrow;
DROP FUNCTION api_fill_outbox();
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0001_clients_and_outbox"), ("audit", "0002_append_only")]
    operations = [migrations.RunSQL(sql=FILL, reverse_sql=UNDO)]
