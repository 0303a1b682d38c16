"""What somebody's answer asks for, by words that are data: to be left alone, or a complaint.

Shape   ``heard_words.toml``: opt-outs are whole answers, complaints are patterns by matter.
Errors  None: every text can be read.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class _Matter:
    topic: str
    is_enough: bool
    chinese: re.Pattern[str]
    english: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Words:
    opt_out: re.Pattern[str]
    not_chinese: re.Pattern[str]
    not_english: re.Pattern[str]
    matters: tuple[_Matter, ...]


def is_opt_out(text: str) -> bool:
    """Tell whether a word asks to be left alone: the whole of it, not a word within.

    >>> is_opt_out(" td。"), is_opt_out("退订"), is_opt_out("Stop"), is_opt_out("今天退订不了吗")
    (True, True, True, False)
    """
    return bool(_words().opt_out.match(text.strip()))


def complaint_topic(text: str) -> str:
    """Name the matter of a complaint, as ``complaints.models.Topic``; none: an empty text.

    >>> complaint_topic("你们天天打电话 骚扰我，我要投诉"), complaint_topic("I will complain.")
    ('frequency', 'other')
    >>> complaint_topic("我不会投诉的，下周还"), complaint_topic("利息是多少？")
    ('', '')
    >>> complaint_topic("罚息太高，我要投诉"), complaint_topic("You called my mother!")
    ('fees', 'third_party')
    """
    words = _words()
    plain = unicodedata.normalize("NFKC", text).lower()
    chinese = words.not_chinese.sub("", "".join(plain.split()))
    english = words.not_english.sub("", " ".join(plain.split()))
    found = [
        each
        for each in words.matters
        if each.chinese.search(chinese) or each.english.search(english)
    ]
    if not any(each.is_enough for each in found):
        return ""
    return found[0].topic


@lru_cache(maxsize=1)
def _words() -> _Words:
    raw = tomllib.loads(files(__package__).joinpath("heard_words.toml").read_text("utf-8"))
    spared = raw["not_a_complaint"]
    matters = tuple(
        _Matter(row["topic"], row["is_enough"], re.compile(row["zh"]), re.compile(row["en"]))
        for row in raw["topic"]
    )
    whole = "|".join(map(re.escape, raw["opt_out"]["words"]))
    return _Words(
        opt_out=re.compile(rf"^\W*(?:{whole})\W*$", re.IGNORECASE),
        not_chinese=re.compile(spared["zh"]),
        not_english=re.compile(spared["en"]),
        matters=matters,
    )
