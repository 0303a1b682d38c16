"""What moved on plain loans, day by day: the kernel's fold walked again, its sums compared.

Units   As ``kernel``.
Shape   ``post`` walks chosen loans; what moved after ``emit_after`` is added to ``sums`` by day,
        product and slot, and where the loans stand in the end to ``held`` by product.
Errors  None inside; see ``kernel``.
Source  The twin of ``daihou.core.posting`` for plain loans; tests/twins holds the two equal.
"""

from typing import Any

from numba import config, njit

from daihou.engine import kernel_cache
from daihou.engine.kernel import (
    COUNT,
    DUE_ON,
    FEE,
    FIRST_OPEN,
    HALF_EVEN,
    INTEREST,
    NEVER,
    PAID,
    PENALTY,
    PRINCIPAL_DUE,
    START_ON,
    UNAPPLIED,
    accrue,
    divided,
    next_release,
    receive,
    release,
    start,
)

settings: Any = config  # As in ``kernel``.
chosen_folder = settings.CACHE_DIR
settings.CACHE_DIR = kernel_cache.folder(chosen_folder, "posting_kernel.py")
options: Any = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
compiled = njit(**options)

ACCRUAL, STARTED, PAYMENT, SUSPENSE = 0, 1, 2, 3
# Within a cause: earned 0-3 (interest to compound), advanced 4-5 (interest, fee), paid 6-10, held,
# lent, lent otherwise.
EARNED, ADVANCED, PAID_SLOT, HELD, LENT, LENT_OTHERWISE = 0, 4, 6, 11, 12, 13
CAUSE_WIDTH = 14
SLOT_COUNT = 4 * CAUSE_WIDTH
# What is compared: earned 0-3, advanced 4-5, paid 6-10, unapplied.
FIGURES = 12


@compiled
def measure(work, cell, rule, day, now):
    """Sum up the loan in hand at the end of a day: what it earned, was paid and has in advance."""
    for i in range(FIGURES):
        now[i] = 0
    half_even = rule[HALF_EVEN]
    for i in range(cell[COUNT]):
        interest, fee = work[i, INTEREST], work[i, FEE]
        if work[i, DUE_ON] > day:
            fee = 0
            if work[i, START_ON] < day:
                days = work[i, DUE_ON] - work[i, START_ON]
                interest = divided(interest * (day - work[i, START_ON]), days, half_even)
            else:
                interest = 0
        now[EARNED] += interest
        now[EARNED + 1] += fee
        now[EARNED + 2] += work[i, PENALTY]
        now[EARNED + 3] += work[i, PENALTY + 1]
        now[ADVANCED] += max(0, work[i, PAID + INTEREST] - interest)
        now[ADVANCED + 1] += max(0, work[i, PAID + FEE] - fee)
        for component in range(5):
            now[PAID_SLOT + component] += work[i, PAID + component]
    now[HELD] = cell[UNAPPLIED]


@compiled
def note(now, was, sums, cause):
    """Add what changed to the sums of a day and product, and take it as known."""
    base = cause * CAUSE_WIDTH
    for i in range(FIGURES):
        sums[base + i] += now[i] - was[i]
        was[i] = now[i]


@compiled
def watch(work, cell, rule, day, figures, sums, cause, is_watched):
    """Spend the waiting money of a day, and note what that moved."""
    release(work, cell, rule, day)
    if is_watched:
        measure(work, cell, rule, day, figures[0])
        note(figures[0], figures[1], sums, cause)


@compiled
def spend(work, cell, rule, payments, place, day, figures, sums, is_watched):
    """Spend the waiting and the received money of one day; return the next payment's place."""
    k, end = place[0], place[1]
    watch(work, cell, rule, day, figures, sums, SUSPENSE, is_watched and cell[UNAPPLIED] > 0)
    while k < end and payments.on[k] == day:
        receive(work, cell, rule, day, payments.amount[k])
        if is_watched:
            measure(work, cell, rule, day, figures[0])
            note(figures[0], figures[1], sums, PAYMENT)
        k += 1
    watch(work, cell, rule, day, figures, sums, SUSPENSE, is_watched and cell[UNAPPLIED] > 0)
    return k


@compiled
def is_over(work, cell, day):
    """Tell whether nothing can move any more without another payment."""
    count = cell[COUNT]
    return cell[FIRST_OPEN] == count and (count == 0 or work[count - 1, DUE_ON] <= day)


@compiled
def post_one(work, cell, loans, dues, payments, out, n):
    """Walk one loan: event by event until ``emit_after``, day by day from then on."""
    loan = loans.chosen[n]
    disbursed_on, through = loans.disbursed_on[loan], out.through[0]
    if disbursed_on > through:
        return
    rule, emit_after = loans.rules[loans.rule[loan]], out.emit_after[n]
    figures, product = out.figures, out.product[n]
    start(work, cell, loans, dues, loan, rule)
    for i in range(FIGURES):
        figures[1, i] = 0
    k, end, day = payments.begin[loan], payments.begin[loan + 1], disbursed_on
    cause, last = STARTED, disbursed_on - 1
    while day <= through:
        is_watched = day >= emit_after
        sums = out.unused if day <= emit_after else out.sums[day - out.first_day[0], product]
        if is_watched:
            accrue(work, cell, rule, day)
            measure(work, cell, rule, day, figures[0])
            note(figures[0], figures[1], sums, cause)
        if cause == STARTED:
            lent = loans.disbursed_minor[loan]
            sums[STARTED * CAUSE_WIDTH + LENT] += lent
            sums[STARTED * CAUSE_WIDTH + LENT_OTHERWISE] += cell[PRINCIPAL_DUE] - lent
            cause = ACCRUAL
        due = next_release(work, cell, last, disbursed_on)
        if due == day or (k < end and payments.on[k] == day):
            k = spend(work, cell, rule, payments, (k, end), day, figures, sums, is_watched)
        last = day
        on = payments.on[k] if k < end else NEVER
        on = min(on, next_release(work, cell, day, disbursed_on))
        if day < emit_after:
            day = min(on, emit_after)  # What stands then is what later days are compared with.
        else:
            day = on if is_over(work, cell, day) else day + 1
    add_up(work, cell, rule, min(last, through), figures, out.held[product])


@compiled
def add_up(work, cell, rule, day, figures, held):
    """Add what the loan in hand owes and holds at the end to its product's figures."""
    now = figures[0]
    measure(work, cell, rule, day, now)
    held[0] += cell[PRINCIPAL_DUE] - now[PAID_SLOT]
    for i in range(4):
        advance = now[ADVANCED + i] if i < 2 else 0
        held[1 + i] += now[EARNED + i] - now[PAID_SLOT + 1 + i] + advance
    held[5] += cell[UNAPPLIED]


@compiled
def post(work, cell, loans, dues, payments, out):
    """Walk the chosen loans, in the order given."""
    for n in range(loans.chosen.size):
        post_one(work, cell, loans, dues, payments, out, n)


settings.CACHE_DIR = chosen_folder
