"""The five-level floor 五级分类: the best class that days past due and history still allow.

Units   Days are calendar days; months and years run to the same day of a later month.
Shape   Facts and dated thresholds in, a ``ClassFloor`` with its reasons out. Judgement may only go
        below the floor: ``is_never_better`` says whether a class keeps it.
Errors  ``ClassesRefused`` for thresholds that do not rise; ``EventRefused`` as ``position``.
Source  商业银行金融资产风险分类办法 (令2023年第1号), known second hand and in parts from memory:
        every figure is an argument; its source stands in docs/algorithms/classification.md.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from daihou.core.calendar import add_months
from daihou.core.course import standings
from daihou.core.events import PLAN_KINDS, Event, Kind, without_taken_back
from daihou.core.position import Position, Status, position
from daihou.core.terms import Contract, MonthEnd

DAY = timedelta(days=1)


class ClassesRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FiveLevel(StrEnum):
    """五级分类. The order of members is their order from best to worst; never reorder."""

    NORMAL = "normal"  # 正常
    SPECIAL_MENTION = "special_mention"  # 关注
    SUBSTANDARD = "substandard"  # 次级
    DOUBTFUL = "doubtful"  # 可疑
    LOSS = "loss"  # 损失


LEVELS = tuple(FiveLevel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRules:
    """Thresholds in force from ``valid_from`` on: a loan later than so many days is no better."""

    valid_from: date
    special_mention_after_days: int
    substandard_after_days: int
    doubtful_after_days: int
    loss_after_days: int
    technical_days: int = 0  # Lateness that was declared technical is forgiven for so long.
    observation_periods: int
    observation_months: int
    cure_periods: int
    cure_months: int

    def __post_init__(self) -> None:
        after = self.after_days
        if after[0] < 0 or list(after) != sorted(set(after)):
            raise ClassesRefused("classes.thresholds_not_rising")

    @property
    def after_days(self) -> tuple[int, int, int, int]:
        return (
            self.special_mention_after_days,
            self.substandard_after_days,
            self.doubtful_after_days,
            self.loss_after_days,
        )


class Why(StrEnum):
    """Why a loan is not better than its floor."""

    DAYS = "days"  # So many days past due.
    WRITTEN_OFF = "written_off"
    CURE = "cure"  # Was non-performing and has not yet paid normally for long enough.
    OBSERVATION = "observation"  # Restructured not long enough ago.
    SECOND_RESTRUCTURE = "second_restructure"  # Restructured again while it was observed.
    COMPENSATED = "compensated"  # The guarantor paid; the claim ages on from the oldest due date.


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReason:
    why: Why
    level: FiveLevel
    days: int = 0  # Past due, where days are the reason.
    since_on: date | None = None
    until_on: date | None = None  # The first day on which it can end; None: not yet known.


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFloor:
    level: FiveLevel
    reasons: tuple[ClassReason, ...]  # The worst first; empty where the loan may be normal.


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Where a loan stood at the end of a day; nothing moved until the next look."""

    on: date
    first_unpaid_due_on: date | None  # Of instalments that can age, future ones too.
    overdue_minor: int


def is_never_better(*, level: FiveLevel, floor: FiveLevel) -> bool:
    """Tell whether a class is the floor or worse.

    >>> is_never_better(level=FiveLevel.SPECIAL_MENTION, floor=FiveLevel.SUBSTANDARD)
    False
    """
    return LEVELS.index(level) >= LEVELS.index(floor)


def worst_of(*levels: FiveLevel) -> FiveLevel:
    """Return the worst of several classes.

    >>> worst_of(FiveLevel.NORMAL, FiveLevel.LOSS, FiveLevel.DOUBTFUL).value
    'loss'
    """
    return max(levels, key=LEVELS.index)


def level_of_days(*, days_past_due: int, rules: ClassRules) -> FiveLevel:
    """Return the floor that days past due alone make.

    >>> rules = ClassRules(valid_from=date(2023, 7, 1), special_mention_after_days=0,
    ...     substandard_after_days=90, doubtful_after_days=270, loss_after_days=360,
    ...     observation_periods=2, observation_months=12, cure_periods=2, cure_months=6)
    >>> [level_of_days(days_past_due=n, rules=rules).value for n in (0, 1, 90, 91, 270, 271)]
    ['normal', 'special_mention', 'special_mention', 'substandard', 'substandard', 'doubtful']
    """
    return LEVELS[sum(days_past_due > after for after in rules.after_days)]


