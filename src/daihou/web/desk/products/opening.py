"""Open a loan on an approved version: borrower, amount, start, a line where she has one."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from daihou.core.terms import MOST_INSTALMENTS, Rate
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.credit import lending, queries as credit
from daihou.web.credit.errors import CreditRefused
from daihou.web.desk.answering import attempt
from daihou.web.desk.products.forms import RATE_MOST, Styled
from daihou.web.desk.products.views import version_of
from daihou.web.loans import queries
from daihou.web.loans.models import ProductVersion
from daihou.web.loans.origination import Wanted
from daihou.web.parties.sighting import find_party


class LoanForm(Styled):
    loan_ref = forms.CharField(label=gettext_lazy("Loan number"), max_length=64)
    borrower = forms.CharField(
        label=gettext_lazy("Borrower"), max_length=128,
        help_text=gettext_lazy("Her reference here, phone or ID number."),
    )  # fmt: skip
    principal = forms.DecimalField(
        label=gettext_lazy("Principal"), max_digits=16, decimal_places=4, min_value=0
    )
    start_on = forms.DateField(
        label=gettext_lazy("Start"), widget=forms.DateInput(attrs={"type": "date"})
    )
    instalment_count = forms.IntegerField(
        label=gettext_lazy("Number of instalments"),
        min_value=1,
        max_value=MOST_INSTALMENTS,
        required=False,
    )
    rate = forms.DecimalField(
        label=gettext_lazy("Rate, %"), min_value=0, max_value=RATE_MOST, required=False
    )
    line_ref = forms.CharField(
        label=gettext_lazy("Credit line"), max_length=64, required=False,
        help_text=gettext_lazy("Empty: none."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    version: ProductVersion
    given: dict[str, Any]
    digits: int

    def wanted(self) -> Wanted:
        percent = self.given["rate"]
        per = queries.content_of(version=self.version).terms.rate.per
        return Wanted(
            instalment_count=self.given["instalment_count"],
            rate=None if percent is None else Rate(value=(percent / 100).normalize(), per=per),
        )


@book_page("loan.originate")
def open_loan(request: HttpRequest, *, sight: Sight, code: str, version_no: int) -> HttpResponse:
    found = version_of(sight, code, version_no)
    today = sight.book.business_date or timezone.localdate()
    form = LoanForm(
        request.POST or None,
        initial={"start_on": max(today, found.effective_on).isoformat()},
    )
    if request.method == "POST" and form.is_valid():
        asked = _Asked(version=found, given=form.cleaned_data, digits=sight.book.minor_digits)
        if attempt(
            request, lambda: _open(request, sight, asked), done=_("The loan is open; not paid out.")
        ):
            return redirect("desk:tranches", sight.book.name, form.cleaned_data["loan_ref"])
    context = {
        "product": found.product,
        "version": found,
        "form": form,
        "ranges": queries.content_of(version=found).ranges,
    }
    return show(
        request, "desk/products/open.html", context, sight=sight, page="products",
        status=422 if request.method == "POST" else 200,
    )  # fmt: skip


def _open(request: HttpRequest, sight: Sight, asked: _Asked) -> None:
    given = asked.given
    line = None
    if given["line_ref"]:
        line = credit.find_line(book=sight.book, line_ref=given["line_ref"])
        if line is None:
            raise CreditRefused("line.unknown", line=given["line_ref"])
    lending.originate(
        version=asked.version,
        borrower=find_party(user_of(request), sight, given["borrower"]),
        principal_minor=int(given["principal"].scaleb(asked.digits)),
        start_on=given["start_on"],
        loan_ref=given["loan_ref"],
        wanted=asked.wanted(),
        line=line,
        acting_user=user_of(request),
    )
