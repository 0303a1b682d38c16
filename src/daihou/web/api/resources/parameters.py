"""The law as data: dated parameters with their sources, and requests for new ones."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, JsonValue

from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.approvals import ApprovalOut, approval_out
from daihou.web.api.resources.shared import BookName, Day, Name, Reason, Text, whole_book_of
from daihou.web.api.site import needs, user_of
from daihou.web.parameters import operations
from daihou.web.parameters.models import Confidence, Parameter

router = Router(tags=["parameters"])


class ParameterOut(Schema):
    name: str
    jurisdiction: str
    valid_from: date
    valid_through: date | None
    value: JsonValue
    rule_id: str
    source: str
    confidence: str


class ParameterIn(Schema):
    name: Name
    jurisdiction: Annotated[str, Field(pattern="^[A-Z]{2,16}$")]
    valid_from: Day
    valid_through: Day | None = None
    value: dict[str, JsonValue]
    rule_id: Annotated[Text, Field(max_length=32)] = ""
    source: Annotated[Text, Field(min_length=1)]
    confidence: Confidence
    reason: Reason


@router.get("/parameters", response=Page[ParameterOut], auth=needs("parameter.view"))
def list_parameters(
    request: HttpRequest, paging: PagingQuery, name: Name | None = None
) -> dict[str, Any]:
    """List dated parameters, in the order they were added."""
    del request
    rows = Parameter.objects.all()
    if name is not None:
        rows = rows.filter(name=name)
    return page_of(rows, paging=paging, shown=_parameter)


@router.post(
    "/books/{book_name}/parameters",
    response={202: ApprovalOut},
    auth=needs("parameter.change"),
)
def request_parameter(request: HttpRequest, book_name: BookName, body: ParameterIn) -> Status[Any]:
    """Ask for a new row; another person decides on it."""
    whole_book_of(request, book_name=book_name, permission="parameter.change")
    fields = body.model_dump(exclude={"reason"})
    approval = operations.request_parameter(
        fields=fields | {"confidence": body.confidence.value},
        reason=body.reason,
        acting_user=user_of(request),
    )
    return Status(202, approval_out(approval))


def _parameter(row: Parameter) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ParameterOut.model_fields}
