"""Turn terms, contracts and events into plain JSON values and back, exactly.

Units   Amounts stay ``int``; rates are decimal strings; dates and instants are ISO 8601 strings.
Shape   A dataclass becomes an object with every field by name, a tuple a list, an enum its value.
Errors  ``CodecRefused`` with a stable code, before anything is built.
Source  RFC 8259 for JSON; ``canonical_text`` sorts keys so that equal values have equal digests.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache, partial
from hashlib import sha256
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

Plain: TypeAlias = "bool | int | str | list[Plain] | dict[str, Plain] | None"
Decoder: TypeAlias = Callable[[Any], Any]
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
    kind: Any = type(value)
    encoder = _encoder(kind)
    plain: Any = value if encoder is None else encoder(value)
    return plain  # type: ignore[no-any-return]


def decode(kind: type[Value], plain: Plain) -> Value:
    """Build a value of ``core`` from plain JSON values; a field left out takes its default.

    :raises CodecRefused: ``codec.wrong_type``, ``codec.unknown_field``, ``codec.missing_field``,
        ``codec.unknown_value``, ``codec.not_finite``.

    >>> from daihou.core.terms import Rate
    >>> decode(Rate, {"value": "0.12", "per": "year"})
    Rate(value=Decimal('0.12'), per=<RatePer.YEAR: 'year'>)
    """
    anything: Any = kind
    try:
        built: Value = _decoder(anything)(plain)
    except CodecRefused as fault:
        raise CodecRefused(fault.code, f"{kind.__name__}{fault.where}") from None
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


@lru_cache(maxsize=256)
def _encoder(kind: type) -> Callable[[Any], Plain] | None:
    """Make what encodes values of a type; None where they stay as they are."""
    if issubclass(kind, StrEnum):
        return attrgetter("value")
    if issubclass(kind, bool | int | str | NoneType):
        return None
    if issubclass(kind, Decimal):
        return _encode_decimal
    if issubclass(kind, date):  # A datetime is one too.
        return kind.isoformat
    if is_dataclass(kind):
        return partial(_encode_dataclass, tuple(field.name for field in fields(kind)))
    if issubclass(kind, tuple):
        return _encode_items
    if issubclass(kind, frozenset):
        return lambda items: _encode_items(tuple(sorted(items)))
    raise CodecRefused("codec.unknown_type", kind.__name__)


def _encode_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise CodecRefused("codec.not_finite")
    return str(value)


def _encode_dataclass(names: tuple[str, ...], value: object) -> dict[str, Plain]:
    plain: dict[str, Plain] = {}
    for name in names:
        item: Any = getattr(value, name)
        kind: Any = type(item)
        encoder = _encoder(kind)
        plain[name] = item if encoder is None else encoder(item)
    return plain


def _encode_items(items: tuple[object, ...]) -> list[Plain]:
    return [encode(item) for item in items]


# Decoders know one type each; what they refuse is placed by those around them, from inside out.


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> Decoder:
    if get_origin(kind) is UnionType or isinstance(kind, UnionType):
        (inner,) = (option for option in get_args(kind) if option is not NoneType)
        decoder = _decoder(inner)
        return lambda plain: None if plain is None else decoder(plain)
    origin = get_origin(kind)
    if origin in {tuple, frozenset}:
        return partial(_decode_items, origin, tuple(map(_item_decoder, get_args(kind))))
    if is_dataclass(kind):
        decoders = {name: _decoder(of) for name, of in get_type_hints(kind).items()}
        return partial(_decode_dataclass, kind, decoders)
    if kind is int or kind is bool or kind is str:
        return partial(_decode_as_is, kind)
    if kind is Decimal:
        return _decode_decimal
    return partial(_decode_text_of, kind.fromisoformat if issubclass(kind, date) else kind)


def _item_decoder(kind: Any) -> Decoder | None:
    return None if kind is Ellipsis else _decoder(kind)


def _decode_items(origin: Any, decoders: tuple[Decoder | None, ...], plain: Plain) -> Any:
    if not isinstance(plain, list):
        raise CodecRefused("codec.wrong_type")
    if decoders[0] is not None and (len(decoders) == 1 or decoders[-1] is None):
        return origin(map(decoders[0], plain))
    if len(decoders) != len(plain):
        raise CodecRefused("codec.wrong_type")
    pairs = zip(decoders, plain, strict=True)
    return origin(decoder(item) for decoder, item in pairs if decoder is not None)


def _decode_dataclass(kind: Any, decoders: Mapping[str, Decoder], plain: Plain) -> Any:
    if not isinstance(plain, dict):
        raise CodecRefused("codec.wrong_type")
    if not plain.keys() <= decoders.keys():
        unknown = next(name for name in plain if name not in decoders)
        raise CodecRefused("codec.unknown_field", f".{unknown}")
    given, name = {}, ""
    try:
        for name, item in plain.items():
            given[name] = decoders[name](item)
    except CodecRefused as fault:
        raise CodecRefused(fault.code, f".{name}{fault.where}") from None
    try:
        return kind(**given)
    except TypeError:  # Only a field without default can be missing here.
        raise CodecRefused("codec.missing_field") from None


def _decode_as_is(kind: type, plain: Plain) -> Any:
    if type(plain) is not kind:
        raise CodecRefused("codec.wrong_type")
    return plain


def _decode_text_of(parse: Callable[[str], Any], plain: Plain) -> Any:
    if not isinstance(plain, str):
        raise CodecRefused("codec.wrong_type")
    try:
        return parse(plain)
    except ValueError:
        raise CodecRefused("codec.unknown_value") from None


def _decode_decimal(plain: Plain) -> Decimal:
    if not isinstance(plain, str):
        raise CodecRefused("codec.wrong_type")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise CodecRefused("codec.unknown_value") from None
    if not value.is_finite():
        raise CodecRefused("codec.not_finite")
    return value
