"""Find forbidden wording in a text, Chinese and English, however it is spelt.

Units   Spans are offsets into the text as it was given.
Shape   ``check`` finds; ``read`` turns a text into the ``Content`` that the guard decides on, so
        that the text itself need not be kept with a permit.
Errors  None: every text can be read.
Source  rules/wording.toml; the prohibitions are those of CN-MSG-02, US-MSG-01, IN-MSG-01.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

from daihou.collect.requests import Content
from daihou.collect.templates import DEBT_WORDS, OPT_OUT_WORDS


class Offence(StrEnum):
    IMPERSONATION = "impersonation"  # Of a court, the police, the state.
    THREAT = "threat"
    PUBLIC = "public"  # Telling others, posting.
    BORROWING = "borrowing"  # Urging new loans.
    FEES = "fees"  # Charges in the name of collecting.
    INSULT = "insult"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``text`` is the piece of the given text from ``start`` to ``end``."""

    id: str
    kind: Offence
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    id: str
    kind: Offence
    is_english: bool
    pattern: re.Pattern[str]
    not_after: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Words:
    version: str
    folds: dict[int, int]
    patterns: tuple[_Pattern, ...]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text made plain; ``places[i]`` is where its character ``i`` stood."""

    text: str
    places: tuple[int, ...]


def check(text: str) -> tuple[Finding, ...]:
    """Find forbidden wording, in the order of the text.

    >>> [(each.id, each.text) for each in check("我们是 法-院 的，你等着坐牢")]
    [('ZH-STATE-01', '我们是 法-院'), ('ZH-THREAT-02', '等着坐牢')]
    >>> check("请勿借新还旧；我们不会收取任何手续费。")
    ()
    """
    words = _words()
    chinese, english = _plain_chinese(text, words.folds), _plain_english(text, words.folds)
    found = [
        _finding(each, plain, match, text)
        for each in words.patterns
        for plain in (english if each.is_english else chinese,)
        for match in each.pattern.finditer(plain.text)
        if not _is_taken_back(each, plain.text[: match.start()])
    ]
    return tuple(sorted(found, key=lambda finding: (finding.start, finding.end, finding.id)))


def read(*, text: str, template_key: str, version: int, language: str) -> Content:
    """Say what a text is to the guard: its digest, forbidden wording, and what it mentions.

    Who lends and for whom follows from the slots of a template, not from its words.
    """
    return Content(
        template_key=template_key,
        version=version,
        text_digest=sha256(text.encode()).hexdigest(),
        wording_version=_words().version,
        findings=tuple(dict.fromkeys(finding.id for finding in check(text))),
        names_purpose=_PURPOSE.search(text) is not None,
        carries_debt_facts=DEBT_WORDS.search(text) is not None,
        has_opt_out=OPT_OUT_WORDS.search(text) is not None,
        mentions_suit=_SUIT.search(text) is not None,
        tells_expiry=_EXPIRY.search(text) is not None,
        language=language,
    )


_PURPOSE = re.compile(
    r"还款|应还|逾期|欠款|账单|借款|贷款|"
    r"\b(?:pay|payment|repay\w*|overdue|past due|due|debts?|owed?|loans?|instal?lments?)\b",
    re.IGNORECASE,
)
_SUIT = re.compile(
    r"起诉|诉讼|诉至|法院|仲裁|支付令|强制执行|律师函|公证执行|法律途径|法律手段|"
    r"\b(?:sue[ds]?|suing|lawsuits?|suit|litigat\w+|court|legal action|attorney|judgment)\b|"
    r"\bgarnish\w*\b",
    re.IGNORECASE,
)
_EXPIRY = re.compile(
    r"诉讼时效.{0,8}(?:已过|届满|已届满|经过|超过|期满)|(?:已过|超过|已超过).{0,4}诉讼时效|"
    r"time.barred|limitation period (?:has )?(?:expired|passed|ended)|"
    r"(?:cannot|can no longer|will not) (?:be )?sue",
    re.IGNORECASE,
)


def _is_taken_back(each: _Pattern, before: str) -> bool:
    return each.not_after is not None and each.not_after.search(before) is not None


def _finding(each: _Pattern, plain: _Plain, match: re.Match[str], text: str) -> Finding:
    start, end = plain.places[match.start()], plain.places[match.end() - 1] + 1
    return Finding(id=each.id, kind=each.kind, text=text[start:end], start=start, end=end)


def _plain_chinese(text: str, folds: dict[int, int]) -> _Plain:
    """Keep letters and digits alone: what is put between characters hides nothing."""
    kept = [pair for pair in _folded(text, folds) if pair[0].isalnum()]
    return _Plain("".join(char for char, _ in kept), tuple(place for _, place in kept))


def _plain_english(text: str, folds: dict[int, int]) -> _Plain:
    """Keep words with one space between them; letters spelt out one by one are one word."""
    kept: list[tuple[str, int]] = []
    for char, place in _folded(text, folds):
        if char.isascii() and char.isalnum():
            kept.append((char, place))
        elif unicodedata.category(char) not in {"Mn", "Cf"} and kept and kept[-1][0] != " ":
            kept.append((" ", place))
    spaced = "".join(char for char, _ in kept)
    dropped = {
        place
        for match in _SPELT.finditer(spaced)
        for place in range(match.start(), match.end())
        if spaced[place] == " "
    }
    kept = [pair for place, pair in enumerate(kept) if place not in dropped]
    return _Plain("".join(char for char, _ in kept), tuple(place for _, place in kept))


_SPELT = re.compile(r"(?<![^ ])[a-z](?: [a-z]){2,}(?![^ ])")


def _folded(text: str, folds: dict[int, int]) -> Iterator[tuple[str, int]]:
    for place, char in enumerate(text):
        for plain in unicodedata.normalize("NFKC", char).casefold().translate(folds):
            yield plain, place


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = tomllib.loads(
        (files("daihou.collect") / "rules" / "wording.toml").read_text(encoding="utf-8")
    )
    return _Words(
        version=data["version"],
        folds={ord(pair[0]): ord(pair[1]) for pair in data["folds"].split()},
        patterns=tuple(
            _Pattern(
                id=row["id"],
                kind=Offence(row["kind"]),
                is_english=row.get("language") == "en",
                pattern=re.compile(row["pattern"]),
                not_after=re.compile(f"(?:{after})$") if (after := row.get("not_after")) else None,
            )
            for row in data["wording"]
        ),
    )
