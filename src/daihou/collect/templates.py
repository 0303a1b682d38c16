"""Texts with typed slots: what may be written into one, and what follows from how it is written.

Units   Money is minor units with its currency and digits; days are dates; counts are whole.
Shape   ``{slot}`` in a body; a brace is written twice. What a text says of itself (who lends, what
        is owed, how to opt out) follows from its slots and words, and is never ticked by a person.
Errors  ``TemplateRefused`` with a stable code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from string import Formatter
from types import MappingProxyType
from urllib.parse import urlsplit


class TemplateRefused(ValueError):
    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, object] = MappingProxyType(params)


class Language(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"


class SlotKind(StrEnum):
    NAME = "name"  # Of a person, masked.
    TEXT = "text"  # Of an institution or a product.
    MONEY = "money"
    DAY = "day"
    COUNT = "count"
    PHONE = "phone"  # Of the service line, not of the person.
    LINK = "link"  # https only.
    WORD = "word"  # What to answer to be left alone.


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    kind: SlotKind
    is_debt_fact: bool = False


SLOTS: Mapping[str, Slot] = MappingProxyType(
    {
        "borrower": Slot(kind=SlotKind.NAME),
        "creditor": Slot(kind=SlotKind.TEXT),
        "institution": Slot(kind=SlotKind.TEXT),
        "product": Slot(kind=SlotKind.TEXT, is_debt_fact=True),
        "loan_tail": Slot(kind=SlotKind.TEXT, is_debt_fact=True),
        "service_phone": Slot(kind=SlotKind.PHONE),
        "due_on": Slot(kind=SlotKind.DAY, is_debt_fact=True),
        "due_amount": Slot(kind=SlotKind.MONEY, is_debt_fact=True),
        "instalment_no": Slot(kind=SlotKind.COUNT, is_debt_fact=True),
        "overdue_amount": Slot(kind=SlotKind.MONEY, is_debt_fact=True),
        "overdue_since": Slot(kind=SlotKind.DAY, is_debt_fact=True),
        "days_past_due": Slot(kind=SlotKind.COUNT, is_debt_fact=True),
        "figures_on": Slot(kind=SlotKind.DAY),
        "promised_amount": Slot(kind=SlotKind.MONEY, is_debt_fact=True),
        "promised_on": Slot(kind=SlotKind.DAY, is_debt_fact=True),
        "paid_amount": Slot(kind=SlotKind.MONEY, is_debt_fact=True),
        "paid_on": Slot(kind=SlotKind.DAY, is_debt_fact=True),
        "report_on": Slot(kind=SlotKind.DAY, is_debt_fact=True),
        "pay_link": Slot(kind=SlotKind.LINK, is_debt_fact=True),
        "opt_out": Slot(kind=SlotKind.WORD),
    }
)
DEBT_WORDS = re.compile(
    r"欠|逾期|借款|贷款|还款|应还|债务|催收|征信|分期|"
    r"\b(?:debts?|loans?|owed?|owing|overdue|past due|instalments?|repay\w*|arrears)\b",
    re.IGNORECASE,
)
OPT_OUT_WORDS = re.compile(
    r"退订|回复?\s*T\b|\b(?:reply|text|send)\s+(?:STOP|TD)\b|\bunsubscribe\b", re.IGNORECASE
)
BODY_MOST = 2000
SUBJECT_MOST = 120
VALUE_MOST = 120
LINK_MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    amount_minor: int
    currency: str
    digits: int = 2


Value = Money | date | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text with slots, as a person wrote it; ``subject`` is for letters and e-mail."""

    body: str
    language: Language
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What a text says, as found in it."""

    names_creditor: bool
    names_institution: bool
    carries_debt_facts: bool
    has_opt_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A text with its slots filled; ``slots`` in the order in which the body names them."""

    subject: str
    text: str
    slots: Mapping[str, str]


def slots_of(*, wording: Wording) -> tuple[str, ...]:
    """Name the slots of a text, each once, in the order of the body and then of the subject.

    :raises TemplateRefused: ``template.braces_wrong``, ``template.slot_unknown``,
        ``template.body_missing``, ``template.too_long``.

    >>> slots_of(wording=Wording(body="{borrower}: {due_amount}", language=Language.ENGLISH))
    ('borrower', 'due_amount')
    """
    if not wording.body.strip():
        raise TemplateRefused("template.body_missing")
    if len(wording.body) > BODY_MOST or len(wording.subject) > SUBJECT_MOST:
        raise TemplateRefused("template.too_long", most=BODY_MOST)
    names = [*_names(wording.body), *_names(wording.subject)]
    for name in names:
        if name not in SLOTS:
            raise TemplateRefused("template.slot_unknown", slot=name[:40])
    return tuple(dict.fromkeys(names))


