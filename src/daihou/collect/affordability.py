"""What is left of an income after the expenses of a month, and what a plan asks of a month.

Units   ``int`` of minor units a month; a payment that comes by the week or the year is brought to
        a month by whoever fills the form in.
Shape   Two mappings of a line's name to its amount in; sums out.
Errors  ``AffordabilityRefused``: ``affordability.line_unknown``, ``affordability.amount_wrong``.
Source  The lines of standard income and expenditure forms used in debt advice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

MOST_MINOR: Final = 10**15
INCOME: Final = ("wages", "business", "benefits", "pension", "family", "other_income")
EXPENSES: Final = (
    "housing",
    "food",
    "utilities",
    "transport",
    "health",
    "education",
    "dependants",
    "insurance",
    "other_debts",
    "other_expenses",
)


class AffordabilityRefused(ValueError):
    def __init__(self, code: str, line: str) -> None:
        super().__init__(f"{code}: {line}")
        self.code = code
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Afforded:
    income_minor: int
    expenses_minor: int

    @property
    def left_minor(self) -> int:
        """What is left a month; negative where it does not even cover what she lives on."""
        return self.income_minor - self.expenses_minor


def afforded(*, income: Mapping[str, int], expenses: Mapping[str, int]) -> Afforded:
    """Sum up what comes in and goes out a month.

    :raises AffordabilityRefused: see the module.

    >>> afforded(income={"wages": 600_000}, expenses={"housing": 350_000}).left_minor
    250000
    """
    return Afforded(
        income_minor=_sum(income, known=INCOME), expenses_minor=_sum(expenses, known=EXPENSES)
    )


def _sum(lines: Mapping[str, int], *, known: Iterable[str]) -> int:
    for line, amount in lines.items():
        if line not in known:
            raise AffordabilityRefused("affordability.line_unknown", line[:40])
        if type(amount) is not int or not 0 <= amount <= MOST_MINOR:
            raise AffordabilityRefused("affordability.amount_wrong", line)
    return sum(lines.values())


def heaviest_month_minor(dues: Iterable[tuple[date, int]]) -> int:
    """Return what the heaviest calendar month of a plan asks for.

    >>> heaviest_month_minor([(date(2026, 1, 5), 300), (date(2026, 1, 25), 300),
    ...                       (date(2026, 2, 5), 400)])
    600
    """
    months: Counter[tuple[int, int]] = Counter()
    for due_on, amount_minor in dues:
        months[due_on.year, due_on.month] += amount_minor
    return max(months.values(), default=0)