def five_level_floor(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    rules: ClassRules,
    technical_due_on: frozenset[date] = frozenset(),
) -> ClassFloor:
    """Compute the floor of one loan at the end of a day, by the rules in force on that day.

    ``technical_due_on`` names due dates whose lateness was declared technical (a failed transfer,
    a bank's system). A loan that is closed, with no claim left from a compensation, is normal.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...               free_dues=(FreeDue(due_on=date(2024, 6, 1), principal_minor=1000),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> rules = ClassRules(valid_from=date(2023, 7, 1), special_mention_after_days=0,
    ...     substandard_after_days=90, doubtful_after_days=270, loss_after_days=360,
    ...     observation_periods=2, observation_months=12, cure_periods=2, cure_months=6)
    >>> found = five_level_floor(contract=contract, events=[paid_out], as_of=date(2024, 8, 31),
    ...                          rules=rules)
    >>> found.level.value, [(reason.why.value, reason.days) for reason in found.reasons]
    ('substandard', [('days', 91)])
    """
    then = position(contract=contract, events=events, as_of=as_of)
    told = [e for e in without_taken_back(_by(events, as_of)) if e.kind is not Kind.STATED]
    history = History(rules=rules)
    if then.stated_on is None and then.disbursed_on is not None:
        _tell(history, contract=contract, events=events, told=told, then=then)
    if then.status in {Status.CLOSED, Status.PENDING} and not then.claim_minor:
        return ClassFloor(level=FiveLevel.NORMAL, reasons=())
    reasons = [_of_days(then, rules, technical_due_on)]
    if then.status is Status.WRITTEN_OFF:
        reasons.append(
            ClassReason(why=Why.WRITTEN_OFF, level=FiveLevel.LOSS, since_on=then.written_off_on)
        )
    if then.claim_minor:
        reasons.append(_of_claim(contract, told, as_of, rules))
    reasons += history.reasons()
    return floor_of(reasons)


def floor_of(reasons: Sequence[ClassReason]) -> ClassFloor:
    """Take the worst of what several reasons ask for; what asks for nothing is left out."""
    telling = [reason for reason in reasons if reason.level is not FiveLevel.NORMAL]
    if any(
        each.why is Why.DAYS and each.level is not FiveLevel.SPECIAL_MENTION for each in telling
    ):
        telling = [each for each in telling if each.why is not Why.CURE]  # It has not yet begun.
    telling.sort(key=lambda reason: LEVELS.index(reason.level), reverse=True)
    level = telling[0].level if telling else FiveLevel.NORMAL
    return ClassFloor(level=level, reasons=tuple(telling))


def _by(events: Sequence[Event], as_of: date) -> list[Event]:
    return [event for event in events if event.effective_on <= as_of]


def _of_days(then: Position, rules: ClassRules, technical_due_on: frozenset[date]) -> ClassReason:
    days, since_on = then.days_past_due, then.oldest_unpaid_due_on
    level = level_of_days(days_past_due=days, rules=rules)
    if since_on in technical_due_on and days <= rules.technical_days:
        level = FiveLevel.NORMAL
    return ClassReason(why=Why.DAYS, level=level, days=days, since_on=since_on)


def _of_claim(
    contract: Contract, told: Sequence[Event], as_of: date, rules: ClassRules
) -> ClassReason:
    """Age a guarantor's claim from the oldest date unpaid when the guarantor stepped in."""
    first = min(
        (event for event in told if event.kind is Kind.COMPENSATED),
        key=lambda event: (event.effective_on, event.sequence),
    )
    before = position(
        contract=contract,
        events=[e for e in told if e.effective_on < first.effective_on],
        as_of=first.effective_on,
        with_rows=False,
    )
    since_on = before.oldest_unpaid_due_on or first.effective_on
    days = (as_of - since_on).days
    level = worst_of(FiveLevel.SPECIAL_MENTION, level_of_days(days_past_due=days, rules=rules))
    return ClassReason(why=Why.COMPENSATED, level=level, days=days, since_on=since_on)


def _tell(
    history: "History",
    *,
    contract: Contract,
    events: Sequence[Event],
    told: Sequence[Event],
    then: Position,
) -> None:
    """Lead the history through the days on which the loan may have moved."""
    restructured_on = _restructures(contract, told)
    dues = {instalment.due_on for instalment in then.instalments}
    days = {event.effective_on for event in told} | {event.effective_on for event in events}
    for on in restructured_on:
        before = position(contract=contract, events=told, as_of=on - DAY)
        dues |= {instalment.due_on for instalment in before.instalments if instalment.due_on < on}
    history.know(dues=sorted(dues), restructured_on=restructured_on)
    days |= dues | {due + DAY for due in dues} | {*restructured_on, then.as_of}
    asked = sorted(day for day in days if day <= then.as_of)
    for found in standings(contract=contract, events=list(told), days=asked):
        is_over = found.status in {Status.CLOSED, Status.PENDING}
        history.look(
            Look(
                on=found.as_of,
                first_unpaid_due_on=None if is_over else found.first_unpaid_due_on,
                overdue_minor=0 if is_over else found.overdue_minor,
            )
        )