def flags_of(*, wording: Wording) -> Flags:
    """Find what a text says: from its slots, and from the words between them.

    >>> found = flags_of(wording=Wording(body="{creditor}：请来电", language=Language.CHINESE))
    >>> found.names_creditor, found.carries_debt_facts
    (True, False)
    """
    names = slots_of(wording=wording)
    words = f"{_between(wording.subject)}\n{_between(wording.body)}"
    return Flags(
        names_creditor="creditor" in names,
        names_institution="institution" in names,
        carries_debt_facts=any(SLOTS[name].is_debt_fact for name in names)
        or bool(DEBT_WORDS.search(words)),
        has_opt_out="opt_out" in names or bool(OPT_OUT_WORDS.search(words)),
    )


def fill(*, wording: Wording, values: Mapping[str, Value]) -> Filled:
    """Fill every slot of a text with a value of its kind.

    :raises TemplateRefused: as ``slots_of``; ``template.value_missing``,
        ``template.value_wrong``, ``template.name_not_masked``, ``template.link_refused``.

    >>> fill(
    ...     wording=Wording(body="{due_amount}/{due_on}", language=Language.CHINESE),
    ...     values={"due_amount": Money(amount_minor=123456, currency="CNY"),
    ...             "due_on": date(2026, 11, 25)},
    ... ).text
    '1,234.56元/2026年11月25日'
    """
    slots: dict[str, str] = {}
    for name in slots_of(wording=wording):
        if name not in values:
            raise TemplateRefused("template.value_missing", slot=name)
        slots[name] = write(slot=name, value=values[name], language=wording.language)
    return Filled(
        subject=wording.subject.format_map(slots), text=wording.body.format_map(slots), slots=slots
    )


def write(*, slot: str, value: Value, language: Language) -> str:
    """Write one value as its slot wants it, in a language.

    :raises TemplateRefused: ``template.value_wrong``, ``template.name_not_masked``,
        ``template.link_refused``.

    >>> five = Money(amount_minor=5, currency="USD")
    >>> write(slot="due_amount", value=five, language=Language.ENGLISH)
    'USD 0.05'
    """
    is_chinese = language is Language.CHINESE
    match SLOTS[slot].kind, value:
        case SlotKind.MONEY, Money() if value.amount_minor >= 0:
            return _money(value, is_chinese=is_chinese)
        case SlotKind.DAY, date():
            return (
                f"{value.year}年{value.month}月{value.day}日" if is_chinese else f"{value:%Y-%m-%d}"
            )
        case SlotKind.COUNT, int() if not isinstance(value, bool) and value >= 0:
            return str(value)
        case SlotKind.LINK, str():
            return _link(value, slot)
        case SlotKind.NAME, str():
            if "*" not in value:
                raise TemplateRefused("template.name_not_masked", slot=slot)
            return _line(value, slot)
        case ((SlotKind.TEXT | SlotKind.PHONE | SlotKind.WORD), str()):
            return _line(value, slot)
    raise TemplateRefused("template.value_wrong", slot=slot)


def segments(*, text: str) -> int:
    """Count the parts that a short message of this text is billed as.

    One part holds 70 characters where any is outside the basic set, else 160; of several parts,
    each holds 67 or 153.

    Source: 3GPP TS 23.038, 23.040.

    >>> segments(text="您" * 70), segments(text="您" * 71), segments(text="a" * 161)
    (1, 2, 2)
    """
    one, several = (160, 153) if text.isascii() else (70, 67)
    length = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    return 1 if length <= one else -(-length // several)


def _names(text: str) -> list[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as exception:
        raise TemplateRefused("template.braces_wrong") from exception
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise TemplateRefused("template.braces_wrong")
    return [name for _, name, _, _ in parts if name is not None]


def _between(text: str) -> str:
    return " ".join(literal for literal, _, _, _ in Formatter().parse(text))


def _money(value: Money, *, is_chinese: bool) -> str:
    whole, part = divmod(value.amount_minor, 10**value.digits)
    figure = f"{whole:,}" + (f".{part:0{value.digits}d}" if value.digits else "")
    if is_chinese and value.currency == "CNY":
        return f"{figure}元"
    return f"{value.currency} {figure}"


def _line(value: str, slot: str) -> str:
    """Take one printable line: a value never brings a line, a brace or a link of its own."""
    text = value.strip()
    if not text or len(text) > VALUE_MOST or not text.isprintable() or "://" in text:
        raise TemplateRefused("template.value_wrong", slot=slot)
    return text


def _link(value: str, slot: str) -> str:
    try:
        found = urlsplit(value)
        is_fit = found.scheme == "https" and bool(found.hostname) and not found.username
    except ValueError:
        is_fit = False
    if not is_fit or len(value) > LINK_MOST or not value.isascii() or not value.isprintable():
        raise TemplateRefused("template.link_refused", slot=slot)
    return value
