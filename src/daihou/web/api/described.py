"""What every operation has, written once into the OpenAPI description: problems, masks, keys."""

from typing import Any

from ninja.openapi.schema import OpenAPISchema

from daihou.web.api.idempotency import HEADER
from daihou.web.api.masks import MASKED
from daihou.web.api.problems import PROBLEM, Problem

_MASK = {
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "Names of the fields to answer, by commas; deeper ones by dots.",
    "schema": {"type": "string", "maxLength": 1000, "default": ""},
}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "Names this request: sent again, it is answered as before and not done again.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$", "minLength": 1, "maxLength": 255},
}


def complete(schema: OpenAPISchema) -> OpenAPISchema:
    """Add to every operation what the gate does for it."""
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = schema["components"].setdefault("schemas", {})
    schemas |= described.pop("$defs", {}) | {"Problem": described}
    for methods in schema["paths"].values():
        for method, operation in methods.items():
            _complete(method, operation)
    return schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    parameters.append(_MASK if method == "get" else _KEY)
    for status, response in operation["responses"].items():
        _say_binary(response)
        if (
            method == "get"
            and str(status) == "200"
            and "application/json" in response.get("content", {})
        ):
            response["content"][MASKED] = {"schema": {"type": ["object", "array"]}}
    operation["responses"]["default"] = {
        "description": "A refusal: its code is stable.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _say_binary(response: dict[str, Any]) -> None:
    """Name no media type where the content has its own."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    if schema.get("format") == "binary":
        response["content"] = {"*/*": {"schema": schema}}
