"""The last days at the demo's desk: assigned, called, written to, promised, paid, complained of.

Imported only once the database is there. ``Days`` is told before every night which morning it is;
it works three of the last days, the last of them in full. The same seed makes the same people say
the same things.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final

from daihou.cli import demo_incidents as incidents
from daihou.cli.demo_calls import Desk, call, post, write
from daihou.core.position import position
from daihou.simulate.answers import Answer, Ends, Says, nature_of
from daihou.web.access.models import User
from daihou.web.cases import assigning
from daihou.web.cases.models import Case, Promise, PromiseState
from daihou.web.cases.operations import set_entry_rule
from daihou.web.cases.promises import MONEY_KINDS
from daihou.web.cases.queries import late_loans, loans_of
from daihou.web.channels import reminders
from daihou.web.channels.models import Occasion, Reminder, ReminderState
from daihou.web.channels.sandbox import site as sandbox
from daihou.web.channels.sandbox.world import USUAL, World, by_chance
from daihou.web.ledger.models import Event
from daihou.web.ledger.queries import load_loans
from daihou.web.payments import manual
from daihou.web.payments.models import AdapterKind, Channel as PayChannel
from daihou.web.payments.sandbox.drive import ensure_sandboxes

OPENS_BEFORE: Final = timedelta(days=5)  # Cases open after this night; the nights before are free.
PROMISES_BEFORE: Final = timedelta(days=4)
PAYMENTS_BEFORE: Final = timedelta(days=2)
FIRST_CALLS, CALLS, AGAIN = 8, 20, 8  # Of each collector: on the first day, on the last, twice.
REMINDERS = 90
PROMISED = 5  # Of each collector on the first day, kept or broken before the last.
COLLECTORS: Final = (
    "demo-collector",
    "demo-collector-2",
    "demo-collector-3",
    "demo-collector-4",
)
STEP: Final = timedelta(minutes=13)
TALK: Final = Answer(ends=Ends.EFFECTIVE, seconds=150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """``ends_on`` is the last day that is worked; the night after it is the book's newest."""

    desk: Desk
    ends_on: date
    system: User

    def morning(self, on: date) -> None:
        """Work the day if it is one of those that are worked."""
        if on == self.ends_on - OPENS_BEFORE:
            set_entry_rule(book=self.desk.book, effective_on=on, acting_user=self.system)
        if on not in {
            self.ends_on - PROMISES_BEFORE,
            self.ends_on - PAYMENTS_BEFORE,
            self.ends_on,
        }:
            return
        self.desk.book.refresh_from_db()
        if on == self.ends_on - PROMISES_BEFORE:
            _first_day(self.desk, on)
        elif on == self.ends_on - PAYMENTS_BEFORE:
            _pay_day(self.desk, on, system=self.system)
        else:
            with _connected(self.desk, system=self.system) as connected:
                _last_day(connected, on, system=self.system)

    def morning_after(self, now: datetime) -> None:
        """Leave what waits for whoever logs in: today's reminders, visits, a list to listen to."""
        self.desk.book.refresh_from_db()
        assigning.assign(book=self.desk.book, at=now, acting_user=self.desk.staff["demo-lead"])
        reminders.plan(
            book=self.desk.book, on=self.ends_on + timedelta(days=1), acting_user=self.system
        )
        incidents.plan_visits(desk=self.desk, on=self.ends_on + timedelta(days=1))
        incidents.claim_paid(desk=self.desk, users=_collectors(self.desk), on=self.ends_on)
        incidents.listen(desk=self.desk, on=self.ends_on)


@contextmanager
def _connected(desk: Desk, *, system: User) -> Iterator[Desk]:
    """Run the twins of all providers while the desk sends."""
    usually = by_chance(seed=desk.seed, weights=USUAL)
    world = World(fate_of=lambda address: desk.fates.get(address) or usually(address))
    with sandbox.running(world=world) as site:
        accounts = sandbox.open_accounts(book=desk.book, site=site, acting_user=system)
        yield replace(desk, site=site, accounts=accounts)


def _collectors(desk: Desk) -> list[User]:
    return [desk.staff[name] for name in COLLECTORS]


def _first_day(desk: Desk, on: date) -> None:
    """Assign the cases; call some people, of whom each collector's first five promise."""
    assigning.assign(book=desk.book, at=desk.at(on, "08:40"), acting_user=desk.staff["demo-lead"])
    for user in _collectors(desk):
        at = desk.at(on, "09:10")
        cases = [case for case in desk.cases_of(user) if not _pays_anyway(case, since=on)]
        for number, case in enumerate(cases[:FIRST_CALLS]):
            answer = desk.answer(case)
            if number < PROMISED:
                answer = replace(TALK, says=Says.PROMISES, percent=100, days=1)
            call(desk=desk, case=case, user=user, at=at, answer=answer)
            at += STEP


