"""Forms of a case that note something: a promise, a note, a stop, a state; a look at plain data."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from daihou.collect.facts import StopKind
from daihou.collect.requests import Channel, Recipient
from daihou.errors import DaihouError
from daihou.web.cases import noting, people, promises, working
from daihou.web.cases.models import PromiseKind
from daihou.web.cases.people import Asked
from daihou.web.contacts import stops
from daihou.web.desk.cases import words
from daihou.web.desk.cases.doing import Doing, Kind, Panel, nothing
from daihou.web.desk.servicing import choosing
from daihou.web.parties import editing, queries as parties, states
from daihou.web.parties.models import StateKind
from daihou.web.servicing.actions import Group

PARTS_MOST = 6
MORNING = time(9)


def _note(doing: Doing) -> str:
    noting.note(case=doing.case, text=doing.sent.text("text"), at=doing.at, acting_user=doing.user)
    return _("The note is kept.")


def _promise_form(doing: Doing) -> dict[str, Any]:
    today = doing.today
    found = doing.owing
    return {
        "kinds": [(kind.value, words.PROMISE_KINDS[kind.value]) for kind in PromiseKind],
        "overdue_minor": found.overdue_minor,
        "payoff_minor": found.payoff_minor,
        "tomorrow": today + timedelta(days=1),
        "today": today,
        "part_numbers": range(2, PARTS_MOST + 1),
    }


def _promise(doing: Doing) -> str:
    sent = doing.sent
    parts = [(sent.day("on_1"), sent.amount("amount_1"))]
    if sent.text("kind") == PromiseKind.INSTALMENTS:
        parts += [
            (sent.day(f"on_{number}"), sent.amount(f"amount_{number}"))
            for number in range(2, PARTS_MOST + 1)
            if sent.text(f"on_{number}") or sent.text(f"amount_{number}")
        ]
    promises.promise(
        case=doing.case, kind=sent.text("kind"), parts=parts, at=doing.at, acting_user=doing.user
    )
    return _("The promise is noted.")


def _later_form(doing: Doing) -> dict[str, Any]:
    return {"tomorrow": doing.today + timedelta(days=1), "morning": MORNING}


def _later(doing: Doing) -> str:
    sent = doing.sent
    try:
        clock = time.fromisoformat(sent.text("clock") or MORNING.isoformat())
    except ValueError as exception:
        raise DaihouError("form.day_wrong", field="clock") from exception
    next_at = timezone.make_aware(datetime.combine(sent.day("on"), clock))
    working.plan_next(
        case=doing.case,
        next_at=next_at,
        action=sent.text("what"),
        at=doing.at,
        acting_user=doing.user,
    )
    return _("The case is put away until then.")


STOPS_TO_ORDER = (
    StopKind.CEASE,
    StopKind.OPT_OUT,
    StopKind.ATTORNEY,
    StopKind.BREATHING_SPACE,
    StopKind.HARDSHIP,
    StopKind.WORKPLACE,
)
STOPPED_CHANNELS = (Channel.VOICE, Channel.SMS, Channel.EMAIL, Channel.WECHAT, Channel.VISIT)


def _stop_form(doing: Doing) -> dict[str, Any]:
    who = people.asked(case=doing.case, loans=doing.loans, on=doing.today)
    has_contact = any(each.recipient is Recipient.CONTACT_PERSON for each in who)
    kinds = (*STOPS_TO_ORDER, StopKind.CONTACT_REFUSED) if has_contact else STOPS_TO_ORDER
    return {
        "kinds": [(kind.value, words.STOPS[kind.value]) for kind in kinds],
        "channels": [(each.value, words.CHANNELS[each.value]) for each in STOPPED_CHANNELS],
        "people": who,
    }


def _stop(doing: Doing) -> str:
    """Stop contact with the person of the case about everything, with others with them only."""
    kind, who = doing.sent.choice("kind", StopKind), _stopped(doing)
    fits = (*STOPS_TO_ORDER, StopKind.CONTACT_REFUSED)
    is_contact = who.recipient is Recipient.CONTACT_PERSON
    if kind not in fits or (kind is StopKind.CONTACT_REFUSED and not is_contact):
        raise DaihouError("form.choice_wrong", field="kind")
    wanted = set(doing.request.POST.getlist("channels"))
    if kind is StopKind.CONTACT_REFUSED:
        wanted = set()  # She is not asked for again in any way.
    stops.order(
        party=who.party,
        kind=kind,
        at=doing.at,
        acting_user=doing.user,
        scope=stops.Scope(
            channels=frozenset(each for each in STOPPED_CHANNELS if each in wanted),
            only_as_recipient=not who.is_debtor,
        ),
        note=doing.sent.text("note"),
        evidence=doing.sent.text("evidence")[:200],
        book=doing.sight.book,
    )
    return _("Contact is stopped from now on; what was waiting to be sent is taken back.")


def _stopped(doing: Doing) -> Asked:
    """Find whom a stop is about; none chosen: the person of the case."""
    who = people.asked(case=doing.case, loans=doing.loans, on=doing.today)
    found = people.named(people=who, key=doing.sent.text("who") or who[0].key)
    if found is None:
        raise DaihouError("form.choice_wrong", field="who")
    return found


def _state_form(doing: Doing) -> dict[str, Any]:
    return {
        "kinds": [(kind.value, words.STATES[kind.value]) for kind in StateKind],
        "today": doing.today,
    }


def _state(doing: Doing) -> str:
    sent = doing.sent
    states.note_state(
        party=doing.case.party,
        kind=sent.text("kind"),
        started_on=sent.day("started_on"),
        note=sent.text("note"),
        evidence=sent.text("evidence"),
        acting_user=doing.user,
    )
    return _("It is noted of her, and counts for contact from now on.")


def _reveal_form(doing: Doing) -> dict[str, Any]:
    return {"masked": _fields(parties.masked_data(party=doing.case.party))}


def _reveal(doing: Doing) -> Panel:
    plain = editing.reveal(
        party=doing.case.party, reason=doing.sent.text("reason"), acting_user=doing.user
    )
    return Panel(template="desk/cases/acts/revealed.html", context={"plain": _fields(plain)})


def _fields(data: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(str(words.FIELDS.get(field, field)), values) for field, values in data.items()]


def _plan_form(doing: Doing) -> dict[str, Any]:
    """List the plans of the loans; each opens its own form with a preview."""
    found = doing.owing
    menu = [each for each in choosing.menu(status="active") if each.key in _PLAN_KEYS]
    return {"boxes": found.boxes, "menu": menu}


_PLAN_KEYS = {choosing.GROUPS[Group.PLAN][1], choosing.GROUPS[Group.RELIEF][1]}


def _no_act(_doing: Doing) -> str:
    raise DaihouError("form.choice_wrong", field="action")


DEEDS = (
    Kind(name="note", form=nothing, act=_note),
    Kind(name="promise", form=_promise_form, act=_promise),
    Kind(name="later", form=_later_form, act=_later),
    Kind(name="stop", form=_stop_form, act=_stop),
    Kind(name="state", form=_state_form, act=_state),
    Kind(name="reveal", form=_reveal_form, act=_reveal),
    Kind(name="plan", form=_plan_form, act=_no_act),
)
