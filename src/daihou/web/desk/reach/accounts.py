"""Accounts with providers: what there is, a new one, limits. Keys are named, never shown."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, user_of, whole_book
from daihou.web.channels import accounts as operations, queries, secrets
from daihou.web.channels.models import Account, Extension, Provider
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.reading import sent_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``trouble`` says why its keys cannot be used; ``hook`` is where its provider calls."""

    account: Account
    hook: str
    trouble: str


@require_safe
@book_page("channel.change")
def accounts(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    context = {
        "rows": [_row(request, account) for account in queries.accounts(book=sight.book)],
        "providers": Provider,
        "extensions": Extension.objects.select_related("user").order_by("number"),
    }
    return show(request, "desk/reach/accounts.html", context, sight=sight, page="reach_accounts")


@require_POST
@book_page("channel.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    sent = sent_by(request, sight)
    attempt(
        request,
        lambda: operations.add_account(
            book=sight.book,
            code=sent.text("code"),
            name=sent.text("name"),
            provider=sent.text("provider"),
            sender=sent.text("sender"),
            secret_ref=sent.text("secret_ref"),
            per_second=sent.number("per_second"),
            per_day=sent.number("per_day"),
            acting_user=user_of(request),
        ),
        done=_("The account was added."),
    )
    return redirect("desk:reach_accounts", sight.book.name)


@require_POST
@book_page("channel.change")
def change(request: HttpRequest, *, sight: Sight, account_id: int) -> HttpResponse:
    whole_book(sight)
    found = queries.accounts(book=sight.book).filter(pk=account_id).first()
    if found is None:
        raise Http404
    sent = sent_by(request, sight)
    attempt(
        request,
        lambda: operations.change_account(
            account=found,
            per_second=sent.number("per_second"),
            per_day=sent.number("per_day"),
            is_active=sent.text("is_active") == "1",
            acting_user=user_of(request),
        ),
        done=_("The account was changed."),
    )
    return redirect("desk:reach_accounts", sight.book.name)


@require_POST
@book_page("channel.change")
def extension(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    sent = sent_by(request, sight)
    user = User.objects.filter(username=sent.text("username"), is_active=True).first()
    if user is None:
        raise Http404
    attempt(
        request,
        lambda: operations.set_extension(
            user=user, number=sent.text("number"), acting_user=user_of(request)
        ),
        done=_("Saved."),
    )
    return redirect("desk:reach_accounts", sight.book.name)


def _row(request: HttpRequest, account: Account) -> Row:
    if not account.secret_ref:
        return Row(account=account, hook="", trouble="")
    hook = request.build_absolute_uri(f"/reach/{account.code}/")
    try:
        secrets.load(secret_ref=account.secret_ref)
    except DaihouError as refused:
        return Row(account=account, hook=hook, trouble=line_of(refused))
    return Row(account=account, hook=hook, trouble="")
