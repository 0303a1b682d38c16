"""What the database itself refuses: texts and words that change. And the first texts."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

from daihou.collect.templates import flags_of
from daihou.web.approvals.authority import Band, seed
from daihou.web.channels.house import house_texts

STAYS = """
CREATE TRIGGER kept_row BEFORE DELETE ON channels_delivery
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON channels_delivery
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER handed BEFORE UPDATE ON channels_delivery
    FOR EACH ROW
    WHEN ((OLD.permit_ref, OLD.account_id, OLD.channel, OLD.version_id, OLD.address_key)
          IS DISTINCT FROM
          (NEW.permit_ref, NEW.account_id, NEW.channel, NEW.version_id, NEW.address_key)
          OR (OLD.state IN ('accepted', 'refused', 'unknown')
              AND NEW.state IN ('handing', 'waiting')))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_row BEFORE DELETE ON channels_heard
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON channels_heard
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER said BEFORE UPDATE ON channels_heard
    FOR EACH ROW
    WHEN ((to_jsonb(OLD) - 'state' - 'delivery_id' - 'party_id' - 'closed_by_id' - 'closed_reason')
          IS DISTINCT FROM
          (to_jsonb(NEW) - 'state' - 'delivery_id' - 'party_id' - 'closed_by_id' - 'closed_reason'))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER written BEFORE UPDATE ON channels_templateversion
    FOR EACH ROW
    WHEN (OLD.state <> 'draft'
          AND (to_jsonb(OLD) - 'state' - 'approved_at')
              IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'approved_at')
          OR OLD.state = 'retired'
          OR OLD.state = 'approved' AND NEW.state <> 'retired')
    EXECUTE FUNCTION refuse_change();
"""
STAYS_REVERSE = """
DROP TRIGGER kept_row ON channels_delivery;
DROP TRIGGER kept_table ON channels_delivery;
DROP TRIGGER handed ON channels_delivery;
DROP TRIGGER kept_row ON channels_heard;
DROP TRIGGER kept_table ON channels_heard;
DROP TRIGGER said ON channels_heard;
DROP TRIGGER written ON channels_templateversion;
"""


def put_texts(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Put the texts of the house, approved: they came with the program, as its code did."""
    alias = schema_editor.connection.alias
    templates: Any = apps.get_model("channels", "Template").objects.using(alias)
    versions: Any = apps.get_model("channels", "TemplateVersion").objects.using(alias)
    for text in house_texts():
        flags = flags_of(wording=text.wording)
        template = templates.create(
            key=text.key,
            name=text.name,
            channel=text.channel,
            purpose=text.purpose,
            language=text.wording.language.value,
        )
        versions.create(
            template=template,
            version_no=1,
            subject=text.wording.subject,
            body=text.wording.body,
            state="approved",
            approved_at=timezone.now(),
            names_creditor=flags.names_creditor,
            names_institution=flags.names_institution,
            carries_debt_facts=flags.carries_debt_facts,
            has_opt_out=flags.has_opt_out,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0001_initial"),
        ("approvals", "0002_guards_and_seed"),
        ("audit", "0002_append_only"),
    ]

    operations = [
        migrations.RunSQL(STAYS, STAYS_REVERSE),
        migrations.RunPython(put_texts, migrations.RunPython.noop),
        seed(bands={"template.approve": (Band(checkers=1, roles=("compliance",)),)}),
    ]
