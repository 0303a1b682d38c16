"""Invented borrowers of a Chinese consumer book: no person, number or identity here is real.

Shape   ``people`` gives frozen persons from a seeded generator: same seed, same people.
        Identity numbers start with 99, which no region has; telephone numbers with 100, which
        no mobile network uses; addresses lie in places that are called example (示例).
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹"
GIVEN = [
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "洋",
    "勇",
    "军",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "秀兰",
    "霞",
    "平",
    "刚",
    "桂英",
    "欣怡",
    "子轩",
    "浩然",
    "雨桐",
    "梓涵",
    "一诺",
    "嘉怡",
    "宇航",
    "晓东",
    "建国",
    "海燕",
    "文博",
    "佳怡",
    "志强",
    "美玲",
]
PROVINCES = ("湖北省", "四川省", "浙江省", "河南省", "广东省", "江苏省")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    party_ref: str
    name: str
    id_number: str
    phone: str
    address: str
    risk: float  # Multiplies the chance of paying late; the mean over people is one.


def people(*, count: int, seed: int) -> tuple[Person, ...]:
    """Invent ``count`` persons.

    >>> people(count=1, seed=1)[0].id_number[:2]
    '99'
    """
    chance = random.Random(seed)
    return tuple(_person(chance, no) for no in range(1, count + 1))


def _person(chance: random.Random, no: int) -> Person:
    born_on = date(1965, 1, 1) + timedelta(days=chance.randrange(365 * 40))
    body = f"99{chance.randrange(10_000):04d}{born_on:%Y%m%d}{chance.randrange(1_000):03d}"
    weighed = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return Person(
        party_ref=f"P{no:07d}",
        name=chance.choice(SURNAMES) + chance.choice(GIVEN),
        id_number=body + _CHECK[weighed % 11],
        phone=f"100{no % 100_000_000:08d}",
        address=f"{PROVINCES[no % len(PROVINCES)]}示例市示例区示例路{no}号",
        risk=chance.gammavariate(0.7, 1 / 0.7),
    )
