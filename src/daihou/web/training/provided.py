"""What the guard has to know of who acts: certificates, record, promise of confidentiality."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from daihou.web.contacts.providers import FactRequest, Provided
from daihou.web.training.models import CheckKind

_LATEST_CHECK: Final = """(SELECT is_good FROM training_staffcheck
    WHERE user_id = %(user_id)s AND kind = '{kind}' ORDER BY id DESC LIMIT 1)"""
SQL: Final = f"""(
SELECT jsonb_build_object(
    'through', CASE WHEN bool_and(through IS NOT NULL) THEN min(through) END,
    'clean', {_LATEST_CHECK.format(kind=CheckKind.CLEAN_RECORD)},
    'confidential', {_LATEST_CHECK.format(kind=CheckKind.CONFIDENTIALITY)})
FROM (
    SELECT (
        SELECT max(valid_through) FROM training_certificate held
        WHERE held.user_id = %(user_id)s AND held.course_id = course.id AND NOT EXISTS (
            SELECT FROM training_certificatewithdrawn
            WHERE certificate_id = held.id)) AS through
    FROM training_course course WHERE course.is_required) of_course)"""  # noqa: S608  Constants.


def read(request: FactRequest, value: Mapping[str, str | bool | None]) -> Provided:  # noqa: ARG001
    """Tell of the acting user until when she is certified, and how her checks ended."""
    through = value["through"]
    return Provided(
        actor={
            "certified_through": date.fromisoformat(through) if isinstance(through, str) else None,
            "has_clean_record": bool(value["clean"]),
            "signed_confidentiality": bool(value["confidential"]),
        }
    )