def _pays_anyway(case: Case, *, since: date) -> bool:
    """Tell whether the invented tape knows of a payment of hers in the last days."""
    found = Event.objects.filter(
        loan__case_loans__case=case,
        effective_on__gte=since - timedelta(days=1),
        kind__in=[kind.value for kind in MONEY_KINDS],
    )
    return found.exists()


def _pay_day(desk: Desk, on: date, *, system: User) -> None:
    """Let those pay over the counter who keep what they promised."""
    ensure_sandboxes(book=desk.book, acting_user=system)
    counter = PayChannel.objects.get(book=desk.book, adapter=AdapterKind.MANUAL)
    open_ones = Promise.objects.filter(case__book=desk.book, state=PromiseState.OPEN)
    due = open_ones.filter(promised_on__lt=on).select_related("case__party").order_by("pk")
    for number, row in enumerate(due):
        if number % 2 if number < PROMISED else _breaks(desk, row):
            continue
        _pay(desk, row, counter=counter, at=desk.at(on, "10:30") + timedelta(minutes=number))
        desk.done["paid_as_promised"] += 1


def _breaks(desk: Desk, promise: Promise) -> bool:
    return not nature_of(who=promise.case.party.reference, seed=desk.seed).keeps


def _pay(desk: Desk, promise: Promise, *, counter: PayChannel, at: datetime) -> None:
    """Enter what is overdue by then, no less than promised: what is over lies on her first loan."""
    loans = late_loans(loans=list(loans_of(case=promise.case)))
    known = load_loans(book=desk.book, loan_ids=[loan.pk for loan in loans])
    owed = [
        sum(position(contract=contract, events=events, as_of=at.date()).overdue_minor.values())
        for contract, events in (known[loan.pk] for loan in loans)
    ]
    owed[0] += max(0, promise.amount_minor - sum(owed))
    paid = [pair for pair in zip(loans, owed, strict=True) if pair[1]]
    for number, (loan, amount_minor) in enumerate(paid):
        reference = f"PZ-{promise.pk:05d}-{number}"
        manual.enter_payment(
            channel=counter,
            entry=manual.Entry(
                reference=reference,
                amount_minor=amount_minor,
                currency=desk.book.currency,
                paid_on=at.date(),
                voucher_digest=sha256(reference.encode()).hexdigest(),
                order_ref=loan.loan_ref,
                remark="示例：按承诺还款",
            ),
            acting_user=desk.staff["demo-2"],
            as_of=at.date(),
            at=at,
        )


def _last_day(desk: Desk, on: date, *, system: User) -> None:
    """Remind, call, write; let one of everything happen that a desk has to bear."""
    assigning.assign(book=desk.book, at=desk.at(on, "08:40"), acting_user=desk.staff["demo-lead"])
    reminders.plan(book=desk.book, on=on, acting_user=system)
    reminders.ask_due(at=desk.at(on, "09:31"), acting_user=system, most=REMINDERS)
    desk.done["reminder"] += Reminder.objects.filter(
        book=desk.book, on=on, occasion=Occasion.DUE, state=ReminderState.ASKED
    ).count()
    post(desk=desk, at=desk.at(on, "09:32"))
    taken = incidents.all_of_them(desk=desk, users=_collectors(desk), on=on)
    for user in _collectors(desk):
        cases = [case for case in desk.cases_of(user) if case.pk not in taken]
        _shift(desk, user, cases[:CALLS], on=on)
    post(desk=desk, at=desk.at(on, "18:30"))


def _shift(desk: Desk, user: User, cases: list[Case], *, on: date) -> None:
    """Call one after another; write to who was not reached, and call some of them again."""
    at = desk.at(on, "09:05")
    missed = []
    for case in cases:
        answer = desk.answer(case)
        call(desk=desk, case=case, user=user, at=at, answer=answer)
        if answer.ends in {Ends.UNANSWERED, Ends.BUSY}:
            write(desk=desk, case=case, user=user, at=at + timedelta(minutes=2))
            missed.append(case)
        at += STEP
    for case in missed[:AGAIN]:
        call(desk=desk, case=case, user=user, at=at, answer=desk.answer(case))
        at += STEP
    post(desk=desk, at=at)
