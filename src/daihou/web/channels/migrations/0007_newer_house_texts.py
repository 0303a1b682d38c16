"""Put the texts of the house that came after a database was made."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

from daihou.collect.templates import flags_of
from daihou.web.channels.house import house_texts


def put_newer_texts(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Put what is missing, approved: it came with the program, as its code did."""
    alias = schema_editor.connection.alias
    templates: Any = apps.get_model("channels", "Template").objects.using(alias)
    versions: Any = apps.get_model("channels", "TemplateVersion").objects.using(alias)
    for text in house_texts():
        template, is_new = templates.get_or_create(
            key=text.key,
            channel=text.channel,
            language=text.wording.language.value,
            book=None,
            funder=None,
            defaults={"name": text.name, "purpose": text.purpose},
        )
        if not is_new:
            continue
        flags = flags_of(wording=text.wording)
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
    dependencies = [("channels", "0006_leaves_by_itself")]
    operations = [migrations.RunPython(put_newer_texts, migrations.RunPython.noop)]
