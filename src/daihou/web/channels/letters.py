"""Letters on paper: typeset when permitted, printed and posted in batches, perhaps returned."""

import csv
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.db import transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.archive import operations as archive
from daihou.web.archive.models import Target
from daihou.web.archive.storage import store
from daihou.web.audit import operations as audit
from daihou.web.channels import hearing, paper
from daihou.web.channels.adapters.protocol import Accepted, Answer, Outgoing, Receipt, Told
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Account, BatchState, Letter, LetterBatch
from daihou.web.parties import encryption

PDF: Final = "application/pdf"
BATCH_MOST: Final = 2000
_ZIP_TIME: Final = (2000, 1, 1, 0, 0, 0)  # The same letters make the same bytes.


def keep(*, message: Outgoing, account: Account, loan_id: int | None, now: datetime) -> Answer:
    """Typeset a letter and keep it for the next batch, once for each permit."""
    on = timezone.localdate(now)
    content = paper.pdf(values=_values(message, account, on=on))
    with transaction.atomic():
        (file,) = archive.store_produced(
            book=account.book,
            produced=[
                archive.Produced(
                    name=f"letter-{message.reference[:64]}.pdf",
                    content=content,
                    media_type=PDF,
                    made_from={"letter": message.reference, "template": paper.template_version()},
                    links=(archive.Owner(target_type=Target.LOAN, target_id=loan_id),)
                    if loan_id
                    else (),
                )
            ],
            arrived_on=on,
            acting_user=system_user(),
        )
        Letter.objects.get_or_create(
            permit_ref=message.reference,
            defaults={
                "account": account,
                "file": file,
                "name": _sealed(message.name, message.reference, "name"),
                "address": _sealed(message.address, message.reference, "address"),
            },
        )
    return Accepted(provider_ref=message.reference)


def make_batch(*, account: Account, on: date, acting_user: User) -> LetterBatch:
    """Put the letters that wait into one batch.

    :raises ChannelRefused: ``letter.none_waiting``.
    """
    with transaction.atomic():
        waiting = Letter.objects.select_for_update().filter(account=account, batch__isnull=True)
        found = list(waiting.order_by("pk")[:BATCH_MOST])
        if not found:
            raise ChannelRefused("letter.none_waiting")
        batch = LetterBatch.objects.create(account=account, made_on=on, made_by=acting_user)
        Letter.objects.filter(pk__in=[each.pk for each in found]).update(batch=batch)
        _record("letter.batch", batch, acting_user, count=len(found))
    return batch


def pack(*, batch: LetterBatch, acting_user: User) -> bytes:
    """Pack a batch for the printer: every letter as PDF, and a list of them with their addresses.

    The list holds personal data in plain; that it was taken is noted.
    """
    out, listing = BytesIO(), StringIO()
    writer = csv.writer(listing, lineterminator="\r\n")
    writer.writerow(["no", "file", "sha256", "name", "address"])
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for no, letter in enumerate(batch.letters.select_related("file").order_by("pk"), 1):
            name = f"{no:05d}-{letter.permit_ref}.pdf"
            content = b"".join(store().read(digest=letter.file.content_id))
            packed.writestr(ZipInfo(name, _ZIP_TIME), content)
            writer.writerow(
                [
                    no,
                    name,
                    letter.file.content_id,
                    _opened(letter.name, letter.permit_ref, "name"),
                    _opened(letter.address, letter.permit_ref, "address"),
                ]
            )
        packed.writestr(ZipInfo("manifest.csv", _ZIP_TIME), "\ufeff" + listing.getvalue())
    _record("letter.pack", batch, acting_user)
    return out.getvalue()


def mark(*, batch: LetterBatch, state: str, at: datetime, acting_user: User) -> LetterBatch:
    """Note that a batch was printed, and then that it was posted.

    :raises ChannelRefused: ``letter.out_of_order``.
    """
    before = {
        BatchState.PRINTED.value: BatchState.OPEN,
        BatchState.POSTED.value: BatchState.PRINTED,
    }
    with transaction.atomic():
        locked = LetterBatch.objects.select_for_update().get(pk=batch.pk)
        if before.get(state) != locked.state:
            raise ChannelRefused("letter.out_of_order", state=locked.state)
        locked.state = state
        if state == BatchState.PRINTED:
            locked.printed_at = at
        else:
            locked.posted_at = at
        locked.save(update_fields=["state", "printed_at", "posted_at"])
        _record(f"letter.{state}", locked, acting_user)
    return locked


def tell(*, letter: Letter, is_returned: bool, at: datetime, acting_user: User) -> None:
    """Note that the post brought a letter back, or that it was delivered.

    :raises ChannelRefused: ``letter.out_of_order``.
    """
    with transaction.atomic():
        row = (
            Letter.objects.select_for_update(of=("self",)).select_related("batch").get(pk=letter.pk)
        )
        if row.batch is None or row.batch.state != BatchState.POSTED or row.is_told:
            raise ChannelRefused("letter.out_of_order", state=row.batch.state if row.batch else "")
        if is_returned:
            row.returned_at = at
        else:
            row.delivered_at = at
        row.save(update_fields=["returned_at", "delivered_at"])
        hearing.keep(
            account=row.account,
            said=Receipt(
                notice_ref=f"letter:{row.pk}",
                provider_ref=row.permit_ref,
                reference=row.permit_ref,
                told=Told.RETURNED if is_returned else Told.DELIVERED,
                at=at,
            ),
            acting_user=acting_user,
        )


def place(*, permit_ref: str, column: str) -> str:
    return f"channels_letter|{column}|{permit_ref}"


def _sealed(plain: str, permit_ref: str, column: str) -> str:
    return encryption.seal_text(plain=plain, place=place(permit_ref=permit_ref, column=column))


def _opened(sealed: str, permit_ref: str, column: str) -> str:
    return encryption.open_text(sealed=sealed, place=place(permit_ref=permit_ref, column=column))


def _record(action: str, batch: LetterBatch, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="letter_batch",
        target_id=batch.pk,
        details={"account": batch.account.code, **details},
    )


def _values(message: Outgoing, account: Account, *, on: date) -> dict[str, Any]:
    is_chinese = message.language == "zh"
    return {
        "language": message.language,
        "issuer": account.sender,
        "name": message.name,
        "address": message.address,
        "title": message.subject,
        "paragraphs": [line for line in message.text.split("\n") if line.strip()],
        "reference": message.reference,
        "day": f"{on.year}年{on.month}月{on.day}日" if is_chinese else on.isoformat(),
        "date": [on.year, on.month, on.day],
    }
