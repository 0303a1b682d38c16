"""Keep with an import's batch what was found after it was posted."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import ImportBatch


def keep_import_report(
    *, batch_id: int, errors_file: str, summary: Mapping[str, Any], acting_user: User
) -> None:
    """Note where the refused rows are and what the reconciliation said."""
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
        batch.errors_file, batch.summary = errors_file, dict(summary)
        batch.save(update_fields=["errors_file", "summary"])
        audit.record(
            acting_user=acting_user,
            action="tape.report",
            target_type="import_batch",
            target_id=batch_id,
            details={"errors_file": errors_file},
        )
