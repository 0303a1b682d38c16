"""Writing from a case, or letting the robot call: a text as it will leave, and to whom."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from daihou.collect.requests import Channel, Recipient
from daihou.collect.templates import TemplateRefused, Value
from daihou.errors import DaihouError
from daihou.web.cases import people, promises
from daihou.web.cases.contacting import contact_of, turned_to
from daihou.web.cases.people import Asked
from daihou.web.channels import accounts, facts, rendering
from daihou.web.channels.models import FIELD_OF, ChannelKind, TemplateVersion, VersionState
from daihou.web.contacts import operations as contacts
from daihou.web.desk.answering import line_of
from daihou.web.desk.cases.doing import Doing, Kind
from daihou.web.desk.cases.reaching import choices, point_of
from daihou.web.loans.models import Loan
from daihou.web.parties.editing import POINT_KINDS
from daihou.web.parties.reach import Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """``channels``: by which an approved text leaves. ``done`` says that it is on its way."""

    name: str
    title: Promise
    label: Promise
    done: Promise
    channels: tuple[Channel, ...]


WRITE = Deed(
    name="message",
    title=_("Message"),
    label=_("Send"),
    done=_("The message is on its way."),
    channels=(
        Channel.SMS,
        Channel.EMAIL,
        Channel.WECHAT,
        Channel.WHATSAPP,
        Channel.PUSH,
        Channel.LETTER,
    ),
)
ROBOT = Deed(
    name="robot",
    title=_("Let the robot call"),
    label=_("Let it call"),
    done=_("The robot calls; whatever needs a person puts the case first."),
    channels=(Channel.ROBOT,),
)
PURPOSES = ("collection", "reminder", "service_answer", "statutory_notice")
LANGUAGE = "zh"
OF_BROKEN = "promise-broken"  # The key of the text that speaks of a promise that was not kept.


def _asked(doing: Doing) -> list[Asked]:
    """List who may be written to: who was only named as a contact is told nothing in writing."""
    found = people.asked(case=doing.case, loans=doing.loans, on=doing.today)
    return [each for each in found if each.recipient is not Recipient.CONTACT_PERSON]


def _form(doing: Doing, *, deed: Deed) -> dict[str, Any]:
    """Show the chosen text as it would leave for this case."""
    asked = doing.request.POST or doing.request.GET
    persons = _asked(doing)
    who = people.named(people=persons, key=asked.get("who", "")) or persons[0]
    versions = list(_versions(doing, who, deed))
    wanted = asked.get("version", "")
    chosen = next((each for each in versions if str(each.pk) == wanted), None)
    chosen = chosen or _first_to_send(doing, who, versions, deed)
    in_turn = [box.loan for box in doing.owing.boxes if box.loan in who.loans]
    loan = next((each for each in in_turn if str(each.pk) == asked.get("loan")), None)
    loan = loan or next(iter(in_turn), None)
    context: dict[str, Any] = {
        "deed": deed,
        "persons": persons,
        "who": who,
        "versions": versions,
        "chosen": chosen,
        "loans": who.loans,
        "loan": loan,
    }
    if chosen is None or loan is None:
        return context
    try:
        rendered = _rendered(doing, chosen, loan, who)
    except (DaihouError, TemplateRefused) as refused:
        return context | {"unfit": line_of(refused)}
    found = choices(
        doing,
        replace(who, loans=(loan,)),
        _points(doing, who, chosen),
        channel=Channel(chosen.template.channel),
        content=rendered.content,
        purpose=chosen.template.purpose,
    )
    return context | {
        "text": rendered.payload.text,
        "subject": rendered.payload.subject,
        "findings": rendered.content.findings,
        "choices": found,
        "first": next((each for each in found if each.way.is_open), None),
    }


def _act(doing: Doing, *, deed: Deed) -> str:
    persons = _asked(doing)
    who = people.named(people=persons, key=doing.sent.text("who") or persons[0].key)
    if who is None:
        raise DaihouError("form.choice_wrong", field="who")
    version = _versions(doing, who, deed).filter(pk=doing.sent.number("version")).first()
    loan = next((each for each in who.loans if str(each.pk) == doing.sent.text("loan")), None)
    if version is None or loan is None:
        raise DaihouError("form.choice_wrong", field="version")
    if deed is ROBOT:  # Nobody else notes that it never called.
        accounts.accounts_for(book=doing.sight.book, channel=ChannelKind.ROBOT)
    rendered = _rendered(doing, version, loan, who)
    contact = contact_of(
        case=doing.case,
        loans=[loan],
        point=point_of(doing, _points(doing, who, version)),
        channel=Channel(version.template.channel),
        user=doing.user,
        content=rendered.content,
        payload=asdict(rendered.payload),
        purpose=version.template.purpose,
    )
    contacts.ask(contact=turned_to(who.recipient, contact), acting_user=doing.user, at=doing.at)
    return str(deed.done)


def _rendered(doing: Doing, version: TemplateVersion, loan: Loan, who: Asked) -> rendering.Rendered:
    values = facts.values_of(
        loan=loan,
        as_of=doing.owed_on,
        language=version.template.language,
        channel=version.template.channel,
        more=_missed(doing) if version.template.key == OF_BROKEN else {},
        recipient=None if who.is_debtor else who.party,
    )
    return rendering.render(version=version, values=values)


def _missed(doing: Doing) -> dict[str, Value]:
    """Give what a text says of a broken promise; without one the text has nothing to say."""
    part = promises.missed(case=doing.case)
    if part is None:
        return {}
    amount = facts.money(doing.sight.book, part.amount_minor)
    return {"promised_on": part.due_on, "promised_amount": amount}


def _versions(doing: Doing, who: Asked, deed: Deed) -> QuerySet[TemplateVersion]:
    """Query the approved texts for a person in her part, in the language of the case."""
    book = doing.sight.book
    found = TemplateVersion.objects.filter(
        Q(template__book=book) | Q(template__book__isnull=True),
        people.fitting(who.recipient),
        state=VersionState.APPROVED,
        template__channel__in=[each.value for each in deed.channels],
        template__purpose__in=PURPOSES,
        template__language=doing.case.language[:2] or LANGUAGE,
    )
    return found.select_related("template").order_by(
        "template__purpose", "template__channel", "template__key", "pk"
    )


def _first_to_send(
    doing: Doing, who: Asked, versions: Sequence[TemplateVersion], deed: Deed
) -> TemplateVersion | None:
    """Choose the first text that can reach the person, by channel; where none can, the first."""
    reaches: dict[str, bool] = {}
    for each in sorted(versions, key=lambda each: deed.channels.index(each.template.channel)):
        channel = each.template.channel
        if channel not in reaches:
            reaches[channel] = any(known.is_usable for known in _points(doing, who, each))
        if reaches[channel]:
            return each
    return versions[0] if versions else None


def _points(doing: Doing, who: Asked, version: TemplateVersion) -> list[Known]:
    kind = POINT_KINDS[FIELD_OF[ChannelKind(version.template.channel)]]
    return who.points(kind=kind, on=doing.today)


MESSAGES = (
    Kind(name="message", form=partial(_form, deed=WRITE), act=partial(_act, deed=WRITE)),
    Kind(
        name="robot",
        form=partial(_form, deed=ROBOT),
        act=partial(_act, deed=ROBOT),
        page="message",
    ),
)
