"""When a debit is tried again: by failure code and pay-day, as a dated parameter says.

The parameter ``debit.retry`` holds ``attempts_most`` (for what was due on one day),
``pay_days`` (days of the month on which wages commonly come) and ``rules`` by failure code:
``after_days``, ``waits_days`` (wait so long at most for a pay-day), or ``stops``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from daihou.web.parameters.queries import parameter_on
from daihou.web.payments.models import DebitAttempt

PARAMETER = "debit.retry"
JURISDICTION = "CN"
PARTLY = "PARTLY_PAID"
OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    attempts_most: int
    pay_days: tuple[int, ...]
    rules: Mapping[str, Mapping[str, Any]]


def rules_on(*, on: date) -> RetryRules:
    """Return the rules in force on a day.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    value = parameter_on(name=PARAMETER, jurisdiction=JURISDICTION, on=on).value
    return RetryRules(
        attempts_most=int(value["attempts_most"]),
        pay_days=tuple(value["pay_days"]),
        rules=value["rules"],
    )


def next_try(*, rules: RetryRules, failure_code: str, failed_on: date) -> date | None:
    """Return the day of the next try; none where the code says that trying again is useless.

    >>> rules = RetryRules(attempts_most=3, pay_days=(10, 15), rules={
    ...     "INSUFFICIENT_FUNDS": {"after_days": 1, "waits_days": 5},
    ...     "ACCOUNT_CLOSED": {"stops": True}, "OTHER": {"after_days": 2}})
    >>> next_try(rules=rules, failure_code="INSUFFICIENT_FUNDS", failed_on=date(2026, 3, 6))
    datetime.date(2026, 3, 10)
    >>> next_try(rules=rules, failure_code="INSUFFICIENT_FUNDS", failed_on=date(2026, 3, 16))
    datetime.date(2026, 3, 17)
    >>> next_try(rules=rules, failure_code="ACCOUNT_CLOSED", failed_on=date(2026, 3, 6)) is None
    True
    >>> next_try(rules=rules, failure_code="E42", failed_on=date(2026, 3, 6))
    datetime.date(2026, 3, 8)
    """
    rule = rules.rules.get(failure_code) or rules.rules[OTHER]
    if rule.get("stops"):
        return None
    soonest = failed_on + timedelta(days=int(rule["after_days"]))
    waits = range(int(rule.get("waits_days", 0)) - int(rule["after_days"]) + 1)
    days = (soonest + timedelta(days=wait) for wait in waits)
    return next((day for day in days if day.day in rules.pay_days), soonest)


def retry_on(*, attempt: DebitAttempt, failure_code: str) -> date | None:
    """Return when an attempt is followed by another; none after the last that is allowed."""
    rules = rules_on(on=attempt.batch.run_on)
    if attempt.attempt_no >= rules.attempts_most:
        return None
    return next_try(rules=rules, failure_code=failure_code, failed_on=attempt.batch.run_on)
