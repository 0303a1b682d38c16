"""Lists by cursor: each page says where the next one starts, whatever was added since."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, QuerySet
from ninja import Query, Schema
from pydantic import Field

from daihou.errors import DaihouError

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
MOST = 200


class Paging(Schema):
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50
    cursor: Annotated[str, Field(max_length=512)] = ""


PagingQuery = Annotated[Paging, Query()]


class Page(Schema, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = None  # None on the last page.


def page_of(
    rows: "QuerySet[Row, Any]",
    *,
    paging: Paging,
    shown: Callable[[Row], Any],
    by: str = "pk",
    newest_first: bool = False,
) -> dict[str, Any]:
    """Cut one page of rows by a unique column.

    :raises DaihouError: ``api.cursor_invalid``.
    """
    query = rows.order_by(f"-{by}" if newest_first else by)
    if paging.cursor:
        after = _read(paging.cursor)
        query = query.filter(**{f"{by}__lt" if newest_first else f"{by}__gt": after})
    found = list(query[: paging.limit + 1])
    more = len(found) > paging.limit
    found = found[: paging.limit]
    return {
        "items": [shown(row) for row in found],
        "next_cursor": signing.dumps(getattr(found[-1], by), salt="cursor") if more else None,
    }


def _read(cursor: str) -> Any:
    try:
        return signing.loads(cursor, salt="cursor")
    except (signing.BadSignature, ValueError):
        raise DaihouError("api.cursor_invalid") from None
