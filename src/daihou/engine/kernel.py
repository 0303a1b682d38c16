"""The fold of plain loans over columns: one kernel for the night, for catching up and for replay.

Units   Money in minor units (int64), days as int32 since 1970-01-01, ``NEVER`` where there is none.
Shape   ``fold`` walks chosen loans; of each it walks the days on which something happens (payment,
        disbursement, a due date while money is unapplied, a snapshot) and writes what it finds.
Errors  None inside: widths are asserted when rules and dues are loaded (``rules``, ``arrays``).
Source  The twin of ``daihou.core.position``; tests/twins holds the two equal to the cent.

One file: what is compiled is kept under a digest of it, so all that ``fold`` is made of lies here.
The tests run a list of mutants of this text without the compiler, so it is plain Python throughout.
"""

from typing import Any

from numba import config, njit

from daihou.engine import kernel_cache

settings: Any = config  # The compiler's own stubs leave its settings out.
chosen_folder = settings.CACHE_DIR
settings.CACHE_DIR = kernel_cache.folder(chosen_folder)  # Read as each function is decorated.
# Without the runtime that counts references: nothing is allocated in here, and counting every
# array of every call took seven eighths of the time.
options: Any = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
compiled = njit(**options)

NEVER = 2**30  # Far beyond any day, and days may still be added to it.

PRINCIPAL, INTEREST, FEE, PENALTY, COMPOUND = 0, 1, 2, 3, 4
PENDING, ACTIVE, CLOSED = 0, 1, 2
ENTERED_BUCKET, ROLLED, CURED = 0, 1, 2
FIRST_PAYMENT_MISSED, MATURED_UNPAID, EVENT_CLOSED = 3, 4, 5
HOLD, NEXT_INSTALMENT, LAST_INSTALMENT, SPREAD = 0, 1, 2, 3

# Places in a rule's row (int64). The allocation in normal and in late times has the same layout.
GRACE_DAYS, TOLERANCE, HALF_EVEN, SPAN, STOP_DAYS, LATE_FROM = 0, 1, 2, 3, 4, 5
PENALTY_NUM, PENALTY_LEAP, PENALTY_DEN = 6, 7, 8
COMPOUND_NUM, COMPOUND_LEAP, COMPOUND_DEN = 9, 10, 11
NORMAL_BASE, LATE_BASE = 12, 30
MODE, SURPLUS, STEP_COUNT, STEPS = 0, 1, 2, 3
MOST_STEPS = 15
RULE_WIDTH = 48
# Places in ``cell``: what is known of the loan in hand.
UNAPPLIED, FIRST_OPEN, FIRST_UNPAID, LAST_PAID, CLOSED_ON = 0, 1, 2, 3, 4
PREVIOUS_BUCKET, DAY, PRINCIPAL_PAID, MONEY_IN, COUNT, PRINCIPAL_DUE = 5, 6, 7, 8, 9, 10
# Columns of ``work``, a row per instalment of the loan in hand, after the five amounts due.
PAID, CARRY, WHOLE, ACCRUED_ON, PAID_ON, DUE_ON, START_ON = 5, 10, 12, 14, 15, 16, 17
WORK_WIDTH, CELL_WIDTH = 18, 11


@compiled
def bucket_of(days):
    """Return the place in BUCKETS of so many days past due."""
    if days <= 0:
        return 0
    if days > 180:
        return 7
    return (days + 29) // 30


