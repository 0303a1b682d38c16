"""Hand one permitted message or dial to its provider, at most once.

Only ``web.contacts`` calls it, for what has a permit.

Call ``send`` outside any transaction: its row must stand committed before a byte leaves. A process
that dies after that leaves ``handing``; the next call for the same permit finds it and answers
``Unknown`` without sending. A refusal that will pass (``Refused.is_passing``) left nothing with the
person; the same permit may be handed over again later.
"""

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.db import connection, transaction

from daihou.collect import wording
from daihou.web.access.queries import system_user
from daihou.web.channels import accounts, effects, hearing, letters, secrets
from daihou.web.channels.adapters import transport
from daihou.web.channels.adapters.protocol import Accepted, Answer, Outgoing, Refused, Unknown
from daihou.web.channels.adapters.registry import adapter_of
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import (
    FIELD_OF,
    Account,
    ChannelKind,
    Delivery,
    DeliveryState,
    Provider,
    Review,
    ReviewState,
    TemplateVersion,
    VersionState,
)
from daihou.web.channels.rendering import Payload
from daihou.web.ledger.models import Book
from daihou.web.parties import encryption

BY_HAND = "by-hand"
TURNS_MOST = 5
TRIES_MOST = 8
FIRST_WAIT_SECONDS = 20
OF_ACCOUNT = frozenset(
    {"template.not_reviewed", "account.busy"}
)  # Known before it was handed over.
OF_PERSON = (  # So many to this number: no reason to turn to somebody else.
    "isv.BUSINESS_LIMIT_CONTROL",
    "LimitExceeded.PhoneNumber",
    "whatsapp.131056",
)
logger = logging.getLogger("daihou.channels")
_USE = """
INSERT INTO channels_accountuse AS used (account_id, is_day, starts_at, count)
VALUES (%s, %s, %s, 1)
ON CONFLICT (account_id, is_day, starts_at) DO UPDATE SET count = used.count + 1
WHERE used.count < %s
RETURNING count
"""


class Use(StrEnum):
    TAKEN = "taken"
    NO_SECOND = "no_second"
    NO_DAY = "no_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What the outbox hands over: the permit by its own reference, the address in plain."""

    permit_ref: str
    book: Book
    channel: str
    address: str = field(repr=False)
    payload: Payload
    name: str = field(default="", repr=False)  # For the window of a letter.
    agent: str = ""  # The extension of the person who dials.
    loan_id: int | None = None  # Whose file a letter belongs to.


def send(*, sending: Sending, now: datetime) -> Answer:
    """Hand a permitted message over once, and keep what the provider answered.

    Where an account cannot take it now, the next one of the channel is asked: only after a refusal
    that left nothing, never where something may have gone out. A call without an extension is
    dialled by the collector's own hand: she notes how it ended.
    """
    if sending.channel == ChannelKind.VOICE:
        sending = replace(sending, agent=sending.agent or _agent(sending))
        if not sending.agent:
            return Accepted(provider_ref=BY_HAND)
    try:
        chosen = _accounts(sending)
    except ChannelRefused as refused:
        return Refused(code=refused.code)
    passed_over: list[Refused] = []
    for account in chosen:
        is_next = any(each.code not in OF_ACCOUNT for each in passed_over)
        answer = _through(account, sending, now=now, is_next=is_next)
        if not isinstance(answer, Refused) or not _may_go_elsewhere(answer):
            return answer
        passed_over.append(answer)
    return next((each for each in passed_over if each.is_passing), passed_over[0])


def _through(account: Account, sending: Sending, *, now: datetime, is_next: bool) -> Answer:
    """Hand it over through one account, unless it was before."""
    try:
        message = _message(sending, account)
    except ChannelRefused as refused:
        return Refused(code=refused.code)
    before = _claim(sending, account, now=now, is_next=is_next)
    if before is not None:
        return before
    answer = _hand_over(message, account, sending, now=now)
    kept, answer = _keep(sending, answer, now=now)
    if isinstance(answer, Accepted):
        hearing.follow(delivery=kept, acting_user=system_user())
    return answer


