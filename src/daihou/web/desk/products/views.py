"""Products of a book: their versions, how they differ, a sample of each, and who runs on them."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.approvals import queries as approvals
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.products import filling, showing
from daihou.web.desk.products.forms import Draft
from daihou.web.loans import operations, queries
from daihou.web.loans.models import Origin, Product, ProductVersion, VersionState
from daihou.web.loans.queries import Content

LOANS_SHOWN = 50


@require_safe
@book_page("product.view")
def products(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    found = list(queries.products(book=sight.book))
    context = {"products": found, "may_change": may_change(request, sight)}
    return show(request, "desk/products/products.html", context, sight=sight, page="products")


@require_POST
@book_page("product.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    code = request.POST.get("code", "").strip()

    def make() -> None:
        operations.create_product(
            book=sight.book, code=code, name=request.POST.get("name", ""),
            acting_user=user_of(request),
        )  # fmt: skip

    if attempt(request, make, done=_("The product is there; now draft its first version.")):
        return redirect("desk:product_new_version", sight.book.name, code)
    return redirect("desk:products", sight.book.name)


@require_safe
@book_page("product.view")
def product(request: HttpRequest, *, sight: Sight, code: str) -> HttpResponse:
    found = product_of(sight, code)
    context = {
        "product": found,
        "versions": list(queries.versions(product=found)),
        "may_change": may_change(request, sight),
    }
    return show(request, "desk/products/product.html", context, sight=sight, page="products")


@require_safe
@book_page("product.view")
def version(request: HttpRequest, *, sight: Sight, code: str, version_no: int) -> HttpResponse:
    found = version_of(sight, code, version_no)
    content = queries.content_of(version=found)
    loans = queries.loans_of(version=found)
    if sight.funder_ids is not None:
        loans = loans.filter(funder_id__in=sight.funder_ids)
    against = _against(request, found)
    before = queries.content_of(version=against) if against else None
    context = {
        "product": found.product,
        "version": found,
        "groups": showing.groups(content, digits=sight.book.minor_digits),
        "costs": content.costs,
        "others": found.product.versions.exclude(pk=found.pk).order_by("-version_no"),
        "against": against,
        "differences": showing.differences(before, content, digits=sight.book.minor_digits)
        if before
        else [],
        "loans": loans[:LOANS_SHOWN],
        "loan_count": loans.count(),
        "approvals": approvals.of_target(
            book=sight.book, target_type=operations.TARGET, target_id=found.pk
        ),
        "may_change": may_change(request, sight),
        "may_open": found.state == VersionState.APPROVED
        and found.origin == Origin.OWN
        and may(request, sight, "loan.originate"),
    } | showing.sample_context(request.GET, product=found.product, content=content)
    return show(request, "desk/products/version.html", context, sight=sight, page="products")


@book_page("product.change")
def new_version(request: HttpRequest, *, sight: Sight, code: str) -> HttpResponse:
    found = product_of(sight, code)
    base = _base(request, found)

    def save(content: Content) -> ProductVersion:
        return operations.draft_version(
            product=found, content=content, acting_user=user_of(request)
        )

    return _form(request, sight=sight, product=found, base=base, save=save)


@book_page("product.change")
def edit(request: HttpRequest, *, sight: Sight, code: str, version_no: int) -> HttpResponse:
    found = version_of(sight, code, version_no)
    if not found.is_open:
        return redirect("desk:product_version", sight.book.name, code, version_no)

    def save(content: Content) -> ProductVersion:
        return operations.change_draft(version=found, content=content, acting_user=user_of(request))

    base = queries.content_of(version=found)
    return _form(request, sight=sight, product=found.product, base=base, save=save, version=found)


@require_POST
@book_page("product.change")
def act(request: HttpRequest, *, sight: Sight, code: str, version_no: int) -> HttpResponse:
    found = version_of(sight, code, version_no)
    given: dict[str, Any] = {"version": found, "acting_user": user_of(request)}
    reason = request.POST.get("reason", "")
    deeds: dict[str, tuple[Callable[[], object], str]] = {
        "submit": (
            lambda: operations.submit_version(reason=reason, **given),
            _("The version waits for a second person."),
        ),
        "reopen": (lambda: operations.reopen_version(**given), _("The version is a draft again.")),
        "retire": (
            lambda: operations.retire_version(reason=reason, **given),
            _("The version opens no more loans."),
        ),
    }
    deed = deeds.get(request.POST.get("deed", ""))
    if deed is None:
        raise Http404
    attempt(request, deed[0], done=deed[1])
    return redirect("desk:product_version", sight.book.name, code, version_no)


def _form(
    request: HttpRequest,
    *,
    sight: Sight,
    product: Product,
    base: Content,
    save: Callable[[Content], ProductVersion],
    version: ProductVersion | None = None,
) -> HttpResponse:
    """Show the form with its sample; save it where that was asked for and nothing is wrong."""
    draft = filling.draft_of(
        content=base,
        digits=sight.book.minor_digits,
        calendars=queries.calendars(book=sight.book),
        posted=request.POST if request.method == "POST" else None,
    )
    content: Content | None = base
    refused = ""
    if request.method == "POST":
        content, refused = _read(draft)
        if content is not None and request.POST.get("then") == "save":
            try:
                saved = save(content)
                return redirect(
                    "desk:product_version", sight.book.name, product.code, saved.version_no
                )
            except DaihouError as fault:
                refused = line_of(fault)
    context: dict[str, Any] = {
        "product": product,
        "version": version,
        "draft": draft,
        "refused": refused,
        "sample_principal_minor": None,
    }
    if content is not None:
        given = request.POST if request.method == "POST" else request.GET
        context |= showing.sample_context(given, product=product, content=content)
    return show(
        request, "desk/products/edit.html", context, sight=sight, page="products",
        status=422 if refused else 200,
    )  # fmt: skip


def _read(draft: Draft) -> tuple[Content | None, str]:
    if not draft.is_valid():
        return None, _("Some fields cannot be read; they are marked.")
    content = draft.content()
    try:
        operations.check_content(content)
    except DaihouError as fault:
        return content, line_of(fault)
    return content, ""


def _base(request: HttpRequest, product: Product) -> Content:
    """Begin a version with the one named in the address, else the newest, else afresh."""
    text = request.GET.get("from", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
    versions = product.versions.select_related("terms").order_by("-version_no")
    found = versions.filter(version_no=number).first() if number else versions.first()
    today: date = product.book.business_date or timezone.localdate()
    if found is None:
        return filling.beginning(on=today)
    content = queries.content_of(version=found)
    return filling.again(content, on=today)


def _against(request: HttpRequest, found: ProductVersion) -> ProductVersion | None:
    text = request.GET.get("against", "")
    others = ProductVersion.objects.filter(product=found.product).select_related("terms")
    if text.isascii() and text.isdigit() and len(text) < 6:
        return others.filter(version_no=int(text)).first()
    return others.filter(version_no__lt=found.version_no).order_by("-version_no").first()


def product_of(sight: Sight, code: str) -> Product:
    found = queries.find_product(book=sight.book, code=code)
    if found is None:
        raise Http404
    return found


def version_of(sight: Sight, code: str, version_no: int) -> ProductVersion:
    found = queries.find_version(product=product_of(sight, code), version_no=version_no)
    if found is None:
        raise Http404
    return found


def may_change(request: HttpRequest, sight: Sight) -> bool:
    return may(request, sight, "product.change")


def demand(request: HttpRequest, sight: Sight, permission: str) -> None:
    """Refuse whoever may see the page but not do this.

    :raises PermissionDenied: see above.
    """
    if not may(request, sight, permission):
        raise PermissionDenied
