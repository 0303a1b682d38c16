"""Letters on paper: typeset when permitted, printed and posted in batches, perhaps returned."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.archive import operations as archive
from daihou.web.archive.models import Target
from daihou.web.channels import paper
from daihou.web.channels.adapters.protocol import Accepted, Answer, Outgoing
from daihou.web.channels.models import Account, Letter
from daihou.web.parties import encryption

PDF = "application/pdf"


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


def place(*, permit_ref: str, column: str) -> str:
    return f"channels_letter|{column}|{permit_ref}"


def _sealed(plain: str, permit_ref: str, column: str) -> str:
    return encryption.seal_text(plain=plain, place=place(permit_ref=permit_ref, column=column))


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
