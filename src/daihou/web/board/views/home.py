"""The first page: the user's book, or what to do when there is none."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from daihou.web.board.page import show
from daihou.web.board.sight import pages_of, user_of, visible_books
from daihou.web.ledger.models import Book


def home(request: HttpRequest) -> HttpResponse:
    """Open the book with the newest business date; say what to type when there is none."""
    books = list(visible_books(user_of(request)))
    if not books:
        context = {"any_book": Book.objects.exists()}
        return show(request, "board/no_book.html", context)
    newest = max(books, key=lambda book: (str(book.business_date or ""), book.name))
    first = next(iter(pages_of(user_of(request), book=newest).values()))
    return redirect(first.url, newest.name)
