"""Personal data leave the house as a file only by the consent of a second person, once, marked.

Asked for with a reason, for at most ``MOST`` persons of one book; approved by another; taken by
who asked, within ``TAKE_WITHIN``, once. The first row names approval, user and instant.
Errors  ``DaihouError`` by code, see each operation.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _, gettext_lazy

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals, registry
from daihou.web.approvals.models import Approval, State
from daihou.web.audit import operations as audit
from daihou.web.audit.models import AuditRow
from daihou.web.ledger.models import Book
from daihou.web.parties import queries
from daihou.web.parties.models import Field, Party

KIND: Final = "personal_data.export"
LABEL = gettext_lazy("Export of personal data")
MOST: Final = 500
TAKE_WITHIN: Final = timedelta(hours=24)
TAKEN: Final = "personal_data.take"
FORMULA: Final = ("=", "@")  # What a spreadsheet would compute.


def request_export(
    *, book: Book, references: Sequence[str], fields: Sequence[str], reason: str, acting_user: User
) -> Approval:
    """Ask to export fields of persons of a book, named by their references.

    :raises DaihouError: ``personal_data.nobody_named``, ``personal_data.too_many``,
        ``personal_data.field_unknown``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    wanted = sorted({each.strip() for each in references if each.strip()})
    unknown = sorted(set(fields) - set(Field.values))
    if unknown or not fields:
        raise DaihouError("personal_data.field_unknown", field=", ".join(unknown)[:80])
    if len(wanted) > MOST:
        raise DaihouError("personal_data.too_many", most=MOST)
    has_part = Q(source=book.name) | Q(loans__book=book) | Q(roles__loan__book=book)
    found = Party.objects.filter(has_part, reference__in=wanted).distinct()
    ids = sorted(found.values_list("pk", flat=True))
    if not ids:
        raise DaihouError("personal_data.nobody_named")
    return approvals.request(
        kind=KIND,
        book=book,
        target_type="book",
        target_id=book.pk,
        payload={"parties": ids, "fields": sorted(set(fields))},
        reason=reason,
        acting_user=acting_user,
    )


@transaction.atomic
def take(*, approval_id: int, at: datetime, acting_user: User) -> list[list[str]]:
    """Read what was approved, once; the first row marks whose file it is.

    :raises DaihouError: ``personal_data.export_closed``.
    """
    approval = Approval.objects.select_for_update(of=("self",)).filter(pk=approval_id).first()
    is_open = (
        approval is not None
        and approval.kind == KIND
        and approval.state == State.CARRIED_OUT
        and approval.made_by_id == acting_user.pk
        and approval.settled_at is not None
        and at - approval.settled_at <= TAKE_WITHIN
        and not AuditRow.objects.filter(
            target_type="approval", target_id=str(approval_id), action=TAKEN
        ).exists()
    )
    if approval is None or not is_open:
        raise DaihouError("personal_data.export_closed", hours=TAKE_WITHIN // timedelta(hours=1))
    fields = approval.payload["fields"]
    parties = Party.objects.filter(pk__in=approval.payload["parties"]).order_by("pk")
    mark = f"# {acting_user.username} · {approval.pk} · {at.isoformat(timespec='seconds')}"
    rows = [[mark], ["reference", *fields], *(_row(each, fields) for each in parties)]
    audit.record(
        acting_user=acting_user,
        action=TAKEN,
        target_type="approval",
        target_id=approval.pk,
        details={"persons": len(rows) - 2, "fields": fields},
    )
    return rows


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """Write the rows as CSV; what a spreadsheet would compute is kept a text."""
    out = io.StringIO()
    csv.writer(out).writerows(
        [f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows
    )
    return out.getvalue()


def is_open(*, approval: Approval, at: datetime, user: User) -> bool:
    """Tell whether a user may still take this file."""
    return (
        approval.made_by_id == user.pk
        and approval.state == State.CARRIED_OUT
        and approval.settled_at is not None
        and at - approval.settled_at <= TAKE_WITHIN
    )


def _row(party: Party, fields: Sequence[str]) -> list[str]:
    data = queries.personal_data(party=party)
    return [party.reference, *(" / ".join(data.get(field, ())) for field in fields)]


def _describe(approval: Approval) -> registry.Description:
    payload = approval.payload
    return registry.Description(
        title=str(LABEL),
        facts=(
            (_("Persons"), str(len(payload["parties"]))),
            (_("Fields"), ", ".join(str(Field(name).label) for name in payload["fields"])),
        ),
    )


def _carry_out(approval: Approval, acting_user: User) -> None:
    """Write nothing: the file is made when it is taken, and lies nowhere."""


def register() -> None:
    """Make the export a thing that is approved."""
    registry.register(kind=KIND, label=LABEL, carry_out=_carry_out, describe=_describe)
