"""Open the book that a command names, or the only one there is."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.engine.book import Book as EngineBook
    from daihou.web.ledger.models import Book as LedgerBook


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBook:
    """A book on both sides: its ledger and its shards."""

    ledger: "LedgerBook"
    engine: "EngineBook"

    @property
    def name(self) -> str:
        return self.ledger.name

    def reconciliations(self, *, as_of: date) -> list[dict[str, Any]]:
        """Give the reconciliation of every import up to the end of a day, newest first."""
        from daihou.web.ledger.queries import reconciliations

        found: list[dict[str, Any]] = reconciliations(book=self.ledger, as_of=as_of)
        return found


def open_book(name: str | None) -> OpenBook:
    """Find the book and start what it needs.

    :raises DaihouError: ``book.none``, ``book.unknown``, ``book.ambiguous``.
    """
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.ledger.queries import engine_book

    ledger = _find(name)
    return OpenBook(ledger=ledger, engine=engine_book(book=ledger))


def _find(name: str | None) -> "LedgerBook":
    from daihou.web.ledger.models import Book

    books = {book.name: book for book in Book.objects.order_by("name")}
    if not books:
        raise DaihouError("book.none")
    if name is None and len(books) == 1:
        return next(iter(books.values()))
    if name is None:
        raise DaihouError("book.ambiguous", names=", ".join(books))
    if name not in books:
        raise DaihouError("book.unknown", name=name, names=", ".join(books))
    return books[name]
