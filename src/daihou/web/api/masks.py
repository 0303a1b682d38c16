"""Field masks: ``?fields=loan_ref,position.bucket`` leaves everything else out of an answer."""

from collections.abc import Mapping
from typing import Any

from daihou.errors import DaihouError

Mask = dict[str, "Mask"]
MASKED = "application/vnd.daihou.masked+json"
MOST = 1000


def read(text: str) -> Mask:
    """Read a mask: names separated by commas, deeper ones by dots."""
    mask: Mask = {}
    for path in filter(None, (each.strip() for each in text[:MOST].split(","))):
        place = mask
        for name in path.split("."):
            place = place.setdefault(name, {})
    return mask


def apply(mask: Mask, value: Any) -> Any:
    """Keep what a mask names; of a page, of each of its items.

    :raises DaihouError: ``api.field_unknown``.
    """
    if isinstance(value, Mapping) and value.keys() == {"items", "next_cursor"}:
        return {**value, "items": [_keep(mask, item) for item in value["items"]]}
    return _keep(mask, value)


def _keep(mask: Mask, value: Any) -> Any:
    if isinstance(value, list):
        return [_keep(mask, item) for item in value]
    if not isinstance(value, Mapping) or not mask:
        return value
    for name in mask:
        if name not in value:
            raise DaihouError("api.field_unknown", field=name[:40])
    return {name: _keep(deeper, value[name]) for name, deeper in mask.items()}