def _may_go_elsewhere(refused: Refused) -> bool:
    """Tell whether another account may be asked: this one, not the person, stands in the way."""
    if refused.code in OF_ACCOUNT:
        return True
    return refused.is_passing and not refused.code.startswith(OF_PERSON)


def address_key(*, channel: str, address: str) -> bytes:
    """Return the digest by which what was sent to an address is found again."""
    return encryption.blind_index(field=FIELD_OF[ChannelKind(channel)], plain=address)


def _agent(sending: Sending) -> str:
    """Find the telephone of who asked for the call, where the book has a switch."""
    permit = effects.permit(ref=sending.permit_ref)
    if permit is None:
        return ""
    return accounts.telephone_of(book=sending.book, user=permit.acting_user)


def _accounts(sending: Sending) -> list[Account]:
    """List the accounts to ask, in their order; after more than a refusal only the one that was.

    :raises ChannelRefused: ``account.none``.
    """
    earlier = Delivery.objects.filter(permit_ref=sending.permit_ref).select_related("account")
    found = earlier.first()
    if found is not None and found.state != DeliveryState.WAITING:
        return [found.account]
    return accounts.accounts_for(book=sending.book, channel=sending.channel)


def _message(sending: Sending, account: Account) -> Outgoing:
    """Check once more what is about to leave, and put it as the provider wants it.

    :raises ChannelRefused: ``template.not_approved``, ``template.not_reviewed``,
        ``template.wording_forbidden``.
    """
    payload = sending.payload
    message = Outgoing(
        reference=sending.permit_ref,
        address=sending.address,
        subject=payload.subject,
        text=payload.text,
        language=payload.language,
        slots=payload.slots,
        sender=account.sender,
        agent=sending.agent,
        name=sending.name,
    )
    if payload.version_id is None:
        return message
    version = TemplateVersion.objects.select_related("template").get(pk=payload.version_id)
    if version.state != VersionState.APPROVED:
        raise ChannelRefused("template.not_approved", template=version.template.key)
    found = wording.check(f"{payload.subject}\n{payload.text}")
    if found:
        raise ChannelRefused("template.wording_forbidden", words=found[0].id)
    return _as_reviewed(message, version, account)


def _as_reviewed(message: Outgoing, version: TemplateVersion, account: Account) -> Outgoing:
    if (
        account.provider == Provider.LETTERS
        or not adapter_of(provider=account.provider).needs_review
    ):
        return message
    review = Review.objects.filter(
        version=version, account=account, state=ReviewState.APPROVED
    ).first()
    if review is None:
        raise ChannelRefused("template.not_reviewed", template=version.template.key)
    slots = {review.names.get(name, name): text for name, text in message.slots.items()}
    return replace(message, slots=slots, provider_template=review.provider_template)


def _claim(sending: Sending, account: Account, *, now: datetime, is_next: bool) -> Answer | None:
    """Write down that this is handed over, and commit; tell what is known if it was before.

    ``is_next``: it was handed to another account just before; both are one try.
    """
    with transaction.atomic():
        row = Delivery.objects.select_for_update().filter(permit_ref=sending.permit_ref).first()
        if row is not None and row.state != DeliveryState.WAITING:
            return _known(row, now=now)
    if not _take_turn(account, now=now):
        return Refused(code="account.busy", is_passing=True)
    with transaction.atomic():
        row, is_new = Delivery.objects.select_for_update().get_or_create(
            permit_ref=sending.permit_ref,
            defaults={
                "account": account,
                "channel": sending.channel,
                "version_id": sending.payload.version_id,
                "address_key": address_key(channel=sending.channel, address=sending.address),
                "state": DeliveryState.HANDING,
                "handed_at": now,
            },
        )
        if is_new:
            return None
        if row.state != DeliveryState.WAITING:
            return Unknown(detail="send.by_another")
        row.state, row.account, row.handed_at = DeliveryState.HANDING, account, now
        row.tries += 0 if is_next else 1
        row.save(update_fields=["state", "account", "tries", "handed_at"])
        return None


