"""Turn terms, contracts and events into plain JSON values and back, exactly.

Units   Amounts stay ``int``; rates are decimal strings; dates and instants are ISO 8601 strings.
Shape   A dataclass becomes an object with every field by name, a tuple a list, an enum its value.
Errors  ``CodecRefused`` with a stable code, before anything is built.
Source  RFC 8259 for JSON; ``canonical_text`` sorts keys so that equal values have equal digests.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

Plain: TypeAlias = "bool | int | str | list[Plain] | dict[str, Plain] | None"
Value = TypeVar("Value")


class CodecRefused(ValueError):
    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code}: {where}" if where else code)
        self.code = code
        self.where = where  # The field, for the one who mends it.


def encode(value: object) -> Plain:
    """Turn a value of ``core`` into plain JSON values.

    :raises CodecRefused: ``codec.not_finite``, ``codec.unknown_type``.

    >>> from daihou.core.terms import Rate, RatePer
    >>> encode(Rate(value=Decimal("0.120"), per=RatePer.YEAR))
    {'value': '0.120', 'per': 'year'}
    """
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise CodecRefused("codec.not_finite")
        return str(value)
    if isinstance(value, date):  # A datetime is one too.
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, frozenset):
        return [encode(item) for item in sorted(value)]
    raise CodecRefused("codec.unknown_type", type(value).__name__)


def decode(kind: type[Value], plain: Plain) -> Value:
    """Build a value of ``core`` from plain JSON values; a field left out takes its default.

    :raises CodecRefused: ``codec.wrong_type``, ``codec.unknown_field``, ``codec.missing_field``,
        ``codec.unknown_value``, ``codec.not_finite``.

    >>> from daihou.core.terms import Rate
    >>> decode(Rate, {"value": "0.12", "per": "year"})
    Rate(value=Decimal('0.12'), per=<RatePer.YEAR: 'year'>)
    """
    built: Value = _decode(kind, plain, kind.__name__)
    return built


def canonical_text(value: object) -> str:
    """Write a value as JSON text, the same for equal values.

    >>> from daihou.core.terms import Rate, RatePer
    >>> canonical_text(Rate(value=Decimal("0.12"), per=RatePer.YEAR))
    '{"per":"year","value":"0.12"}'
    """
    return json.dumps(encode(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def decode_text(kind: type[Value], text: str) -> Value:
    """Build a value from JSON text.

    :raises CodecRefused: as ``decode``, and ``codec.not_json``.

    >>> from daihou.core.terms import Rate, RatePer
    >>> rate = Rate(value=Decimal("0.12"), per=RatePer.YEAR)
    >>> decode_text(Rate, canonical_text(rate)) == rate
    True
    """
    try:
        plain = json.loads(text)
    except ValueError:
        raise CodecRefused("codec.not_json") from None
    return decode(kind, plain)


def digest(value: object) -> str:
    """Name a value by the SHA-256 of its canonical text, in hexadecimal.

    >>> len(digest(date(2024, 2, 29)))
    64
    """
    return sha256(canonical_text(value).encode()).hexdigest()


@lru_cache(maxsize=64)
def _field_types(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, plain: Plain, where: str) -> Any:
    if get_origin(kind) is UnionType or isinstance(kind, UnionType):
        if plain is None:
            return None
        (kind,) = (option for option in get_args(kind) if option is not NoneType)
    origin = get_origin(kind)
    if origin in {tuple, frozenset}:
        return origin(_decode_items(get_args(kind), plain, where))
    if is_dataclass(kind):
        return _decode_dataclass(kind, plain, where)
    return _decode_scalar(kind, plain, where)


def _decode_items(item_kinds: tuple[Any, ...], plain: Plain, where: str) -> list[Any]:
    if not isinstance(plain, list):
        raise CodecRefused("codec.wrong_type", where)
    if len(item_kinds) == 1 or item_kinds[-1] is Ellipsis:
        return [_decode(item_kinds[0], item, where) for item in plain]
    if len(item_kinds) != len(plain):
        raise CodecRefused("codec.wrong_type", where)
    return [_decode(kind, item, where) for kind, item in zip(item_kinds, plain, strict=True)]


def _decode_dataclass(kind: Any, plain: Plain, where: str) -> Any:
    if not isinstance(plain, dict):
        raise CodecRefused("codec.wrong_type", where)
    types = _field_types(kind)
    for name in plain:
        if name not in types:
            raise CodecRefused("codec.unknown_field", f"{where}.{name}")
    given = {name: _decode(types[name], item, f"{where}.{name}") for name, item in plain.items()}
    try:
        return kind(**given)
    except TypeError:  # Only a field without default can be missing here.
        raise CodecRefused("codec.missing_field", where) from None


def _decode_scalar(kind: Any, plain: Plain, where: str) -> Any:
    if kind is int or kind is bool or kind is str:
        if type(plain) is not kind:
            raise CodecRefused("codec.wrong_type", where)
        return plain
    if not isinstance(plain, str):
        raise CodecRefused("codec.wrong_type", where)
    try:
        value = kind(plain) if kind is Decimal else _parse(kind, plain)
    except (ValueError, InvalidOperation):
        raise CodecRefused("codec.unknown_value", where) from None
    if kind is Decimal and not value.is_finite():
        raise CodecRefused("codec.not_finite", where)
    return value


def _parse(kind: Any, text: str) -> Any:
    if kind is date or kind is datetime:
        return kind.fromisoformat(text)
    return kind(text)  # An enum.
