"""``daihou api``: keys for programs, and the description of the API."""

from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.access.models import User

app = typer.Typer(no_args_is_help=True, help="Keys for programs, OpenAPI.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def add_key(
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    *,
    user: Annotated[str, typer.Option(help="The user it acts as; her roles bound it.")],
    scope: Annotated[list[str], typer.Option(help="A permission it carries; repeat.")],
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    acting_user = _begin()
    from daihou.web.access.models import User
    from daihou.web.api import credentials

    found = User.objects.filter(username=user).first()
    if found is None:
        raise DaihouError("user.unknown", username=user)
    client, key = credentials.add_client(
        name=name, user=found, scopes=scope, acting_user=acting_user
    )
    output.emit(
        {"client_id": client.client_id, "scopes": client.scopes, "key": key}, as_json=as_json
    )


@app.command()
def revoke_key(client_id: str, *, as_json: AsJson = False) -> None:
    """Take a key back, at once and for good."""
    acting_user = _begin()
    from daihou.web.api import credentials

    credentials.revoke_client(client_id=client_id, acting_user=acting_user)
    output.emit({"client_id": client_id, "is_revoked": True}, as_json=as_json)


@app.command()
def keys(*, as_json: AsJson = False) -> None:
    """List the keys there are; secrets are kept nowhere."""
    _begin()
    from daihou.web.api.models import Client

    rows = [
        {
            "client_id": client.client_id,
            "name": client.name,
            "user": client.user.username,
            "scopes": client.scopes,
            "is_revoked": client.revoked_at is not None,
        }
        for client in Client.objects.select_related("user").order_by("pk")
    ]
    output.emit({"keys": rows}, as_json=as_json)


@app.command()
def openapi() -> None:
    """Print the description of the API (OpenAPI 3.1, JSON)."""
    from daihou.web import setup

    setup()
    from daihou.web.api.resources import register
    from daihou.web.api.site import api

    register(api)
    output.emit(api.get_openapi_schema(path_prefix="/api/v1/"), as_json=True)


def _begin() -> "User":
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.access.queries import system_user

    return system_user()
