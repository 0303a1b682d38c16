"""Which cases a user sees: those of the book, or those with a loan of her funders."""

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from daihou.web.board.sight import Sight
from daihou.web.cases.models import Case, CaseLoan
from daihou.web.cases.queries import with_night
from daihou.web.channels.models import Account, ChannelKind
from daihou.web.loans.models import Loan


def cases_in(sight: Sight) -> QuerySet[Case]:
    """Query the cases of a book in sight."""
    found = Case.objects.filter(book=sight.book)
    if sight.funder_ids is None:
        return found
    lent = CaseLoan.objects.filter(loan__in=sight.loans())
    return found.filter(pk__in=lent.values("case_id"))


def case_of(sight: Sight, case_id: int) -> Case:
    """Find a case in sight.

    :raises Http404: it is not there or not hers; both look the same.
    """
    with_it = ("party", "owner", "team", "locked_by")
    asked = cases_in(sight).select_related(*with_it).filter(pk=case_id)
    switches = Account.objects.filter(channel=ChannelKind.VOICE, is_active=True)
    asked = asked.annotate(has_switch=Exists(switches.filter(book=OuterRef("book"))))
    found = with_night(asked, book=sight.book).first()
    if found is None:
        raise Http404
    found.book = sight.book
    return found


def loans_of(sight: Sight, case: Case) -> list[Loan]:
    """List the loans of a case that are in sight, the oldest first, with what is told of them."""
    told = ("product", "funder", "creditor", "terms", "schedule", "published")
    found = sight.loans().filter(case_loans__case=case).select_related(*told)
    return list(found.order_by("start_on", "pk"))