def _restructures(contract: Contract, told: Sequence[Event]) -> list[date]:
    """Find the days on which the plan was changed to the borrower's relief."""
    found, count = [], 0
    for on in sorted({event.effective_on for event in told if event.kind in PLAN_KINDS}):
        now = position(contract=contract, events=told, as_of=on, with_rows=False).restructure_count
        found += [on] if now > count else []
        count = now
    return found


class History:
    """What a loan has been through: non-performing spells, restructures, and how long since."""

    def __init__(self, *, rules: ClassRules) -> None:
        self.rules = rules
        self.dues: Sequence[date] = ()
        self.restructured_on: Sequence[date] = ()
        self.last: Look | None = None
        self.is_non_performing = False
        self.non_performing_since_on: date | None = None
        self.clear_since_on: date | None = None  # No arrears since, while it is being cured.
        self.observed_since_on: date | None = None  # The restructure that is being observed.
        self.was_non_performing = False  # When it was restructured.
        self.is_second = False
        self.late_on: date | None = None  # The last day with arrears.

    def know(self, *, dues: Sequence[date], restructured_on: Sequence[date] = ()) -> None:
        """Take the due dates, in order, and the days of restructures."""
        self.dues, self.restructured_on = dues, restructured_on

    def look(self, look: Look) -> None:
        """Go on to the next day on which something may have moved."""
        self._age_until(look.on - DAY)
        self._end_what_ended(look.on - DAY)
        if look.on in self.restructured_on:
            self._restructure(look.on)
        if look.overdue_minor:
            self.late_on, self.clear_since_on = look.on, None
        elif self.is_non_performing and self.clear_since_on is None:
            self.clear_since_on = look.on
        self.last = look
        self._age_until(look.on)
        self._end_what_ended(look.on)

    def _age_until(self, day: date) -> None:
        last = self.last
        if last is None or day < last.on:
            return
        if last.overdue_minor:
            self.late_on = day
        unpaid_on = last.first_unpaid_due_on
        if unpaid_on is None or (day - unpaid_on).days <= self.rules.substandard_after_days:
            return
        if not self.is_non_performing:
            after = timedelta(days=self.rules.substandard_after_days + 1)
            self.non_performing_since_on = unpaid_on + after
        self.is_non_performing, self.clear_since_on = True, None

    def _restructure(self, on: date) -> None:
        self.is_second = self.observed_since_on is not None
        self.was_non_performing = self.is_non_performing
        self.observed_since_on = on

    def _end_what_ended(self, day: date) -> None:
        until_on = self.observed_until()
        if self.observed_since_on is not None and until_on is not None and until_on <= day:
            self.observed_since_on, self.is_second = None, False
        until_on = self.cured_on()
        if self.is_non_performing and until_on is not None and until_on <= day:
            self.is_non_performing = self.was_non_performing = False
            self.non_performing_since_on = self.clear_since_on = None

    def cured_on(self) -> date | None:
        """Find the day on which a non-performing loan may be better again, if nothing is missed.

        The day after the second due date that it met, and six months, counted from the day the
        arrears were paid; a loan restructured while non-performing is observed to the end first.
        """
        clear_on = self.clear_since_on
        if clear_on is None or (self.was_non_performing and self.observed_since_on is not None):
            return None
        place = bisect_right(self.dues, clear_on) + self.rules.cure_periods - 1
        if place >= len(self.dues):
            return None
        return max(_later(clear_on, self.rules.cure_months), self.dues[place] + DAY)

    def observed_until(self) -> date | None:
        """Find the first day after the observation, if nothing is missed; None while it is late."""
        since_on = self.observed_since_on
        if since_on is None or (self.last is not None and self.last.overdue_minor):
            return None
        first = bisect_right(self.dues, since_on)
        if first >= len(self.dues):
            return None
        clean = first if self.late_on is None else max(first, bisect_right(self.dues, self.late_on))
        place = clean + self.rules.observation_periods - 1
        if place >= len(self.dues):
            return None
        return max(_later(self.dues[first], self.rules.observation_months), self.dues[place] + DAY)

    def reasons(self) -> list[ClassReason]:
        """Say what the history asks for at the end of the last day looked at."""
        found = []
        if self.is_non_performing:
            found.append(
                ClassReason(
                    why=Why.CURE,
                    level=FiveLevel.SUBSTANDARD,
                    since_on=self.non_performing_since_on,
                    until_on=self.cured_on(),
                )
            )
        if self.observed_since_on is not None:
            level = FiveLevel.SUBSTANDARD if self.is_second else FiveLevel.SPECIAL_MENTION
            found.append(
                ClassReason(
                    why=Why.SECOND_RESTRUCTURE if self.is_second else Why.OBSERVATION,
                    level=level,
                    since_on=self.observed_since_on,
                    until_on=self.observed_until(),
                )
            )
        return found


def _later(on: date, months: int) -> date:
    return add_months(from_on=on, count=months, month_end=MonthEnd.LAST_DAY)
