"""What the timeline of a case is told by channels: answers, call-backs, receipts."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from daihou.web.cases import timeline
from daihou.web.cases.timeline import Asked, Entry, before
from daihou.web.channels.hearing import text_of
from daihou.web.channels.models import Heard, HeardKind
from daihou.web.parties import queries as parties

LABELS = {
    HeardKind.RECEIPT: _("Receipt of the provider"),
    HeardKind.REPLY: _("She wrote back"),
    HeardKind.CALL_BACK: _("She called back"),
    HeardKind.OPT_OUT: _("She asked for no more messages"),
    HeardKind.COMPLAINT: _("She marked a message as unwanted"),
    HeardKind.HAND_OVER: _("The robot asks for a person"),
}


def register() -> None:
    """Register the source of this app."""
    timeline.register("heard", heard)


def heard(asked: Asked) -> Sequence[Entry]:
    """Tell what was heard from the person of a case through the accounts of its book."""
    ids = parties.family_ids(party=asked.case.party)
    found = Heard.objects.filter(party_id__in=ids, account__book_id=asked.case.book_id)
    return [
        Entry(
            source="heard",
            kind=row.kind,
            at=row.at,
            key=row.pk,
            label=LABELS[HeardKind(row.kind)],
            text=text_of(row),
            facts={
                "channel": row.account.get_channel_display(),
                "told": row.told,
                "code": row.code,
                "seconds": row.seconds,
            },
        )
        for row in before(found.select_related("account"), at="at", asked=asked)
    ]
