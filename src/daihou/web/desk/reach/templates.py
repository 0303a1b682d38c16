"""Templates: the list, one with its versions and a preview, writing, approval, reviews."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.collect.templates import SLOTS, segments
from daihou.errors import DaihouError
from daihou.web.board.borrowers import company_names
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of, whole_book
from daihou.web.channels import facts, house, queries, rendering, templates as operations
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import (
    Account,
    ChannelKind,
    Identity,
    Language,
    Purpose,
    Review,
    ReviewState,
    Template,
    TemplateVersion,
)
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.parties.models import Party

NAMES = "names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``trouble`` says why there is none."""

    loan_ref: str
    subject: str = ""
    text: str = ""
    parts: int = 0
    trouble: str = ""


@require_safe
@book_page("template.view")
def templates(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    channel = request.GET.get("channel", "")[:12]
    language = request.GET.get("language", "")[:2]
    found = queries.templates(book=sight.book, channel=channel, language=language)
    chosen = queries.newest(templates_of=found)
    context = {
        "rows": [(each, chosen.get(each.pk)) for each in found],
        "channel": channel,
        "language": language,
        "channels": ChannelKind,
        "languages": Language,
        "purposes": Purpose,
        "funders": sorted(company_names(_funders(sight)).items()),
        "identity": Identity.objects.filter(book=sight.book).first(),
        "may_change": _may_change(request, sight),
    }
    return show(request, "desk/reach/templates.html", context, sight=sight, page="templates")


@require_POST
@book_page("template.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    sent = sent_by(request, sight)
    try:
        made = operations.add_template(
            book=sight.book,
            funder=_funder(sight, sent.text("funder")),
            key=sent.text("key"),
            name=sent.text("name"),
            channel=sent.text("channel"),
            purpose=sent.text("purpose"),
            language=sent.text("language"),
            acting_user=user_of(request),
        )
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:templates", sight.book.name)
    return redirect("desk:template", sight.book.name, made.pk)


@require_POST
@book_page("template.change")
def identify(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    sent = sent_by(request, sight)
    attempt(
        request,
        lambda: house.identify(
            book=sight.book,
            institution=sent.text("institution"),
            service_phone=sent.text("service_phone"),
            acting_user=user_of(request),
        ),
        done=_("Saved."),
    )
    return redirect("desk:templates", sight.book.name)


@require_safe
@book_page("template.view")
def template(request: HttpRequest, *, sight: Sight, template_id: int) -> HttpResponse:
    found = _template(sight, template_id)
    versions = list(found.versions.select_related("made_by").order_by("-version_no"))
    shown = versions[0] if versions else None
    loan_ref = request.GET.get("loan", "").strip()[:128]
    context = {
        "template": found,
        "versions": versions,
        "shown": shown,
        "preview": _preview(sight, shown, loan_ref) if shown and loan_ref else None,
        "parts": segments(text=shown.body) if shown and found.channel == ChannelKind.SMS else 0,
        "slots": SLOTS,
        "reviews": _reviews(sight, found, versions),
        "review_states": ReviewState,
        "is_house": found.book_id is None,
        "may_change": _may_change(request, sight),
    }
    return show(request, "desk/reach/template.html", context, sight=sight, page="templates")


@require_POST
@book_page("template.change")
def act(request: HttpRequest, *, sight: Sight, template_id: int) -> HttpResponse:
    whole_book(sight)
    found = _template(sight, template_id)
    sent = sent_by(request, sight)
    deeds = {"save": _save, "submit": _submit, "retire": _retire, "review": _review, "own": _own}
    deed = deeds.get(sent.text("deed"))
    if deed is None:
        raise Http404
    if found.book_id is None and deed not in {_own, _review}:
        raise PermissionDenied  # A text of the house belongs to every book.
    return deed(request, sight, found, sent)


def _save(request: HttpRequest, sight: Sight, found: Template, sent: Sent) -> HttpResponse:
    attempt(
        request,
        lambda: operations.save(
            template=found,
            subject=sent.text("subject"),
            body=sent.text("body").replace("\r\n", "\n"),
            acting_user=user_of(request),
        ),
        done=_("The draft was saved."),
    )
    return redirect("desk:template", sight.book.name, found.pk)


def _submit(request: HttpRequest, sight: Sight, found: Template, sent: Sent) -> HttpResponse:
    attempt(
        request,
        lambda: operations.submit(
            version=_version(found, sent), reason=sent.text("reason"), acting_user=user_of(request)
        ),
        done=_("A second person has to approve it now."),
    )
    return redirect("desk:template", sight.book.name, found.pk)


def _retire(request: HttpRequest, sight: Sight, found: Template, sent: Sent) -> HttpResponse:
    attempt(
        request,
        lambda: operations.retire(version=_version(found, sent), acting_user=user_of(request)),
        done=_("It is used no more."),
    )
    return redirect("desk:template", sight.book.name, found.pk)


def _review(request: HttpRequest, sight: Sight, found: Template, sent: Sent) -> HttpResponse:
    account = Account.objects.filter(book=sight.book, pk=sent.number("account")).first()
    if account is None:
        raise Http404
    attempt(
        request,
        lambda: operations.note_review(
            version=_version(found, sent),
            account=account,
            state=sent.text("state"),
            provider_template=sent.text("provider_template"),
            names=_names(sent.text(NAMES)),
            reason=sent.text("reason"),
            acting_user=user_of(request),
        ),
        done=_("Noted."),
    )
    return redirect("desk:template", sight.book.name, found.pk)


def _own(request: HttpRequest, sight: Sight, found: Template, sent: Sent) -> HttpResponse:  # noqa: ARG001
    """Begin the book's own text from one of the house."""
    last = found.versions.order_by("-version_no").first()
    if last is None:
        raise Http404
    by = user_of(request)
    try:
        made = operations.add_template(
            book=sight.book,
            key=found.key,
            name=found.name,
            channel=found.channel,
            purpose=found.purpose,
            language=found.language,
            acting_user=by,
        )
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:template", sight.book.name, found.pk)
    operations.save(template=made, subject=last.subject, body=last.body, acting_user=by)
    return redirect("desk:template", sight.book.name, made.pk)


def _names(text: str) -> dict[str, str]:
    """Read ``ours=theirs`` pairs, one a line or with commas between.

    :raises ChannelRefused: ``template.names_wrong``.
    """
    pairs = [pair.strip() for pair in text.replace("\n", ",").split(",") if pair.strip()]
    read = [pair.partition("=") for pair in pairs]
    if any(
        not sign or ours.strip() not in SLOTS or not theirs.strip() for ours, sign, theirs in read
    ):
        raise ChannelRefused("template.names_wrong")
    return {ours.strip(): theirs.strip() for ours, _sign, theirs in read}


def _preview(sight: Sight, version: TemplateVersion, loan_ref: str) -> Preview:
    loan = sight.loans().filter(loan_ref=loan_ref).first()
    if loan is None:
        return Preview(loan_ref=loan_ref, trouble=_("There is no such loan in sight."))
    try:
        values = facts.values_of(
            loan=loan,
            as_of=timezone.localdate(),
            language=version.template.language,
            channel=version.template.channel,
        )
        payload = rendering.render(version=version, values=values).payload
    except DaihouError as refused:
        return Preview(loan_ref=loan_ref, trouble=line_of(refused))
    return Preview(
        loan_ref=loan_ref,
        subject=payload.subject,
        text=payload.text,
        parts=segments(text=payload.text) if version.template.channel == ChannelKind.SMS else 0,
    )


def _reviews(
    sight: Sight, found: Template, versions: list[TemplateVersion]
) -> list[tuple[Account, TemplateVersion, Review | None]]:
    """Pair the accounts of the channel with the version in use and what its provider said."""
    used = next((each for each in versions if each.state == "approved"), None)
    if used is None:
        return []
    said = {review.account_id: review for review in used.reviews.all()}
    of_channel = queries.accounts(book=sight.book).filter(channel=found.channel)
    return [(account, used, said.get(account.pk)) for account in of_channel]


def _template(sight: Sight, template_id: int) -> Template:
    found = queries.templates(book=sight.book).filter(pk=template_id).first()
    if found is None:
        raise Http404
    return found


def _version(found: Template, sent: Sent) -> TemplateVersion:
    version = found.versions.filter(pk=sent.number("version")).first()
    if version is None:
        raise Http404
    return version


def _may_change(request: HttpRequest, sight: Sight) -> bool:
    return sight.funder_ids is None and may(request, sight, "template.change")


def _funders(sight: Sight) -> list[Party]:
    ids = sight.loans().exclude(funder=None).order_by().values("funder").distinct()
    return list(Party.objects.filter(pk__in=ids))


def _funder(sight: Sight, text: str) -> Party | None:
    if not text:
        return None
    found = {str(party.pk): party for party in _funders(sight)}.get(text)
    if found is None:
        raise ChannelRefused("template.words_unknown")
    return found