@compiled
def next_boundary(days):
    """Return the least number of days past due, above ``days``, that starts a bucket."""
    if days < 1:
        return 1
    if days > 180:
        return NEVER
    return ((days + 29) // 30) * 30 + 1


@compiled
def rounded(whole, rest, denominator, half_even):
    """Round ``whole + rest / denominator``; a half goes up, or to the even number."""
    twice = 2 * rest
    if twice > denominator:
        return whole + 1
    if twice == denominator and (half_even == 0 or whole % 2 == 1):
        return whole + 1
    return whole


@compiled
def divided(numerator, denominator, half_even):
    whole = numerator // denominator
    return rounded(whole, numerator - whole * denominator, denominator, half_even)


@compiled
def year_starts(year):
    """Return the day number of 1 January."""
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 - 719162


@compiled
def leap_days(after, through):
    """Count the days of leap years among the days after ``after`` through ``through``."""
    year = 1970 + (after + 1) // 366
    while year_starts(year + 1) <= after + 1:
        year += 1
    count = 0
    while year_starts(year) <= through:
        first, last = year_starts(year), year_starts(year + 1) - 1
        if last - first == 365:
            count += min(last, through) - max(first, after + 1) + 1
        year += 1
    return count


@compiled
def accrue_one(work, rule, i, which, after, through):
    """Add what accrues on one instalment: penalty on principal (0), compound on interest (1)."""
    numerator = rule[PENALTY_NUM] if which == 0 else rule[COMPOUND_NUM]
    base = work[i, which] - work[i, PAID + which]
    if numerator == 0 or base <= 0:
        return
    leap = rule[PENALTY_LEAP] if which == 0 else rule[COMPOUND_LEAP]
    denominator = rule[PENALTY_DEN] if which == 0 else rule[COMPOUND_DEN]
    days, leap_count = through - after, 0
    if leap != numerator:
        leap_count = leap_days(after, through)
        days -= leap_count
    if rule[SPAN] == 0:
        amount = days * divided(base * numerator, denominator, rule[HALF_EVEN])
        if leap_count:
            amount += leap_count * divided(base * leap, denominator, rule[HALF_EVEN])
        work[i, PENALTY + which] += amount
        return
    for n, per_day in ((days, numerator), (leap_count, leap)):
        whole = (base * per_day) // denominator
        left = n * (base * per_day - whole * denominator) + work[i, CARRY + which]
        work[i, WHOLE + which] += n * whole + left // denominator
        work[i, CARRY + which] = left % denominator
    whole, rest = work[i, WHOLE + which], work[i, CARRY + which]
    work[i, PENALTY + which] = rounded(whole, rest, denominator, rule[HALF_EVEN])


@compiled
def accrue(work, cell, rule, day):
    """Bring every open instalment to the end of the night before ``day``."""
    if rule[PENALTY_NUM] == 0 and rule[COMPOUND_NUM] == 0:
        return
    for i in range(cell[FIRST_OPEN], cell[COUNT]):
        first = work[i, DUE_ON] + rule[GRACE_DAYS]
        if first >= day:
            break
        after = max(work[i, ACCRUED_ON], first)
        through = min(day, work[i, DUE_ON] + rule[STOP_DAYS])
        if through > after:
            accrue_one(work, rule, i, 0, after, through)
            accrue_one(work, rule, i, 1, after, through)
            work[i, ACCRUED_ON] = through


@compiled
def pay(work, cell, i, component, money, day):
    """Pay one component of one instalment; return the money left."""
    owed = work[i, component] - work[i, PAID + component]
    part = min(owed, money)
    if part <= 0:
        return money
    work[i, PAID + component] += part
    if component == PRINCIPAL:
        cell[PRINCIPAL_PAID] += part
    if part == owed and open_minor(work, i) == 0:
        work[i, PAID_ON] = day
    return money - part


@compiled
def open_minor(work, i):
    total = 0
    for component in range(5):
        total += work[i, component] - work[i, PAID + component]
    return total


@compiled
def aged_minor(work, i):
    """Sum what makes the loan past due: never penalty nor compound interest."""
    total = 0
    for component in range(3):
        total += work[i, component] - work[i, PAID + component]
    return total


@compiled
def advance(work, cell, rule):
    """Move the marks of the first instalment that is open and of the first that can age."""
    count = cell[COUNT]
    while cell[FIRST_OPEN] < count and open_minor(work, cell[FIRST_OPEN]) == 0:
        cell[FIRST_OPEN] += 1
    while cell[FIRST_UNPAID] < count and aged_minor(work, cell[FIRST_UNPAID]) <= rule[TOLERANCE]:
        cell[FIRST_UNPAID] += 1


@compiled
def group_end(rule, base, k):
    """Return the place after the group of steps that starts at ``k``."""
    if rule[base + MODE] == 1:
        return k + 1
    end = k + 1
    timing = rule[base + STEPS + k] >> 3
    while end < rule[base + STEP_COUNT] and rule[base + STEPS + end] >> 3 == timing:
        end += 1
    return end


@compiled
def pay_due(work, cell, rule, base, day, money):
    """Pay what is past due and due by the rule at ``base``; return the money left."""
    k = 0
    while k < rule[base + STEP_COUNT] and money > 0:
        end = group_end(rule, base, k)
        timing = rule[base + STEPS + k] >> 3
        for i in range(cell[FIRST_OPEN], cell[COUNT]):
            if work[i, DUE_ON] > day or money == 0 or timing == 2:
                break
            if (timing == 0) != (work[i, DUE_ON] < day):
                continue
            steps = (base + STEPS + k, base + STEPS + end)
            money = pay_group(work, cell, rule, steps, i, money, day)
        k = end
    return money


@compiled
def pay_group(work, cell, rule, steps, i, money, day):
    """Pay the components of a group of steps of one instalment; return the money left."""
    for step in range(steps[0], steps[1]):
        money = pay(work, cell, i, rule[step] & 7, money, day)
    return money


@compiled
def group_minor(work, rule, steps, i):
    total = 0
    for step in range(steps[0], steps[1]):
        component = rule[step] & 7
        total += work[i, component] - work[i, PAID + component]
    return total


@compiled
def pay_evenly(work, cell, rule, steps, first, count, money, day):
    """Give each instalment the nearest whole share, the last the rest, until nothing fits."""
    while money > 0:
        sharers, last = 0, 0
        for i in range(first, count):
            if group_minor(work, rule, steps, i) > 0:
                sharers, last = sharers + 1, i
        if sharers == 0:
            break
        share = money // sharers
        if 2 * (money - share * sharers) > sharers:
            share += 1
        left = 0
        for i in range(first, last):
            if group_minor(work, rule, steps, i) > 0:
                given = min(share, money)
                money -= given
                left += pay_group(work, cell, rule, steps, i, given, day)
        left += pay_group(work, cell, rule, steps, last, money, day)
        money = left
    return money


@compiled
def pay_surplus(work, cell, rule, base, day, money):
    """Spend what is left when everything due is paid on future instalments; return the rest."""
    surplus = rule[base + SURPLUS]
    if money == 0 or surplus == HOLD:
        return money
    first, count = cell[FIRST_OPEN], cell[COUNT]
    while first < count and work[first, DUE_ON] <= day:
        first += 1
    k = 0
    while k < rule[base + STEP_COUNT]:
        end = group_end(rule, base, k)
        steps = (base + STEPS + k, base + STEPS + end)
        if rule[base + STEPS + k] >> 3 == 2 and surplus == SPREAD:
            money = pay_evenly(work, cell, rule, steps, first, count, money, day)
        elif rule[base + STEPS + k] >> 3 == 2:
            for n in range(count - first):
                i = count - 1 - n if surplus == LAST_INSTALMENT else first + n
                money = pay_group(work, cell, rule, steps, i, money, day)
        k = end
    return money


@compiled
def receive(work, cell, rule, day, money):
    """Spend money on a day by the rule in force; what nothing takes is unapplied."""
    accrue(work, cell, rule, day)
    late_days = 0
    if cell[FIRST_UNPAID] < cell[COUNT]:
        late_days = day - work[cell[FIRST_UNPAID], DUE_ON]
    base = LATE_BASE if late_days >= rule[LATE_FROM] else NORMAL_BASE
    left = pay_due(work, cell, rule, base, day, money)
    left = pay_surplus(work, cell, rule, base, day, left)
    cell[UNAPPLIED] += left
    advance(work, cell, rule)
    if cell[FIRST_OPEN] == cell[COUNT] and left < money:
        cell[CLOSED_ON] = day


@compiled
def start(work, cell, loans, dues, loan, rule):
    """Lay the loan's dues into the scratch."""
    cell[UNAPPLIED] = 0
    cell[FIRST_OPEN] = 0
    cell[FIRST_UNPAID] = 0
    cell[LAST_PAID] = NEVER
    cell[CLOSED_ON] = NEVER
    cell[PREVIOUS_BUCKET] = 0
    cell[PRINCIPAL_DUE] = 0
    cell[PRINCIPAL_PAID] = 0
    cell[MONEY_IN] = 0
    low, high = dues.begin[loan], dues.begin[loan + 1]
    for i in range(high - low):
        work[i, PRINCIPAL] = dues.principal[low + i]
        work[i, INTEREST] = dues.interest[low + i]
        work[i, FEE] = dues.fee[low + i]
        work[i, DUE_ON] = dues.due_on[low + i]
        work[i, START_ON] = dues.start_on[low + i]
        for component in range(PENALTY, COMPOUND + 1):
            work[i, component] = 0
            work[i, CARRY - PENALTY + component] = 0
            work[i, WHOLE - PENALTY + component] = 0
        for component in range(5):
            work[i, PAID + component] = 0
        work[i, ACCRUED_ON] = loans.disbursed_on[loan]
        cell[PRINCIPAL_DUE] += dues.principal[low + i]
        work[i, PAID_ON] = NEVER
    cell[DAY] = loans.disbursed_on[loan]
    cell[COUNT] = high - low
    if high == low:
        cell[PRINCIPAL_DUE] = loans.disbursed_minor[loan]
    advance(work, cell, rule)


@compiled
def oldest_unpaid(work, cell):
    """Return the due date of the first instalment that can age, future ones too, or NEVER."""
    first = cell[FIRST_UNPAID]
    return work[first, DUE_ON] if first < cell[COUNT] else NEVER


@compiled
def raise_event(events, loan, on, kind, buckets, oldest):
    n = events.raised[0]
    if n < events.on.size:
        events.on[n] = on
        events.loan[n] = loan
        events.kind[n] = kind
        events.from_bucket[n] = buckets[0]
        events.to_bucket[n] = buckets[1]
        events.oldest[n] = oldest
    events.raised[0] = n + 1


@compiled
def raise_bucket(events, cell, loan, on, oldest):
    """Compare the bucket of a day with the one before it."""
    before = cell[PREVIOUS_BUCKET]
    now = bucket_of(on - oldest)
    if now == before:
        return
    kind = ROLLED
    if before == 0:
        kind = ENTERED_BUCKET
    elif now == 0:
        kind = CURED
    raise_event(events, loan, on, kind, (before, now), oldest)
    cell[PREVIOUS_BUCKET] = now


@compiled
def watch(events, work, cell, loan, through):
    """Raise the events of the days since the last change through ``through``: facts stood still."""
    first = max(cell[DAY], events.window[0] + 1)
    last = min(through, events.window[1])
    if first > last:
        return
    oldest = oldest_unpaid(work, cell)
    raise_bucket(events, cell, loan, first, oldest)
    if oldest == NEVER:
        return
    on = oldest + next_boundary(first - oldest)
    while on <= last:
        raise_bucket(events, cell, loan, on, oldest)
        on = oldest + next_boundary(on - oldest)
    missed, matured = work[0, DUE_ON] + 1, work[cell[COUNT] - 1, DUE_ON] + 1
    if first <= missed <= last and oldest == work[0, DUE_ON]:
        raise_event(events, loan, missed, FIRST_PAYMENT_MISSED, (0, 1), oldest)
    if first <= matured <= last:
        bucket = bucket_of(matured - oldest)
        raise_event(events, loan, matured, MATURED_UNPAID, (bucket, bucket), oldest)


@compiled
def watch_closing(events, cell, loan, known_closed):
    """Raise the closing once: on its day, or when the ledger learnt of it."""
    closed_on = cell[CLOSED_ON]
    if closed_on > events.window[1] or known_closed != NEVER:
        return
    on = max(closed_on, events.window[0] + 1)
    if on <= events.window[1]:
        raise_event(events, loan, on, EVENT_CLOSED, (0, 0), NEVER)


@compiled
def next_change(work, cell, day, disbursed_on, next_payment_on):
    """Return the first day after ``day`` on which a fact changes though nothing new is known."""
    found = next_payment_on
    if day < disbursed_on:
        return min(found, disbursed_on)
    if cell[CLOSED_ON] <= day:
        return found
    oldest = oldest_unpaid(work, cell)
    if oldest != NEVER:
        found = min(found, oldest + next_boundary(day - oldest))
    for i in range(cell[COUNT]):
        if work[i, DUE_ON] > day and cell[UNAPPLIED] > 0:
            found = min(found, work[i, DUE_ON])
        if work[i, DUE_ON] >= day and oldest != NEVER:
            return min(found, work[i, DUE_ON] + 1)
    return found


@compiled
def snapshot(work, cell, loans, history, s, n):
    """Write the few figures of one loan at one snapshot."""
    loan, day = loans.chosen[n], history.days[s]
    history.principal[s, n] = cell[PRINCIPAL_DUE] - cell[PRINCIPAL_PAID]
    if day < loans.disbursed_on[loan]:
        history.status[s, n] = PENDING
        history.oldest[s, n] = NEVER
        history.overdue[s, n] = 0
        return
    accrue(work, cell, loans.rules[loans.rule[loan]], day)
    history.status[s, n] = CLOSED if cell[CLOSED_ON] <= day else ACTIVE
    history.oldest[s, n] = oldest_unpaid(work, cell)
    overdue = 0
    for i in range(cell[FIRST_OPEN], cell[COUNT]):
        if work[i, DUE_ON] >= day:
            break
        overdue += open_minor(work, i)
    history.overdue[s, n] = overdue


@compiled
def running_interest(work, cell, day, half_even):
    """Return the interest earned by the period that runs over ``day``, less what is paid of it."""
    total = 0
    for i in range(cell[FIRST_OPEN], cell[COUNT]):
        if work[i, START_ON] < day < work[i, DUE_ON]:
            days = work[i, DUE_ON] - work[i, START_ON]
            earned = divided(work[i, INTEREST] * (day - work[i, START_ON]), days, half_even)
            total += max(0, earned - work[i, PAID + INTEREST])
    return total


@compiled
def detail(work, cell, loans, details, n, day):
    """Write the other figures of one loan at the last snapshot."""
    loan = loans.chosen[n]
    rule = loans.rules[loans.rule[loan]]
    details.unapplied[n] = cell[UNAPPLIED]
    details.last_paid_on[n] = cell[LAST_PAID]
    details.closed_on[n] = cell[CLOSED_ON]
    details.money_in[n] = cell[MONEY_IN]
    details.next_due_on[n] = NEVER
    details.next_due[n] = 0
    details.accrued_interest[n] = 0
    allocated = 0
    for i in range(cell[COUNT]):
        for component in range(5):
            allocated += work[i, PAID + component]
    details.allocated[n] = allocated
    for component in range(5):
        details.overdue[component, n] = 0
    if day < loans.disbursed_on[loan]:
        return
    for i in range(cell[FIRST_OPEN], cell[COUNT]):
        if work[i, DUE_ON] < day:
            for component in range(5):
                owed = work[i, component] - work[i, PAID + component]
                details.overdue[component, n] += owed
        elif details.next_due_on[n] >= work[i, DUE_ON] and open_minor(work, i) > 0:
            details.next_due_on[n] = work[i, DUE_ON]
            details.next_due[n] += open_minor(work, i)
    interest = running_interest(work, cell, day, rule[HALF_EVEN])
    details.accrued_interest[n] = interest


@compiled
def keep(work, cell, kept, low):
    """Copy the loan's instalments out of the scratch."""
    for i in range(cell[COUNT]):
        for which in range(2):
            kept.due[which, low + i] = work[i, PENALTY + which]
            kept.carry[which, low + i] = work[i, CARRY + which]
        for component in range(5):
            kept.paid[component, low + i] = work[i, PAID + component]
        kept.paid_on[low + i] = work[i, PAID_ON]


@compiled
def release(work, cell, rule, day):
    """Spend unapplied money on a due date or on the day of disbursement."""
    held = cell[UNAPPLIED]
    if held > 0:
        cell[UNAPPLIED] = 0
        receive(work, cell, rule, day, held)


@compiled
def next_release(work, cell, day, disbursed_on):
    """Return the next day after ``day`` on which unapplied money is spent, or NEVER."""
    if cell[UNAPPLIED] == 0:
        return NEVER
    if day < disbursed_on:
        return disbursed_on
    for i in range(cell[FIRST_OPEN], cell[COUNT]):
        if work[i, DUE_ON] > day:
            return work[i, DUE_ON]
    return NEVER


@compiled
def one_day(work, cell, rule, payments, k, end, on, disbursed_on):
    """Spend the unapplied and the received money of one day; return the next payment's place.

    What a late rule left unapplied is tried again at the day's end, by the rule then in force.
    """
    if on >= disbursed_on:
        release(work, cell, rule, on)
    while k < end and payments.on[k] == on:
        amount = payments.amount[k]
        cell[LAST_PAID] = on
        cell[MONEY_IN] += amount
        if on < disbursed_on:
            cell[UNAPPLIED] += amount
        else:
            receive(work, cell, rule, on, amount)
        k += 1
    if on >= disbursed_on:
        release(work, cell, rule, on)
    return k


@compiled
def fold_one(work, cell, loans, dues, payments, into, n, low):
    """Fold one loan through every snapshot; return the place after its kept instalments."""
    loan = loans.chosen[n]
    rule, disbursed_on = loans.rules[loans.rule[loan]], loans.disbursed_on[loan]
    start(work, cell, loans, dues, loan, rule)
    days, events = into.history.days, into.events
    cell[PREVIOUS_BUCKET] = bucket_of(events.window[0] - loans.known_oldest[loan])
    k, end, last = payments.begin[loan], payments.begin[loan + 1], -NEVER
    for s in range(days.size):
        while True:
            on = payments.on[k] if k < end else NEVER
            on = min(on, next_release(work, cell, last, disbursed_on))
            if on > days[s]:
                break
            watch(events, work, cell, loan, on - 1)
            k = one_day(work, cell, rule, payments, k, end, on, disbursed_on)
            cell[DAY] = max(on, disbursed_on)
            last = on
        snapshot(work, cell, loans, into.history, s, n)
    watch(events, work, cell, loan, days[days.size - 1])
    watch_closing(events, cell, loan, loans.known_closed[loan])
    day = days[days.size - 1]
    detail(work, cell, loans, into.details, n, day)
    on = payments.on[k] if k < end else NEVER
    into.details.next_change_on[n] = next_change(work, cell, day, disbursed_on, on)
    if into.paid.paid_on.size:
        keep(work, cell, into.paid, low)
    return low + cell[COUNT]


@compiled
def fold(work, cell, loans, dues, payments, into):
    """Fold the chosen loans, each through every snapshot, in the order given."""
    low = 0
    into.events.raised[0] = 0
    for n in range(loans.chosen.size):
        low = fold_one(work, cell, loans, dues, payments, into, n, low)


settings.CACHE_DIR = chosen_folder
