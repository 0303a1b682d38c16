"""What a person says against a case, and what helps her: claims, a pay link, another collector."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from daihou.collect.affordability import EXPENSES, INCOME
from daihou.errors import DaihouError
from daihou.web.access.queries import may as user_may
from daihou.web.board import money
from daihou.web.cases import assigning, noting, queries, relief
from daihou.web.cases.models import Collector, PromiseState, TagKind
from daihou.web.complaints import claims, operations as complaints
from daihou.web.complaints.models import Intake, Nature, Topic
from daihou.web.contacts.models import Permit
from daihou.web.desk.cases import words
from daihou.web.desk.cases.doing import Doing, Kind, Panel
from daihou.web.loans.models import Loan
from daihou.web.payments import links
from daihou.web.payments.models import Channel as PayChannel, PayLink

DISPUTED = (
    Topic.AMOUNT,
    Topic.FEES,
    Topic.IDENTITY,
    Topic.CONTRACT,
    Topic.PAYMENT,
    Topic.OTHER,
)
INTAKES = (Intake.PHONE, Intake.SMS, Intake.EMAIL, Intake.WECHAT, Intake.VISIT, Intake.DESK)
CONTACTS_SHOWN = 8
LINK_LIVES = timedelta(days=3)


def _complaint_form(doing: Doing) -> dict[str, Any]:
    return {
        "nature": Nature.COMPLAINT.value,
        "topics": [(each.value, words.TOPICS[each.value]) for each in Topic],
        "intakes": [(each.value, words.INTAKES[each.value]) for each in INTAKES],
        "permits": Permit.objects.filter(case_number=doing.case.pk)
        .select_related("acting_user")
        .order_by("-at")[:CONTACTS_SHOWN],
    }


def _dispute_form(doing: Doing) -> dict[str, Any]:
    return {
        "nature": Nature.DISPUTE.value,
        "topics": [(each.value, words.TOPICS[each.value]) for each in DISPUTED],
        "intakes": [(each.value, words.INTAKES[each.value]) for each in INTAKES],
        "boxes": doing.owing.boxes,
    }


def _complaint(doing: Doing) -> str:
    made = complaints.record(
        book=doing.sight.book, told=_told(doing, Nature.COMPLAINT), acting_user=doing.user
    )
    return _("The complaint is recorded as %(reference)s; what it is about is held.") % {
        "reference": made.reference
    }


def _dispute(doing: Doing) -> str:
    if not doing.request.POST.getlist("loans"):
        raise DaihouError("form.choice_wrong", field="loans")
    made = complaints.record(
        book=doing.sight.book, told=_told(doing, Nature.DISPUTE), acting_user=doing.user
    )
    return _("The dispute is recorded as %(reference)s; contact about these loans is held.") % {
        "reference": made.reference
    }


def _told(doing: Doing, nature: Nature) -> complaints.Told:
    wanted = set(doing.request.POST.getlist("loans"))
    named = {text for text in doing.request.POST.getlist("permits") if text.isdecimal()}
    permits = list(Permit.objects.filter(case_number=doing.case.pk, pk__in=named))
    return complaints.Told(
        nature=nature.value,
        intake=doing.sent.text("intake"),
        topic=doing.sent.text("topic"),
        said=doing.sent.text("said"),
        received_at=doing.at,
        party=doing.case.party,
        loans=[loan for loan in doing.loans if str(loan.pk) in wanted],
        permits=permits,
        people=[],
    )


def _paid_form(doing: Doing) -> dict[str, Any]:
    return {"boxes": doing.owing.boxes, "today": doing.today}


def _paid(doing: Doing) -> str:
    claimed = claims.Claimed(
        amount_minor=doing.sent.amount("amount"),
        paid_on=doing.sent.day("paid_on"),
        evidence=doing.sent.text("evidence"),
    )
    claims.claim(loan=_loan(doing), party=doing.case.party, claimed=claimed, acting_user=doing.user)
    return _("Noted: contact about this loan waits until the payment is found or refused.")


def _link_form(doing: Doing) -> dict[str, Any]:
    channels = PayChannel.objects.filter(book=doing.sight.book, is_active=True).exclude(
        secret_ref=""
    )
    links = PayLink.objects.filter(case_number=doing.case.pk, expires_at__gt=doing.at)
    return {
        "boxes": doing.owing.boxes,
        "channels": channels.order_by("pk"),
        "links": links.select_related("loan").order_by("-pk"),
    }


def _link(doing: Doing) -> Panel:
    channel = _link_form(doing)["channels"].filter(pk=doing.sent.number("channel")).first()
    if channel is None:
        raise DaihouError("form.choice_wrong", field="channel")
    promise = doing.case.promises.filter(state=PromiseState.OPEN).first()
    made = links.make(
        loan=_loan(doing),
        channel=channel,
        wanted=links.Wanted(
            amount_minor=doing.sent.amount("amount"),
            expires_at=doing.at + LINK_LIVES,
            case_number=doing.case.pk,
            promise_number=promise.pk if promise else None,
        ),
        site=doing.request.build_absolute_uri("/"),
        acting_user=doing.user,
    )
    address = reverse("portal:pay", args=[links.token_of(link=made)])
    return Panel(
        template="desk/cases/acts/link.html",
        context={"link": made, "address": doing.request.build_absolute_uri(address)},
    )


def _hand_form(doing: Doing) -> dict[str, Any]:
    found = Collector.objects.filter(is_active=True, user__is_active=True)
    return {
        "collectors": found.exclude(user=doing.case.owner_id)
        .select_related("user", "team")
        .order_by("team__name", "user__username"),
        "may_assign": user_may(user=doing.user, permission="case.assign", target=doing.sight.book),
    }


def _hand_over(doing: Doing) -> str:
    """Give the case to a colleague; a collector only her own case."""
    form = _hand_form(doing)
    if not form["may_assign"] and doing.case.owner_id != doing.user.pk:
        raise DaihouError("case.owned", by=str(doing.case.owner))
    found = form["collectors"].filter(user=doing.sent.number("to")).first()
    if found is None:
        raise DaihouError("form.choice_wrong", field="to")
    assigning.hand_over(
        case=doing.case,
        to=found.user,
        reason=doing.sent.text("reason"),
        at=doing.at,
        acting_user=doing.user,
    )
    return _("The case is handed over to %(who)s.") % {"who": found.user}


def _loan(doing: Doing) -> Loan:
    found = next((each for each in doing.loans if str(each.pk) == doing.sent.text("loan")), None)
    if found is None:
        raise DaihouError("form.choice_wrong", field="loan")
    return found


def _hardship_form(doing: Doing) -> dict[str, Any]:
    """Show the income and expense form, filled with the newest one of the person."""
    newest = queries.newest_affordability(case=doing.case)
    held = {**newest.income, **newest.expenses} if newest else {}
    return {
        "newest": newest,
        "income": [(name, words.LINES[name], held.get(name)) for name in INCOME],
        "expenses": [(name, words.LINES[name], held.get(name)) for name in EXPENSES],
        "boxes": doing.owing.boxes,
        "today": doing.today,
    }


def _hardship(doing: Doing) -> str:
    """Keep what she stated; tag the case so that everybody sees it."""
    sent = doing.sent
    made = relief.state_affordability(
        case=doing.case,
        stated_on=doing.today,
        income={name: sent.amount_or_none(name) or 0 for name in INCOME},
        expenses={name: sent.amount_or_none(name) or 0 for name in EXPENSES},
        household=sent.number("household"),
        evidence=sent.text("evidence"),
        at=doing.at,
        acting_user=doing.user,
    )
    if sent.text("is_hardship"):
        noting.tag(
            case=doing.case,
            kind=TagKind.HARDSHIP.value,
            reason=_("income and expense form"),
            at=doing.at,
            acting_user=doing.user,
        )
    left = money.full(made.left_minor, digits=doing.sight.book.minor_digits)
    return _("The form is on file: %(left)s is left a month.") % {"left": left}


CARE = (
    Kind(name="hardship", form=_hardship_form, act=_hardship),
    Kind(name="paid", form=_paid_form, act=_paid),
    Kind(name="pay_link", form=_link_form, act=_link),
    Kind(name="hand_over", form=_hand_form, act=_hand_over),
    Kind(name="complaint", form=_complaint_form, act=_complaint),
    Kind(name="dispute", form=_dispute_form, act=_dispute, page="complaint"),
)
