"""Let interest follow the principal that is really owed, day by day.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals; what a running period has
        earned is an exact ``Fraction`` of minor units until it is rounded.
Shape   A ``Follower`` stands beside one ``Fold``: it goes on with the days, then lays the rows to
        come anew. A row's plan gives its amount (or its principal, by the method); its interest is
        what its days earn; the last row absorbs.
Errors  None of its own: ``check_terms`` has refused schedules without a balance.
Source  docs/algorithms/recalculation.md.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from daihou.core._rhythm import Bearing, value_at
from daihou.core._rows import INTEREST, PRINCIPAL, WorkRow, pay_what_is_earned
from daihou.core.money import round_amount
from daihou.core.periods import Periods
from daihou.core.plans import divide
from daihou.core.terms import Method, Recalculation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from daihou.core._fold import Fold
    from daihou.core.allocation import Part

KEEPS_PRINCIPAL = frozenset({Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY, Method.BULLET})


class Follower:
    """What interest needs to know of a loan beyond its rows."""

    def __init__(self, fold: Fold, rule: Recalculation) -> None:
        self.fold = fold
        self.rule = rule
        self.through = 0  # Interest is earned through the end of this day.
        self.earned = Fraction(0)  # By the running period; of the last piece where pieces round.
        self.earned_minor = 0  # By the pieces before it, each rounded.
        self.bore_minor = 0  # What the last piece was earned on.
        self.laid: dict[WorkRow, list[int]] = {}  # A row's principal and interest as laid out last.
        self.stood_for: set[WorkRow] = set()  # Rows whose principal was paid early, and more.
        self.paces: dict[tuple[int, int], list[tuple[int, Fraction]]] = {}  # Of each period.

    # The days

    def raised(self) -> dict[WorkRow, tuple[int, int]]:
        """Count what lies on each row beside its plan, for when the plan changes."""
        return {row: (self._raised(row), self._raised(row, INTEREST)) for row in self._rows()}

    def start(self, day: int, raised: Mapping[WorkRow, tuple[int, int]]) -> None:
        """Begin with the first money paid out; later money changes the rows by its own plan."""
        if not self.laid:
            self.through = day
        for row in self._rows():
            beside = raised.get(row, (0, 0))
            self.laid[row] = [row.owed[each] - beside[each] for each in (PRINCIPAL, INTEREST)]
        self.lay(day)

    def follow_change(self, day: int) -> None:
        """Go on from a plan that was changed: what it left to pay, and what it says is earned."""
        self.paces = {}
        self.stood_for = set()
        for row in self._to_come(day):
            interest_minor = row.owed[INTEREST] - row.carried[INTEREST]
            self.laid[row] = [row.left[PRINCIPAL], interest_minor]
        running = self._running(day)
        earned = value_at(running.points, day) if running and running.points else Fraction(0)
        self.earned, self.earned_minor, self.bore_minor = earned, 0, 0
        self.lay(day)

    def go_to(self, day: int) -> None:
        """Earn the interest of the days on the way; a period that ends has earned its interest."""
        if not self.fold.tranches or self.fold.closed_on is not None:
            return
        while self.through < day:
            row = self._running(self.through)
            if row is None:
                starts = [row.start for row in self._rows() if row.start > self.through]
                self.through = min([day, *starts])
                continue
            until = min(day, row.due)
            self._earn(row, until)
            self.through = until
            if until == row.due:
                self.lay(until - 1)
                self.earned, self.earned_minor, self.bore_minor = Fraction(0), 0, 0
        self.lay(day)

    def _earn(self, row: WorkRow, until: int) -> None:
        bears_minor = self._bearing()
        if self.rule.rounds_pieces and bears_minor != self.bore_minor:
            self._end_piece()
        self.bore_minor = bears_minor
        self.earned += bears_minor * self._rate(row, self.through, until)

    def _end_piece(self) -> None:
        self.earned_minor += self._round(self.earned)
        self.earned = Fraction(0)

    def _earned_minor(self) -> int:
        return self.earned_minor + self._round(self.earned)

    def _bearing(self) -> int:
        """Add up the principal that bears interest after the day reached."""
        return sum(
            row.left[PRINCIPAL]
            for row in self.fold.rows
            if self.rule.overdue_bears or (row.due > self.through and not row.is_beside)
        )

    def _running(self, day: int) -> WorkRow | None:
        return next((row for row in self._rows() if row.start <= day < row.due), None)

    def _rows(self) -> list[WorkRow]:
        """List the rows that have a period and a plan; what came after the term has none."""
        return [
            row
            for row in self.fold.rows
            if row.start < row.due and any(row.planned) and not row.is_beside
        ]

    def _rate(self, row: WorkRow, after: int, through: int) -> Fraction:
        """Give the rate of the days after one through another, but for pauses.

        It is read off the whole period, so that days add up whatever one stops on.
        """
        period = row.start, row.due
        if period not in self.paces:
            fold = self.fold
            bearing = Bearing(fold.rhythm, period, tuple(fold.pauses))
            self.paces[period] = bearing.points(row.start)
        pace = self.paces[period]
        return value_at(pace, through) - value_at(pace, after)

    # The rows to come

    def lay(self, day: int) -> None:
        """Give each row due after a day its interest, and principal what that leaves."""
        fold = self.fold
        if not fold.tranches or fold.closed_on is not None:
            return
        while self._lay_once(day):
            pass
        for row in fold.rows:
            if row.paid_on is None and not any(row.left) and any(row.owed):
                row.paid_on = self.through
        fold.rows[:] = [row for row in fold.rows if row.due <= day or any(row.owed)]
        fold.held = [flow for flow in fold.payments if flow.left_minor]

    def _lay_once(self, day: int) -> bool:
        """Lay the rows once; tell whether interest paid before turned into principal by it."""
        rows = self._to_come(day)
        balance_minor = _principal_left(rows)
        interests = []
        for row in rows:
            interest_minor = self._interest_to_come(row, balance_minor)
            raised_minor = self._raised(row)
            left_minor = balance_minor
            if row is not rows[-1]:
                left_minor = min(self._wanted(row, interest_minor), balance_minor)
            row.add(PRINCIPAL, left_minor - row.left[PRINCIPAL])
            self._laid(row)[PRINCIPAL] = row.owed[PRINCIPAL] - raised_minor
            balance_minor -= left_minor
            interests.append(interest_minor)
        turned = [self._set_interest(*pair) for pair in zip(rows, interests, strict=True)]
        return any(turned)

    def _to_come(self, day: int) -> list[WorkRow]:
        return [row for row in self._rows() if row.due > day]

    def _interest_to_come(self, row: WorkRow, balance_minor: int) -> int:
        """Count the interest of a row as if what is planned till then were paid on its day."""
        if row.start >= self.through:
            interest = balance_minor * self._rate(row, row.start, row.due)
            row.points = (row.start, Fraction(0)), (row.due, interest)
            return self._round(interest)
        rest = balance_minor * self._rate(row, self.through, row.due)
        earned = self.earned_minor + self.earned
        row.points = (self.through, earned), (row.due, earned + rest)
        if self.rule.rounds_pieces and balance_minor != self.bore_minor:
            return self._earned_minor() + self._round(rest)
        return self.earned_minor + self._round(self.earned + rest)

    def _wanted(self, row: WorkRow, interest_minor: int) -> int:
        """Say how much principal a row still asks for beside this interest."""
        if row in self.stood_for:
            return 0
        principal_minor = row.planned[PRINCIPAL]
        if self.fold.terms.method not in KEEPS_PRINCIPAL and principal_minor:
            principal_minor += row.planned[INTEREST] - interest_minor
        settled_minor = row.owed[PRINCIPAL] - row.left[PRINCIPAL]
        return max(0, principal_minor + self._raised(row) - settled_minor)

    def _laid(self, row: WorkRow) -> list[int]:
        return self.laid.setdefault(row, [row.planned[PRINCIPAL], row.planned[INTEREST]])

    def _raised(self, row: WorkRow, component: int = PRINCIPAL) -> int:
        """Count what came upon a row beside its plan: charged back, charged, paid early."""
        return row.owed[component] - self._laid(row)[component]

    def _set_interest(self, row: WorkRow, interest_minor: int) -> bool:
        """Owe this interest on a row; what was paid beyond it becomes principal."""
        owed_minor = interest_minor + self._raised(row, INTEREST)
        settled_minor = row.owed[INTEREST] - row.left[INTEREST]
        turned_minor = 0
        if owed_minor < settled_minor:
            turned_minor = self._turn(row, settled_minor - owed_minor)
            owed_minor = settled_minor - turned_minor
            row.owed[INTEREST], row.left[INTEREST] = owed_minor, 0
        row.add(INTEREST, owed_minor - row.owed[INTEREST])
        self._laid(row)[INTEREST] = interest_minor
        return turned_minor > 0

    def _turn(self, row: WorkRow, excess_minor: int) -> int:
        """Turn interest paid on a row into principal; what no principal takes waits as money."""
        wanted_minor = excess_minor
        for flow in reversed(self.fold.payments):
            kept = []
            for part in flow.parts:
                part_row, component, amount_minor, day = part
                if part_row is not row or component != INTEREST or not wanted_minor:
                    kept.append(part)
                    continue
                turned_minor = min(amount_minor, wanted_minor)
                wanted_minor -= turned_minor
                taken_minor = self._take_out(row, turned_minor)
                flow.left_minor += turned_minor - taken_minor
                if amount_minor > turned_minor:
                    kept.append((row, INTEREST, amount_minor - turned_minor, day))
                if taken_minor:
                    kept.append((row, PRINCIPAL, taken_minor, self.through))
            flow.parts = kept
        return excess_minor - wanted_minor

    def _take_out(self, row: WorkRow, amount_minor: int) -> int:
        """Count money as principal paid on a row: it or the last rows owe that much less."""
        others = (row, *reversed(self._to_come(row.due)))
        taken_minor = amount_minor - self._take_from(others, amount_minor)
        row.owed[PRINCIPAL] += taken_minor
        self._laid(row)[PRINCIPAL] += taken_minor
        return taken_minor

    # Early money

    def prepay(self, amount_minor: int, day: int, parts: list[Part], *, shortens: bool) -> int:
        """Pay principal before it is due and plan the rest of it; give back what is left over.

        The money is booked on the row of that day, else on the next one.
        """
        rows = self._to_come(day)
        if not rows:
            return self._pay_beside(amount_minor, day, parts)
        due_today = next((row for row in self._rows() if row.due == day), None)
        head = due_today or rows[0]
        stands_for_next = self.rule.counts_for_next and due_today is None
        if self.rule.earned_first:
            amount_minor = self._pay_earned(amount_minor, day, parts)
        if stands_for_next:
            part_minor = min(head.left[PRINCIPAL], amount_minor)
            amount_minor -= _pay(head, PRINCIPAL, part_minor, parts)
        prepaid_minor = min(_principal_left(rows), amount_minor)
        if prepaid_minor:
            self._take_from(reversed(rows), prepaid_minor)
            head.owed[PRINCIPAL] += prepaid_minor
            head.left[PRINCIPAL] += prepaid_minor
            _pay(head, PRINCIPAL, prepaid_minor, parts)
            if stands_for_next:
                self.stood_for.add(head)
                rows = rows[1:]
            if rows and not shortens:
                self.plan(rows, day)
        amount_minor -= prepaid_minor
        if amount_minor and not _principal_left(self._to_come(day)):
            amount_minor = self._pay_beside(amount_minor, day, parts)
            self.lay(day)  # Paid off: what was earned is all that is left.
            amount_minor = self._pay_earned(amount_minor, day, parts)
        return amount_minor

    def _pay_beside(self, amount_minor: int, day: int, parts: list[Part]) -> int:
        """Pay principal that came upon rows to come that have no plan of their own."""
        for row in self.fold.rows:
            if row.due > day:
                part_minor = min(row.left[PRINCIPAL], amount_minor)
                amount_minor -= _pay(row, PRINCIPAL, part_minor, parts)
        return amount_minor

    def _pay_earned(self, amount_minor: int, day: int, parts: list[Part]) -> int:
        fold = self.fold
        return pay_what_is_earned(
            fold.rows, amount_minor, on=day, rounding=fold.terms.rounding, parts=parts
        )

    def plan(self, rows: Sequence[WorkRow], day: int) -> None:
        """Plan rows to come anew on the principal they owe, by the method of the terms."""
        terms, balance_minor = self.fold.terms, _principal_left(rows)
        if not balance_minor:
            return
        running = rows[0].start <= day
        rates = [self._rate(row, max(row.start, day), row.due) for row in rows]
        earned = self.earned + self.earned_minor if running else Fraction(0)
        owes_earned = earned and not self.rule.earned_first
        if owes_earned:
            rates[0] += earned / balance_minor
        common = lcm(*(rate.denominator for rate in rates))
        gone = len(self._rows()) - len(rows)
        principal, interest = divide(
            terms=replace(
                terms,
                rate=self.fold.rate,
                instalment_count=len(rows),
                principal_grace_count=max(0, terms.principal_grace_count - gone),
            ),
            periods=Periods(
                tuple(row.start_on for row in rows),
                tuple(row.due_on for row in rows),
                tuple(rate.numerator * (common // rate.denominator) for rate in rates),
                common,
            ),
            opening_minor=balance_minor,
        )
        if running and not owes_earned:
            interest[0] += self._earned_minor()
        for row, principal_minor, interest_minor in zip(rows, principal, interest, strict=True):
            row.planned[:2] = principal_minor, interest_minor
            self._laid(row)[PRINCIPAL] = row.left[PRINCIPAL]

    def _take_from(self, rows: Iterable[WorkRow], amount_minor: int) -> int:
        """Owe less principal on rows, in their order; give back what they did not owe."""
        for row in rows:
            part_minor = min(amount_minor, row.left[PRINCIPAL])
            row.add(PRINCIPAL, -part_minor)
            self._laid(row)[PRINCIPAL] -= part_minor
            amount_minor -= part_minor
        return amount_minor

    def _round(self, amount: Fraction) -> int:
        return round_amount(amount=amount, rounding=self.fold.terms.rounding)


def _principal_left(rows: Iterable[WorkRow]) -> int:
    return sum(row.left[PRINCIPAL] for row in rows)


def _pay(row: WorkRow, component: int, amount_minor: int, parts: list[Part]) -> int:
    if amount_minor:
        row.left[component] -= amount_minor
        parts.append((row, component, amount_minor))
    return amount_minor
