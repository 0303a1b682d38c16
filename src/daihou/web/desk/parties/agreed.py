"""What a person agreed to that a rule forbids by default, as her page shows and takes it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from daihou.collect.facts import AgreementKind
from daihou.collect.requests import Channel
from daihou.web.board.sight import Sight, user_of
from daihou.web.contacts import stops
from daihou.web.contacts.models import Agreement
from daihou.web.desk.reading import sent_by
from daihou.web.parties.models import Party
from daihou.web.parties.sighting import of_person

WORDS: Final = MappingProxyType(
    {
        AgreementKind.HOURS: _("contact outside the usual hours"),
        AgreementKind.DIALS: _("more dials a day"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    row: Agreement
    word: Promise | str


def shown(*, party: Party, at: datetime) -> list[Shown]:
    """List what holds now."""
    return [
        Shown(row=row, word=WORDS[AgreementKind(row.kind)])
        for row in stops.agreed(party=party, at=at)
    ]


def note(request: HttpRequest, sight: Sight, party: Party) -> object:
    """Note an agreement, through the end of a day or until she ends it.

    :raises DaihouError: ``form.choice_wrong``, ``form.day_wrong``; as ``stops.agree``.
    """
    sent = sent_by(request, sight)
    until, channel = sent.day_or_none("until"), sent.text("channel")
    after = datetime.combine(until + timedelta(days=1), time()) if until else None
    return stops.agree(
        party=party,
        kind=sent.choice("matter", AgreementKind),
        channels=[sent.choice("channel", Channel)] if channel else [],
        evidence=sent.text("evidence")[:200],
        ends_at=timezone.make_aware(after) if after else None,
        at=timezone.now(),
        acting_user=user_of(request),
    )


def end(request: HttpRequest, sight: Sight, party: Party) -> object:
    """Note that she takes it back."""
    number = sent_by(request, sight).text("agreement")
    found = of_person(Agreement.objects.all(), party=party, number=number)
    return stops.end_agreement(agreement=found, at=timezone.now(), acting_user=user_of(request))
