"""What waits to be handed over again may be handed to another account; nothing else may change."""

from django.db import migrations

HANDED = """
DROP TRIGGER handed ON channels_delivery;
CREATE TRIGGER handed BEFORE UPDATE ON channels_delivery
    FOR EACH ROW
    WHEN ((OLD.permit_ref, OLD.channel, OLD.version_id, OLD.address_key)
          IS DISTINCT FROM (NEW.permit_ref, NEW.channel, NEW.version_id, NEW.address_key)
          OR (OLD.account_id <> NEW.account_id
              AND NOT (OLD.state = 'waiting' AND NEW.state = 'handing'))
          OR (OLD.state IN ('accepted', 'refused', 'unknown')
              AND NEW.state IN ('handing', 'waiting')))
    EXECUTE FUNCTION refuse_change();
"""
BACK = """
DROP TRIGGER handed ON channels_delivery;
CREATE TRIGGER handed BEFORE UPDATE ON channels_delivery
    FOR EACH ROW
    WHEN ((OLD.permit_ref, OLD.account_id, OLD.channel, OLD.version_id, OLD.address_key)
          IS DISTINCT FROM
          (NEW.permit_ref, NEW.account_id, NEW.channel, NEW.version_id, NEW.address_key)
          OR (OLD.state IN ('accepted', 'refused', 'unknown')
              AND NEW.state IN ('handing', 'waiting')))
    EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("channels", "0004_reminders_of_promises")]
    operations = [migrations.RunSQL(sql=HANDED, reverse_sql=BACK)]
