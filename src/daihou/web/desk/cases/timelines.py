"""The timeline of a case as its page shows it: an icon, a tone, a title, what was said, who."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from daihou.web.board import money
from daihou.web.board.words import EVENT_ICONS, EVENTS
from daihou.web.cases import timeline
from daihou.web.cases.models import Case
from daihou.web.cases.timeline import Entry
from daihou.web.contacts.models import Outcome
from daihou.web.desk.cases import words
from daihou.web.desk.cases.telling import rule_lines

LOOKED_BACK = 12
NOT_REACHED = frozenset({"unanswered", "busy"})
TALKED = frozenset({"effective", "refused"})
ICONS = {
    "turns": "folder-open",
    "notes": "note",
    "tags_set": "tag",
    "tags_cleared": "tag-off",
    "promises": "calendar-check",
    "decisions": "gavel",
    "assigned": "user-share",
    "assignments_ended": "user-minus",
    "affordability": "heart-handshake",
    "requests": "adjustments-dollar",
    "files": "file",
    "visits": "map-pin",
    "permits": "phone",
    "inbound": "phone-incoming",
    "refusals": "ban",
    "stops": "hand-stop",
    "lifts": "player-play",
    "findings": "certificate",
    "findings_ended": "certificate-off",
    "complaints": "message-report",
}
TONES = {
    "kept": "good",
    "effective": "good",
    "delivered": "good",
    "payment_received": "good",
    "recovered": "good",
    "prepaid": "good",
    "broken": "bad",
    "payment_reversed": "bad",
    "refused": "bad",
    "wrong_person": "bad",
    "bounced": "bad",
    "unanswered": "quiet",
    "busy": "quiet",
    "withdrawn": "quiet",
    "unknown": "warn",
}
SOURCE_TONES = {"refusals": "bad", "stops": "bad", "complaints": "warn", "turns": "quiet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    at: datetime
    icon: str
    tone: str
    title: str
    text: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """``unanswered_in_a_row``: her last calls that nobody took, back to one that she did."""

    unanswered_in_a_row: int
    talked_today: bool  # By the clock of the book.


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    entries: tuple[Shown, ...]
    cursor: str


def page(*, case: Case, loan_ids: Sequence[int], cursor: str = "") -> Page:
    """Read a page of the timeline.

    :raises CaseRefused: as ``cases.timeline.timeline``.
    """
    found = timeline.timeline(case=case, cursor=cursor, loan_ids=loan_ids)
    return Page(entries=tuple(_shown(entry, case) for entry in found.entries), cursor=found.cursor)


def tried(*, case: Case, at: datetime) -> Tried:
    """Read what the last tries to speak with her came to, up to an instant."""
    rows = list(
        Outcome.objects.filter(
            permit__case_number=case.pk,
            permit__channel__in=("voice", "visit"),
            permit__recipient="debtor",
            at__lte=at,
        )
        .order_by("-at", "-pk")
        .values_list("permit__channel", "outcome", "at")[:LOOKED_BACK]
    )
    calls = [outcome for channel, outcome, _at in rows if channel == "voice"]
    zone = ZoneInfo(case.book.time_zone)
    today = at.astimezone(zone).date()
    return Tried(
        unanswered_in_a_row=len(list(takewhile(NOT_REACHED.__contains__, calls))),
        talked_today=any(
            outcome in TALKED and then.astimezone(zone).date() == today
            for _channel, outcome, then in rows
        ),
    )


def _shown(entry: Entry, case: Case) -> Shown:
    return Shown(
        at=entry.at,
        icon=_icon(entry),
        tone=TONES.get(entry.kind, SOURCE_TONES.get(entry.source, "")),
        title=_title(entry, case),
        text=entry.text or _why(entry),
        who=_who(entry),
    )


def _icon(entry: Entry) -> str:
    if entry.source == "ledger":
        return EVENT_ICONS.get(entry.kind, "point")
    channel = str(entry.facts.get("channel", ""))
    return words.CHANNEL_ICONS.get(channel, ICONS.get(entry.source, "point"))


def _title(entry: Entry, case: Case) -> str:
    label = entry.label
    if entry.source == "ledger":
        label = EVENTS.get(entry.kind, entry.label)
    elif entry.source == "permits":
        label = words.CHANNELS[entry.facts["channel"]]
    parts = [str(label)]
    if "tag" in entry.facts:
        parts.append(str(words.TAGS.get(entry.kind, entry.facts["tag"])))
    if entry.source == "decisions":
        parts.append(_paid(entry, digits=case.book.minor_digits))
    elif entry.amount_minor is not None and entry.source != "turns":
        parts.append(money.full(entry.amount_minor, digits=case.book.minor_digits))
    if entry.facts.get("by"):
        parts.append(_("by %(day)s") % {"day": entry.facts["by"]})
    return " · ".join(parts)


def _paid(entry: Entry, *, digits: int) -> str:
    """Say what was paid of a promise."""
    paid, promised = entry.amount_minor or 0, entry.facts["promised_minor"]
    return _("paid %(paid)s of %(promised)s") % {
        "paid": money.full(paid, digits=digits),
        "promised": money.full(promised, digits=digits),
    }


def _why(entry: Entry) -> str:
    """Say why a contact was refused."""
    decision = entry.facts.get("decision")
    return " ".join(rule.line for rule in rule_lines(decision)) if decision is not None else ""


def _who(entry: Entry) -> str:
    who = [str(entry.actor)] if entry.actor is not None else []
    part = entry.facts.get("recipient", "debtor")
    who += [] if part == "debtor" else [str(words.RECIPIENTS[part])]
    who += [str(entry.facts[name]) for name in ("owner", "loan", "state") if entry.facts.get(name)]
    return " · ".join(who)
