"""Mistakes one could make in the kernel, as changes of its text; each must be found by the twins.

``(name, what stands there, what stands there instead)``; the first place is changed, all of them
where the name ends with ``*``. The text is run without the compiler.
"""

from pathlib import Path

from daihou.engine import kernel

MUTANTS = (
    # Rounding
    ("floor for half-up", "if twice > denominator:", "if False:"),
    ("a half always goes up", "(half_even == 0 or whole % 2 == 1)", "True"),
    ("a half never goes up", "if twice == denominator and", "if False and"),
    ("a half goes to the odd number", "whole % 2 == 1", "whole % 2 == 0"),
    (
        "a carried half by its own parity",
        "    whole, rest = work[i, WHOLE + which]",
        "    whole, rest = 0 * work[i, WHOLE + which]",
    ),
    ("a half is below the half", "if twice > denominator:", "if twice >= denominator - 2:"),
    # Ageing
    ("1 day is M0", "return (days + 29) // 30", "return (days + 28) // 30"),
    ("30 days are M2", "return (days + 29) // 30", "return days // 30 + 1"),
    ("180 days are M6+", "if days > 180:\n        return 7", "if days > 179:\n        return 7"),
    ("boundaries a day late", "* 30 + 1", "* 30 + 2"),
    ("boundaries a day early", "((days + 29) // 30) * 30 + 1", "((days + 30) // 30) * 30"),
    ("penalty makes past due", "for component in range(3):", "for component in range(4):"),
    ("fees never make past due", "for component in range(3):", "for component in range(2):"),
    ("what equals the tolerance is past due", "<= rule[TOLERANCE]", "< rule[TOLERANCE]"),
    ("no tolerance", "<= rule[TOLERANCE]", "<= 0"),
    # Order
    ("late rule a day later", "if late_days >= rule[LATE_FROM]", "if late_days > rule[LATE_FROM]"),
    (
        "late rule a day earlier",
        "if late_days >= rule[LATE_FROM]",
        "if late_days + 1 >= rule[LATE_FROM]",
    ),
    ("no late rule", "base = LATE_BASE if", "base = NORMAL_BASE if"),
    ("always horizontal", "if rule[base + MODE] == 1:", "if False:"),
    ("always vertical", "if rule[base + MODE] == 1:", "if True:"),
    (
        "components in reverse",
        "rule[step] & 7, money, day)",
        "rule[steps[0] + steps[1] - 1 - step] & 7, money, day)",
    ),
    ("due today before past due", "if (timing == 0) !=", "if (timing == 1) !="),
    ("past due and due as one", "if (timing == 0) != (work[i, DUE_ON] < day):", "if False:"),
    (
        "due today is not paid",
        "if work[i, DUE_ON] > day or",
        "if work[i, DUE_ON] >= day or",
    ),
    ("groups run over timings", ">> 3 == timing:", ">> 3 >= 0:"),
    # Surplus
    ("surplus is held", "if money == 0 or surplus == HOLD:", "if True:"),
    ("surplus is never held", "if money == 0 or surplus == HOLD:", "if money == 0:"),
    ("last instalment first in line", "if surplus == LAST_INSTALMENT else", "if False else"),
    ("spread is next instalment", "and surplus == SPREAD:", "and False:"),
    ("the last gets a share as well", "steps, last, money, day)", "steps, last, share, day)"),
    ("a share is rounded down", "            share += 1\n", "            share += 0\n"),
    (
        "held money waits for a payment",
        "on = min(on, next_release(work, cell, last, disbursed_on))",
        "on = on",
    ),
    (
        "held money goes a due date late",
        "        if work[i, DUE_ON] > day:\n            return",
        "        if work[i, DUE_ON] > day + 1:\n            return",
    ),
    (
        "nothing is tried again at the day's end",
        "        k += 1\n    if on >= disbursed_on:",
        "        k += 1\n    if False:",
    ),
    # Accrual
    ("grace a day longer", "+ rule[GRACE_DAYS]", "+ rule[GRACE_DAYS] + 1"),
    ("no grace", "+ rule[GRACE_DAYS]", "+ 0"),
    (
        "grace is only waited for",
        "after = max(work[i, ACCRUED_ON], first)",
        "after = max(work[i, ACCRUED_ON], work[i, DUE_ON])",
    ),
    (
        "a day more accrues",
        "days, leap_count = through - after, 0",
        "days, leap_count = through - after + 1, 0",
    ),
    ("never stops", "min(day, work[i, DUE_ON] + rule[STOP_DAYS])", "day"),
    ("stops a day late", "+ rule[STOP_DAYS])", "+ rule[STOP_DAYS] + 1)"),
    ("stop counted from grace", "min(day, work[i, DUE_ON] +", "min(day, first +"),
    ("366 for 365", "== 365:\n            count", "== 364:\n            count"),
    ("leap year never", "if leap != numerator:", "if False:"),
    ("leap year ends a day late", "min(last, through) - max", "min(last + 1, through) - max"),
    ("leap year starts a day late", "max(first, after + 1) + 1", "max(first, after + 1)"),
    ("every year is a leap year", "if last - first == 365:", "if True:"),
    ("span is rounded each day", "if rule[SPAN] == 0:", "if True:"),
    ("each day is carried", "if rule[SPAN] == 0:", "if False:"),
    (
        "the carry is dropped",
        "work[i, CARRY + which] = left % denominator",
        "work[i, CARRY + which] = 0",
    ),
    (
        "penalty on interest too",
        "base = work[i, which] -",
        "base = work[i, INTEREST] + work[i, which] -",
    ),
    (
        "penalty on the whole principal",
        "- work[i, PAID + which]\n    if numerator",
        "\n    if numerator",
    ),
    (
        "no compound interest",
        "            accrue_one(work, rule, i, 1, after, through)\n",
        "",
    ),
    (
        "paid after the accrual of the next night",
        "    accrue(work, cell, rule, day)\n    late_days = 0",
        "    accrue(work, cell, rule, day + 1)\n    late_days = 0",
    ),
    (
        "paid before the accrual of the night",
        "    accrue(work, cell, rule, day)\n    late_days = 0",
        "    late_days = 0",
    ),
    # Figures
    (
        "overdue from the due date on",
        "if work[i, DUE_ON] < day:\n            for component",
        "if work[i, DUE_ON] <= day:\n            for component",
    ),
    ("running interest ignores advances", "earned - work[i, PAID + INTEREST])", "earned)"),
    (
        "running interest a day more",
        "(day - work[i, START_ON]), days",
        "(day + 1 - work[i, START_ON]), days",
    ),
    (
        "paid on the first part",
        "if part == owed and open_minor(work, i) == 0:",
        "if part == owed:",
    ),
    (
        "closed when nothing is due",
        "if cell[FIRST_OPEN] == cell[COUNT] and",
        "if cell[FIRST_UNPAID] == cell[COUNT] and",
    ),
    # Events
    (
        "first day without comparison",
        "    raise_bucket(events, cell, loan, first, oldest)\n",
        "",
    ),
    (
        "the window holds its first day",
        "max(cell[DAY], events.window[0] + 1)",
        "max(cell[DAY], events.window[0])",
    ),
    (
        "the window's last day is left out",
        "last = min(through, events.window[1])",
        "last = min(through, events.window[1] - 1)",
    ),
    (
        "what was known is forgotten",
        "cell[PREVIOUS_BUCKET] = bucket_of(events",
        "cell[PREVIOUS_BUCKET] = 0 * bucket_of(events",
    ),
    ("closed every night", "or known_closed != NEVER:", "or False:"),
    ("cured is rolled", "    elif now == 0:\n        kind = CURED\n", ""),
    ("missed on the due date", "work[0, DUE_ON] + 1, work", "work[0, DUE_ON], work"),
    ("any missed payment is the first", "and oldest == work[0, DUE_ON]:", "and True:"),
    (
        "matured on the due date",
        "work[cell[COUNT] - 1, DUE_ON] + 1",
        "work[cell[COUNT] - 1, DUE_ON]",
    ),
    # Next change
    ("no boundary ahead", "found = min(found, oldest + next_boundary(day - oldest))", "pass"),
    (
        "no due date ahead",
        "            found = min(found, work[i, DUE_ON])\n",
        "            found = found\n",
    ),
    ("no payment ahead", "    found = next_payment_on\n", "    found = NEVER\n"),
    (
        "the day after a due date is quiet",
        "return min(found, work[i, DUE_ON] + 1)",
        "return found",
    ),
)


def mutated(before, after):
    """Run the kernel's text with one change, without the compiler; return its ``fold``."""
    text = Path(kernel.__file__).read_text(encoding="utf-8")
    assert before in text, f"the kernel no longer holds {before!r}"
    head = "compiled = njit(**options)"
    assert head in text
    text = text.replace(head, "compiled = lambda function: function")
    names = {}
    exec(compile(text.replace(before, after, 1), "mutant", "exec"), names)
    return names["fold"]
