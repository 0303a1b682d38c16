"""What every form of a case is made of: who does it, what it shows, what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.board.sight import Sight, user_of
from daihou.web.cases.models import Case
from daihou.web.cases.queries import owed_on
from daihou.web.cases.sighting import loans_of
from daihou.web.desk.cases import owing as owed
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.loans.models import Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """Who does something in which case, and what was sent with it."""

    request: HttpRequest
    sight: Sight
    case: Case
    at: datetime

    @property
    def user(self) -> User:
        return user_of(self.request)

    @property
    def sent(self) -> Sent:
        return sent_by(self.request, self.sight)

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)

    @property
    def loans(self) -> list[Loan]:
        return loans_of(self.sight, self.case)

    @property
    def owing(self) -> owed.Owing:
        return owed.owing(book=self.sight.book, loans=self.loans, on=self.owed_on)

    @property
    def owed_on(self) -> date:
        return owed_on(book=self.sight.book, today=self.today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A form, or what came of one, beside the case."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``form`` gives what the form shows; ``act`` does it and says so, or shows a panel.

    ``of`` names the action whose permission it needs, ``page`` the form's template, where those
    are not its own name.
    """

    name: str
    form: Callable[[Doing], dict[str, Any]]
    act: Callable[[Doing], str | Panel]
    of: str = ""
    page: str = ""

    @property
    def right(self) -> str:
        return self.of or self.name

    @property
    def template(self) -> str:
        return f"desk/cases/acts/{self.page or self.name}.html"


def nothing(_doing: Doing) -> dict[str, Any]:
    """Show a form that needs nothing of the case."""
    return {}
