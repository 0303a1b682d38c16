"""Open accounts with providers, change their limits, close them."""

import re

from django.db import IntegrityError, transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.channels import secrets
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import SPEAKS, Account, ChannelKind, Extension, Provider
from daihou.web.ledger.models import Book

EXTENSION = re.compile(r"[0-9A-Za-z_-]{1,32}")
NAME = re.compile(r"[a-z0-9_-]{1,32}")


def add_account(  # noqa: PLR0913  An account is what it is made of.
    *,
    book: Book,
    code: str,
    provider: str,
    sender: str,
    per_second: int,
    per_day: int,
    acting_user: User,
    name: str = "",
    secret_ref: str = "",
    rank: int = 1,
) -> Account:
    """Add an account to a book; its keys are in the file that ``secret_ref`` names.

    :raises ChannelRefused: ``account.provider_unknown``, ``account.name_refused``,
        ``account.secret_ref_wrong``, ``account.limit_wrong``, ``account.exists``.
    """
    if provider not in Provider.values:
        raise ChannelRefused("account.provider_unknown", provider=provider)
    for given in (code, *filter(None, [secret_ref])):
        if not NAME.fullmatch(given):
            raise ChannelRefused("account.name_refused", name=given[:64])
    if (provider == Provider.LETTERS) != (not secret_ref):
        raise ChannelRefused("account.secret_ref_wrong", provider=provider)
    if per_second < 1 or per_day < 1:
        raise ChannelRefused("account.limit_wrong")
    try:
        with transaction.atomic():
            account = Account.objects.create(
                book=book,
                code=code,
                name=name or code,
                channel=SPEAKS[Provider(provider)],
                provider=provider,
                sender=sender,
                secret_ref=secret_ref,
                per_second=per_second,
                per_day=per_day,
                rank=rank,
            )
            _record("account.add", account, acting_user, provider=provider)
    except IntegrityError as exception:
        raise ChannelRefused("account.exists", account=code) from exception
    return account


def change_account(
    *,
    account: Account,
    per_second: int,
    per_day: int,
    is_active: bool,
    acting_user: User,
) -> Account:
    """Change how much an account may send, or close it; what it sent stays.

    :raises ChannelRefused: ``account.limit_wrong``.
    """
    if per_second < 1 or per_day < 1:
        raise ChannelRefused("account.limit_wrong")
    with transaction.atomic():
        locked = Account.objects.select_for_update().get(pk=account.pk)
        locked.per_second, locked.per_day, locked.is_active = per_second, per_day, is_active
        locked.save(update_fields=["per_second", "per_day", "is_active"])
        _record(
            "account.change",
            locked,
            acting_user,
            per_second=per_second,
            per_day=per_day,
            is_active=is_active,
        )
    return locked


def set_extension(*, user: User, number: str, acting_user: User) -> None:
    """Say which telephone of the switch is a collector's; empty: none, she dials by hand.

    :raises ChannelRefused: ``extension.malformed``, ``extension.taken``.
    """
    if number and not EXTENSION.fullmatch(number):
        raise ChannelRefused("extension.malformed")
    try:
        with transaction.atomic():
            Extension.objects.filter(user=user).delete()
            if number:
                Extension.objects.create(user=user, number=number)
            audit.record(
                acting_user=acting_user,
                action="extension.change",
                target_type="user",
                target_id=user.pk,
                details={"number": number},
            )
    except IntegrityError as exception:
        raise ChannelRefused("extension.taken", number=number) from exception


def extension_of(*, user: User) -> str:
    """Return a collector's telephone at the switch; none: an empty text."""
    found = Extension.objects.filter(user=user).first()
    return found.number if found else ""


def accounts_for(*, book: Book, channel: str) -> list[Account]:
    """List the accounts that may send, the one to be asked first before the others.

    :raises ChannelRefused: ``account.none``.
    """
    found = Account.objects.filter(book=book, channel=channel, is_active=True)
    chosen = list(found.order_by("rank", "pk"))
    if not chosen:
        raise ChannelRefused("account.none", channel=channel)
    return chosen


def telephone_of(*, book: Book, user: User) -> str:
    """Return the telephone that the switch rings for a collector; none: she dials by hand."""
    has_switch = Account.objects.filter(
        book=book, channel=ChannelKind.VOICE, is_active=True
    ).exists()
    return extension_of(user=user) if has_switch else ""


def is_recorded(*, book: Book, user: User) -> bool:
    """Tell whether a call of a collector's will be recorded.

    By the switch that dials it, as the keys of its account say. Dialled by hand: on her own device,
    for how it ended is not taken without the reference (``recordings.check``).
    """
    switches = list(Account.objects.filter(book=book, channel=ChannelKind.VOICE, is_active=True))
    if not switches or not extension_of(user=user):
        return True
    return all(keeps_recordings(account=each) for each in switches)


def is_robot_recorded(*, book: Book) -> bool:
    """Tell whether the calls of a book's robot are recorded, as the keys of its account say."""
    robots = list(Account.objects.filter(book=book, channel=ChannelKind.ROBOT, is_active=True))
    return bool(robots) and all(keeps_recordings(account=each) for each in robots)


def keeps_recordings(*, account: Account) -> bool:
    """Tell whether the provider of an account keeps a recording of each call."""
    try:
        return bool(secrets.load(secret_ref=account.secret_ref).extra.get("recordings"))
    except ChannelRefused:
        return False


def _record(action: str, account: Account, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="account",
        target_id=account.pk,
        details={"code": account.code, "book": account.book.name, **details},
    )
