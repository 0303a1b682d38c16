"""The texts that come with the program, and who we are in the texts of a book."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from daihou.collect.templates import Language, Wording
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Identity
from daihou.web.ledger.models import Book

TEXTS = Path(__file__).parent / "house.toml"
NAMES = (  # What the texts are called there, for the catalogs.
    gettext_noop("还款日前 3 天提醒"),
    gettext_noop("还款日前 1 天提醒"),
    gettext_noop("还款日当天提醒"),
    gettext_noop("逾期提醒"),
    gettext_noop("致保证人的逾期告知"),
    gettext_noop("承诺还款日提醒"),
    gettext_noop("承诺未履行告知"),
    gettext_noop("收款回执"),
    gettext_noop("报送不良信息前的告知"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseText:
    key: str
    name: str
    purpose: str
    channel: str
    wording: Wording


def house_texts() -> Iterator[HouseText]:
    """Read the texts that come with the program."""
    for given in tomllib.loads(TEXTS.read_text())["template"]:
        for language in Language:
            for channel, text in given.get(language.value, {}).items():
                yield HouseText(
                    key=given["key"],
                    name=given["name"],
                    purpose=given["purpose"],
                    channel=channel,
                    wording=_wording(text, language),
                )


def _wording(text: Any, language: Language) -> Wording:
    if isinstance(text, str):
        return Wording(body=text, language=language)
    return Wording(subject=text["subject"], body=text["body"].strip(), language=language)


def identify(*, book: Book, institution: str, service_phone: str, acting_user: User) -> Identity:
    """Say how a book's texts name us, and where people can call.

    :raises ChannelRefused: ``identity.incomplete``.
    """
    if not institution.strip() or not service_phone.strip():
        raise ChannelRefused("identity.incomplete")
    with transaction.atomic():
        identity, _made = Identity.objects.update_or_create(
            book=book,
            defaults={
                "institution": institution.strip()[:80],
                "service_phone": service_phone.strip()[:40],
            },
        )
        audit.record(
            acting_user=acting_user,
            action="identity.change",
            target_type="book",
            target_id=book.pk,
            details={"institution": identity.institution, "phone": identity.service_phone},
        )
    return identity
