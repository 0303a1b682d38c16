"""``daihou user``: add people, give and take roles, lock out, set a new password."""

from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.access.models import User
    from daihou.web.parties.models import Party

app = typer.Typer(no_args_is_help=True, help="Add and change the people who may log in.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[str, typer.Argument(help="The name to log in with.")]
Roles = Annotated[
    list[str],
    typer.Option(
        "--role",
        help="collector, field_collector, team_lead, manager, quality, investigator, legal, "
        "analyst, compliance, finance, funder, agency, operator, admin, auditor.",
    ),
]
BookName = Annotated[str, typer.Option("--book", help="Only on this book; default: on all.")]
FunderId = Annotated[int | None, typer.Option("--funder", help="Only loans of this party's id.")]


@app.command()
def add(
    name: Name,
    *,
    role: Roles,
    book: BookName = "",
    funder: FunderId = None,
    display_name: Annotated[str, typer.Option(help="The name that others see.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a user. The password is made here and shown this once."""
    acting_user = _begin()
    from daihou.web.access import operations

    user, password = operations.add_user(
        username=name,
        roles=role,
        acting_user=acting_user,
        display_name=display_name,
        book_name=book,
        funder=_party(funder),
    )
    output.emit({"user": user.username, "roles": role, "password": password}, as_json=as_json)


@app.command()
def grant(
    name: Name,
    *,
    role: Roles,
    book: BookName = "",
    funder: FunderId = None,
    as_json: AsJson = False,
) -> None:
    """Give a user one or more roles."""
    acting_user = _begin()
    from daihou.web.access import operations

    user = _user(name)
    for each in role:
        operations.grant_role(
            user=user, role=each, book_name=book, funder=_party(funder), acting_user=acting_user
        )
    output.emit(_described(user), as_json=as_json)


@app.command()
def withdraw(name: Name, *, role: Roles, as_json: AsJson = False) -> None:
    """Take roles away, in every scope."""
    acting_user = _begin()
    from daihou.web.access import operations

    user = _user(name)
    for each in user.grants.filter(role__in=role):
        operations.withdraw_role(grant=each, acting_user=acting_user)
    output.emit(_described(user), as_json=as_json)


@app.command()
def lock(
    name: Name,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let the user in again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lock a user out."""
    acting_user = _begin()
    from daihou.web.access import operations

    user = _user(name)
    operations.set_active(user=user, is_active=undo, acting_user=acting_user)
    output.emit(_described(user), as_json=as_json)


@app.command()
def password(name: Name, *, as_json: AsJson = False) -> None:
    """Set a new password; it is made here and shown this once."""
    acting_user = _begin()
    from daihou.web.access import operations

    made = operations.reset_password(user=_user(name), acting_user=acting_user)
    output.emit({"user": name, "password": made}, as_json=as_json)


@app.command("list")
def list_users(*, as_json: AsJson = False) -> None:
    """List the users with their roles."""
    _begin()
    from daihou.web.access.models import User

    users = User.objects.order_by("username").prefetch_related("grants")
    output.emit({"users": [_described(user) for user in users]}, as_json=as_json)


def _begin() -> "User":
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.access import queries

    return queries.system_user()


def _user(name: str) -> "User":
    from daihou.web.access.models import User

    found = User.objects.filter(username=name).first()
    if found is None:
        raise DaihouError("user.unknown", username=name)
    return found


def _party(party_id: int | None) -> "Party | None":
    if party_id is None:
        return None
    from daihou.web.parties.models import Party

    found = Party.objects.filter(pk=party_id).first()
    if found is None:
        raise DaihouError("party.unknown", party_id=party_id)
    return found


def _described(user: "User") -> dict[str, object]:
    grants = [
        {"role": grant.role, "book": grant.book_name or None, "funder": grant.funder_id}
        for grant in user.grants.order_by("pk")
    ]
    return {"user": user.username, "is_active": user.is_active, "grants": grants}
