"""A book's sandbox: the twins running, an account with each, every text passed by its provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from daihou.web.access.models import User
from daihou.web.channels import accounts, house, secrets, templates
from daihou.web.channels.hearing import Taken, take
from daihou.web.channels.models import (
    Account,
    Identity,
    Provider,
    Review,
    ReviewState,
    TemplateVersion,
    VersionState,
)
from daihou.web.channels.sandbox.mail import MailTwin
from daihou.web.channels.sandbox.switch import SwitchTwin
from daihou.web.channels.sandbox.telling import HOOK_WORD, calls_of
from daihou.web.channels.sandbox.web import KEY_ID, KEY_SECRET, WebTwin
from daihou.web.channels.sandbox.world import World
from daihou.web.channels.secrets import AccountSecrets
from daihou.web.ledger.models import Book

TIMEOUT_SECONDS = 3.0
PER_SECOND = 200
PER_DAY = 100_000
SENDERS = {
    Provider.ALIYUN: "贷后演示",
    Provider.TENCENT: "贷后演示",
    Provider.SMTP: "贷后演示 <service@example.com>",
    Provider.LETTERS: "贷后演示",
    Provider.JPUSH: "",
    Provider.WECHAT: "gh_sandbox",
    Provider.FREESWITCH: "4000000000",
    Provider.ROBOT: "4000000000",
    Provider.WHATSAPP: "15550000000",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The twins of one world, and where they listen."""

    world: World
    web: WebTwin
    mail: MailTwin
    switch: SwitchTwin

    def url_of(self, provider: str) -> str:
        return {Provider.SMTP: self.mail.url, Provider.FREESWITCH: self.switch.url}.get(
            Provider(provider), self.web.url
        )


@contextmanager
def running(*, world: World) -> Iterator[Site]:
    """Run the twins on this machine for as long as they are wanted."""
    site = Site(
        world=world,
        web=WebTwin(world).start(),
        mail=MailTwin(world).start(),
        switch=SwitchTwin(world).start(),
    )
    try:
        yield site
    finally:
        site.web.stop()
        site.mail.stop()
        site.switch.stop()


def open_accounts(*, book: Book, site: Site, acting_user: User) -> dict[str, Account]:
    """Give a book an account with every twin, by provider; accounts there are pointed to them."""
    if not Identity.objects.filter(book=book).exists():
        house.identify(
            book=book,
            institution="贷后演示",
            service_phone="400-000-0000",
            acting_user=acting_user,
        )
    made = {}
    for rank, provider in enumerate(Provider, 1):
        code = f"{provider.value}-{book.pk}"
        secret_ref = "" if provider is Provider.LETTERS else code
        if secret_ref:
            secrets.save(secret_ref=code, secrets=_secrets(site.url_of(provider)))
        found = Account.objects.filter(code=code).first()
        made[provider.value] = found or accounts.add_account(
            book=book,
            code=code,
            name=str(provider.label),
            provider=provider,
            sender=SENDERS[provider],
            per_second=PER_SECOND,
            per_day=PER_DAY,
            secret_ref=secret_ref,
            rank=rank,
            acting_user=acting_user,
        )
    for account in made.values():
        pass_reviews(account=account, acting_user=acting_user)
    return made


def pass_reviews(*, account: Account, acting_user: User) -> int:
    """Let an account's provider pass every approved text of its channel; return how many."""
    versions = TemplateVersion.objects.filter(
        Q(template__book=account.book) | Q(template__book__isnull=True),
        state=VersionState.APPROVED,
        template__channel=account.channel,
    ).exclude(pk__in=Review.objects.filter(account=account).values("version"))
    for version in versions:
        templates.note_review(
            version=version,
            account=account,
            state=ReviewState.APPROVED,
            provider_template=f"SMS_{version.pk:09d}",
            acting_user=acting_user,
        )
    return len(versions)


def tell(*, site: Site, accounts_by_provider: dict[str, Account], at: datetime) -> list[Taken]:
    """Let the providers tell what they have not told yet, as their calls to our hooks."""
    return [
        take(
            account=accounts_by_provider[each.provider],
            headers=call.headers,
            query=call.query,
            body=call.body,
            now=at,
        )
        for each in site.world.tell()
        for call in calls_of(each=each, at=at)
    ]


def _secrets(url: str) -> AccountSecrets:
    return AccountSecrets(
        url=url,
        key_id=KEY_ID if not url.startswith("smtp") else "",
        key_secret=KEY_SECRET,
        hook_secret=HOOK_WORD,
        extra={"app_id": "1400000000", "gateway": "twin", "recordings": "/recordings"},
        timeout_seconds=TIMEOUT_SECONDS,
    )
