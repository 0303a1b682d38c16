"""Add a channel, close it again."""

import re

from django.db import IntegrityError, transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import AdapterKind, Channel

NAME = re.compile(r"[a-z0-9_-]{1,32}")


def add_channel(
    *,
    book: Book,
    code: str,
    adapter: str,
    account: str,
    acting_user: User,
    name: str = "",
    secret_ref: str = "",
    event_channel: str = "",
) -> Channel:
    """Add a channel to a book; its keys are in the file that ``secret_ref`` names.

    :raises PaymentRefused: ``channel.adapter_unknown``, ``channel.name_refused``,
        ``channel.secret_ref_wrong``, ``channel.exists``.
    """
    if adapter not in AdapterKind.values:
        raise PaymentRefused("channel.adapter_unknown", adapter=adapter)
    for given in (code, *filter(None, [secret_ref, event_channel])):
        if not NAME.fullmatch(given):
            raise PaymentRefused("channel.name_refused", name=given[:64])
    if (adapter == AdapterKind.MANUAL) != (not secret_ref):
        raise PaymentRefused("channel.secret_ref_wrong", adapter=adapter)
    try:
        with transaction.atomic():
            channel = Channel.objects.create(
                book=book,
                code=code,
                name=name or code,
                adapter=adapter,
                account=account,
                secret_ref=secret_ref,
                event_channel=event_channel,
            )
            audit.record(
                acting_user=acting_user,
                action="channel.add",
                target_type="channel",
                target_id=channel.pk,
                details={"code": code, "adapter": adapter, "book": book.name},
            )
    except IntegrityError as exception:
        raise PaymentRefused("channel.exists", channel=code) from exception
    return channel


def set_active(*, channel: Channel, is_active: bool, acting_user: User) -> Channel:
    """Open or close a channel; what came in stays."""
    with transaction.atomic():
        locked = Channel.objects.select_for_update().get(pk=channel.pk)
        locked.is_active = is_active
        locked.save(update_fields=["is_active"])
        audit.record(
            acting_user=acting_user,
            action="channel.open" if is_active else "channel.close",
            target_type="channel",
            target_id=locked.pk,
        )
    return locked
