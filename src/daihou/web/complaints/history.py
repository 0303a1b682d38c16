"""Tell the guard what somebody complained of before: what was taken back is left out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from daihou.collect.facts import Complaint
from daihou.web.contacts import providers
from daihou.web.contacts.providers import FactRequest, Provided

SQL: Final = """(
SELECT jsonb_agg(jsonb_build_array(received_at, finding IN ('upheld', 'partly')) ORDER BY id)
FROM complaints_complaint
WHERE nature = 'complaint' AND state <> 'withdrawn' AND received_at <= %(at)s::timestamptz
    AND id IN (
        SELECT id FROM complaints_complaint
            WHERE party_id = ANY (%(party_ids)s::bigint[] || %(recipient_party_ids)s::bigint[])
        UNION ALL
        SELECT told.complaint_id FROM complaints_complaint_loans AS told
            JOIN complaints_complaint AS nameless ON nameless.id = told.complaint_id
            WHERE told.loan_id = ANY (%(loan_ids)s::bigint[]) AND nameless.party_id IS NULL))"""


def register() -> None:
    """Let the guard be told; called in ``AppConfig.ready``."""
    providers.register(name="complaints", read=read, sql=SQL)


def read(asked: FactRequest, found: Sequence[Sequence[Any]] | None) -> Provided:  # noqa: ARG001
    """Turn what was read into facts."""
    return Provided(
        facts={
            "complaints": tuple(
                Complaint(at=datetime.fromisoformat(at).astimezone(UTC), is_right=is_right)
                for at, is_right in found or []
            )
        }
    )
