"""For whom a command acts: a user who is named and may do it, or this machine itself.

Errors  ``DaihouError``: ``user.unknown``, ``user.may_not``.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.access.models import User
    from daihou.web.ledger.models import Book

ByUser = Annotated[
    str | None,
    typer.Option("--user", help="Who does it, for the audit; else whoever runs this machine."),
]


def user_who_may(username: str, *, permission: str, target: object = None) -> "User":
    """Find a user who may do it on a book or, where none is given, on any."""
    from daihou.web.access import queries
    from daihou.web.access.models import User

    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise DaihouError("user.unknown", username=username)
    if not queries.may(user=found, permission=permission, target=target):
        raise DaihouError("user.may_not", username=username, permission=permission)
    return found


def user_or_machine(username: str | None, *, permission: str, book: "Book | None") -> "User":
    """Find a user who may do it on a book or, without one, on all; else the machine itself.

    Who can run commands here may run this one: naming a user only holds her to her own rights.
    """
    from daihou.web.access import queries

    if username is None:
        return queries.system_user()
    found = user_who_may(username, permission=permission, target=book)
    if book is None and not queries.may_everywhere(user=found, permission=permission):
        raise DaihouError("user.may_not", username=username, permission=permission)
    return found