def _known(row: Delivery, *, now: datetime) -> Answer:
    match row.state:
        case DeliveryState.ACCEPTED:
            return Accepted(provider_ref=row.provider_ref)
        case DeliveryState.REFUSED:
            return Refused(code=row.code)
        case DeliveryState.HANDING:
            row.state, row.code, row.answered_at = DeliveryState.UNKNOWN, "send.interrupted", now
            row.save(update_fields=["state", "code", "answered_at"])
    return Unknown(detail=row.code)


def _take_turn(account: Account, *, now: datetime) -> bool:
    """Take one of what the account may send, waiting some seconds for a free one."""
    moment = now
    for _ in range(TURNS_MOST):
        found = _use(account, now=moment)
        if found != Use.NO_SECOND:
            return found == Use.TAKEN
        time.sleep(1 - moment.microsecond / 1_000_000)
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return False


def _use(account: Account, *, now: datetime) -> Use:
    """Count one of this second and of this day (of UTC), where both have one left."""
    second = now.astimezone(UTC).replace(microsecond=0)
    day = second.replace(hour=0, minute=0, second=0)
    with transaction.atomic(), connection.cursor() as cursor:
        for missing, starts_at, most in (
            (Use.NO_DAY, day, account.per_day),
            (Use.NO_SECOND, second, account.per_second),
        ):
            is_day = missing == Use.NO_DAY
            cursor.execute(_USE, [account.pk, is_day, starts_at, most])
            if cursor.fetchone() is None:
                transaction.set_rollback(True)  # The day's count is given back.
                return missing
    return Use.TAKEN


def _hand_over(message: Outgoing, account: Account, sending: Sending, *, now: datetime) -> Answer:
    """Let the adapter send; whatever it did not foresee may have happened after the sending."""
    try:
        if account.provider == Provider.LETTERS:
            return letters.keep(message=message, account=account, loan_id=sending.loan_id, now=now)
        loaded = secrets.load(secret_ref=account.secret_ref)
        return adapter_of(provider=account.provider).send(message=message, secrets=loaded, now=now)
    except ChannelRefused as refused:
        return Refused(code=refused.code, is_passing=refused.code.startswith("account.secrets"))
    except transport.NotSent as exception:
        return Refused(code="send.no_connection", detail=str(exception), is_passing=True)
    except transport.AnswerLost as exception:
        return Unknown(detail=str(exception))
    except Exception as exception:  # Nobody may take it for "not sent".
        logger.exception("sending through %s", account.code)
        return Unknown(detail=type(exception).__name__)


def _keep(sending: Sending, answer: Answer, *, now: datetime) -> tuple[Delivery, Answer]:
    """Note the answer; a refusal that would pass but came too often is the last one."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(permit_ref=sending.permit_ref)
        row.answered_at = now
        if isinstance(answer, Accepted):
            row.state, row.provider_ref, row.code = (
                DeliveryState.ACCEPTED,
                answer.provider_ref,
                "",
            )
        elif isinstance(answer, Refused):
            answer = _again(answer, row.tries)
            row.state = DeliveryState.WAITING if answer.is_passing else DeliveryState.REFUSED
            row.code = answer.code[:80]
        else:
            row.state, row.code = DeliveryState.UNKNOWN, answer.detail[:80]
        row.save(update_fields=["state", "provider_ref", "code", "answered_at"])
    return row, answer


def _again(answer: Refused, tries: int) -> Refused:
    """Wait twice as long each time, and give up in the end."""
    if not answer.is_passing or tries >= TRIES_MOST:
        return replace(answer, is_passing=False)
    return replace(answer, after_seconds=FIRST_WAIT_SECONDS * 2 ** (tries - 1))
