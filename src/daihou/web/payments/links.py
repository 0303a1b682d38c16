"""Pay links: made at the desk for a case or promise, paid on a public page, posted as receipts.

The order number is ours; the provider gives it back with the money, and ``posting`` finds the loan
by it. The page is found by a token of 160 bits, of which the database has the digest.
"""

import hashlib
import secrets as secret_words
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from daihou.core.position import Status, position
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.queries import load_loan
from daihou.web.loans.models import Loan
from daihou.web.parties import encryption
from daihou.web.payments import secrets
from daihou.web.payments.adapters.protocol import Order, Ordered
from daihou.web.payments.adapters.registry import adapter_of
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import Channel, LinkState, PayLink
from daihou.web.payments.sandbox import twins
from daihou.web.servicing.loading import local_day

TOKEN_BYTES = 20
LIVES_MOST = timedelta(days=7)
LIVES_LEAST = timedelta(minutes=5)
OPEN_MOST = 5  # Of one loan at a time.


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be paid; ``case_number`` and ``promise_number`` say what for."""

    amount_minor: int
    expires_at: datetime
    case_number: int | None = None
    promise_number: int | None = None


def make(*, loan: Loan, channel: Channel, wanted: Wanted, site: str, acting_user: User) -> PayLink:
    """Order a payment from a provider and make its link. ``site`` is our own address.

    The provider is asked outside of any transaction: it may be slow.

    :raises PaymentRefused: ``link.channel_wrong``, ``link.amount_wrong``, ``link.days_wrong``,
        ``link.too_many`` and what the adapter refuses.
    """
    now = timezone.now()
    _check(loan=loan, channel=channel, wanted=wanted, now=now)
    order_ref = f"PL{secret_words.token_hex(10).upper()}"
    ordered = _ordered(
        channel=channel,
        order=Order(
            order_ref=order_ref,
            amount_minor=wanted.amount_minor,
            currency=loan.book.currency,
            subject=order_ref,
            expires_at=wanted.expires_at,
            notify_url=f"{site.rstrip('/')}/hooks/{channel.code}/",
        ),
        now=now,
    )
    token = secret_words.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        link = PayLink.objects.create(
            book=loan.book,
            channel=channel,
            loan=loan,
            case_number=wanted.case_number,
            promise_number=wanted.promise_number,
            order_ref=order_ref,
            token_digest=digest_of(token),
            token=encryption.seal_text(plain=token, place=_place(order_ref)),
            amount_minor=wanted.amount_minor,
            currency=loan.book.currency,
            kind=ordered.kind,
            target=ordered.target,
            expires_at=wanted.expires_at,
            made_by=acting_user,
        )
        _audit("pay_link.make", link, acting_user)
    return link


@transaction.atomic
def cancel(*, link: PayLink, acting_user: User) -> PayLink:
    """Take a link back: its page shows nothing to pay. Money that comes still counts.

    :raises PaymentRefused: ``link.paid_already``.
    """
    locked = PayLink.objects.select_for_update().get(pk=link.pk)
    if locked.state == LinkState.PAID:
        raise PaymentRefused("link.paid_already")
    locked.state = LinkState.CANCELLED
    locked.save(update_fields=["state"])
    _audit("pay_link.cancel", locked, acting_user)
    return locked


def find(*, token: str) -> PayLink | None:
    """Find the link of an address, whatever its state."""
    if not token.isascii() or len(token) > 64:
        return None
    found = PayLink.objects.filter(token_digest=digest_of(token))
    return found.select_related("book", "channel", "loan__creditor").first()


def token_of(*, link: PayLink) -> str:
    """Return the token of a link, for who sends it to the person."""
    return encryption.open_text(sealed=link.token, place=_place(link.order_ref))


def is_payable(*, link: PayLink, now: datetime) -> bool:
    return link.state == LinkState.OPEN and now < link.expires_at


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _check(*, loan: Loan, channel: Channel, wanted: Wanted, now: datetime) -> None:
    if channel.book_id != loan.book_id or not channel.is_active or not channel.secret_ref:
        raise PaymentRefused("link.channel_wrong")
    lives = wanted.expires_at - now
    if not LIVES_LEAST <= lives <= LIVES_MOST:
        raise PaymentRefused("link.days_wrong", days=LIVES_MOST.days)
    open_ones = PayLink.objects.filter(loan=loan, state=LinkState.OPEN, expires_at__gt=now)
    if open_ones.count() >= OPEN_MOST:
        raise PaymentRefused("link.too_many", most=OPEN_MOST)
    contract, events = load_loan(book=loan.book, loan_ref=loan.loan_ref)
    then = position(
        contract=contract, events=events, as_of=local_day(book=loan.book, at=now), with_rows=False
    )
    owed = then.payoff_minor
    if then.status is Status.CLOSED or not 0 < wanted.amount_minor <= owed:
        raise PaymentRefused("link.amount_wrong")


def _ordered(*, channel: Channel, order: Order, now: datetime) -> Ordered:
    if twins.is_sandbox(secret_ref=channel.secret_ref):
        return twins.ordered(adapter=channel.adapter, order_ref=order.order_ref)
    return adapter_of(kind=channel.adapter).order(
        order=order, secrets=secrets.load(secret_ref=channel.secret_ref), now=now
    )


def _place(order_ref: str) -> str:
    return f"payments_paylink|token|{order_ref}"


def _audit(action: str, link: PayLink, acting_user: User) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="loan",
        target_id=link.loan_id,
        details={
            "link": link.pk,
            "order": link.order_ref,
            "amount_minor": link.amount_minor,
            "case": link.case_number,
            "promise": link.promise_number,
        },
    )
