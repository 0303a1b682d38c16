"""One contact of the demo's desk after another: a call and what is said in it, a text message.

Imported only once the database is there. Everything goes the way it goes from the desk: the guard
is asked, the outbox hands over, the sandbox's providers tell what became of it. What the invented
people do is ``simulate.answers``.
"""

import wave
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

from daihou.collect.requests import Channel, Outcome
from daihou.simulate.answers import Answer, Ends, Says, answer_to
from daihou.web.access.models import User
from daihou.web.archive import operations as archive
from daihou.web.archive.models import File, Kind, Target
from daihou.web.cases import noting, promises, working
from daihou.web.cases.contacting import contact_of, point_for
from daihou.web.cases.models import Case, CaseState, PromiseKind, TagKind
from daihou.web.cases.queries import late_loans, loans_of as case_loans
from daihou.web.channels import facts, rendering
from daihou.web.channels.models import Account
from daihou.web.channels.sandbox import site as sandbox
from daihou.web.channels.sandbox.world import Fate
from daihou.web.contacts import operations as contacts, outbox
from daihou.web.contacts.errors import ContactRefused
from daihou.web.contacts.models import Permit
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties import reach

LANGUAGE = "zh"
NOTES = {
    Says.NOTHING: "示例：已告知逾期金额与后果，客户表示知道了，未作承诺。",
    Says.PROMISES: "示例：客户说明原因，承诺按期还款。",
    Says.CANNOT: "示例：客户称近期失业，暂时无力偿还，已告知可申请困难帮助。",
    Says.LATER: "示例：客户正在开会，请稍后再联系。",
}
TONE_RATE = 8_000  # Samples a second; one second sounds.
CALL_AGAIN = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The book at work: who works it, the twins behind its accounts, what was done so far."""

    book: Book
    seed: int
    staff: Mapping[str, User]
    site: sandbox.Site | None = None
    accounts: Mapping[str, Account] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    calls: Counter[int] = field(default_factory=Counter)  # By case.
    fates: dict[str, Fate] = field(default_factory=dict)  # What is certain to happen, by address.

    def at(self, on: date, clock: str) -> datetime:
        """Return an instant at the book's place."""
        return datetime.combine(on, time.fromisoformat(clock), ZoneInfo(self.book.time_zone))

    def cases_of(self, user: User) -> list[Case]:
        """List the open cases of a collector, those that owe most first."""
        found = Case.objects.filter(book=self.book, owner=user, state=CaseState.OPEN)
        return list(found.select_related("book", "party").order_by("-overdue_minor", "pk"))

    def days_past_due(self, case: Case) -> int:
        return (case.figures_on - case.oldest_due_on).days if case.oldest_due_on else 0

    def answer(self, case: Case) -> Answer:
        """Let the person of a case answer the next call as is her way."""
        return answer_to(
            who=case.party.reference,
            seed=self.seed,
            call_no=self.calls[case.pk] + 1,
            days_past_due=self.days_past_due(case),
        )


def loans_of(case: Case) -> list[Loan]:
    """List the loans of a case that are late."""
    return late_loans(loans=list(case_loans(case=case)))


def call(*, desk: Desk, case: Case, user: User, at: datetime, answer: Answer) -> Permit | None:
    """Dial a person and work her case by what she says; None where the guard refused."""
    known = reach.points(party=case.party, on=at.date())
    point = point_for(known, Channel.VOICE)
    if point is None:
        return None
    working.take(case=case, at=at, acting_user=user)
    contact = contact_of(
        case=case, loans=loans_of(case), point=point, channel=Channel.VOICE, user=user
    )
    ends_at = at + timedelta(seconds=answer.seconds or 40)
    try:
        permit = contacts.ask(contact=contact, acting_user=user, at=at)
    except ContactRefused:
        desk.done["refused"] += 1
        working.release(case=case, at=at, acting_user=user)
        return None
    contacts.record_outcome(
        permit=permit,
        outcome=Outcome(answer.ends.value),
        at=ends_at,
        acting_user=user,
        details=_details(permit, answer),
    )
    desk.calls[case.pk] += 1
    desk.done[f"call_{answer.ends.value}"] += 1
    if answer.ends is Ends.EFFECTIVE:
        _follow(desk, case, user, at=ends_at, answer=answer)
    working.release(case=case, at=ends_at, acting_user=user)
    return permit


def _details(permit: Permit, answer: Answer) -> dict[str, object]:
    if not answer.seconds:
        return {}
    return {
        "seconds": answer.seconds,
        "reference": f"示例录音 {permit.pk}",
        "recording_digest": _recording(permit).content_id,
    }


def _recording(permit: Permit) -> File:
    """Archive what the make-believe switch recorded: a tone, then another silence each time."""
    kept = BytesIO()
    with wave.open(kept, "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(1)
        tone.setframerate(TONE_RATE)
        tone.writeframes((b"\x60" * 10 + b"\xa0" * 10) * (TONE_RATE // 20))
        tone.writeframes(b"\x80" * (permit.pk % TONE_RATE))
    kept.seek(0)
    return archive.store_file(
        book=permit.book,
        name=f"示例录音 {permit.pk}.wav",
        content=kept,
        kind=Kind.RECORDING,
        links=(archive.Owner(target_type=Target.PARTY, target_id=permit.recipient_party_id),),
        arrived_on=permit.at.date(),
        acting_user=permit.acting_user,
        made_from={"permit": str(permit.pk)},
    )


def _follow(desk: Desk, case: Case, user: User, *, at: datetime, answer: Answer) -> None:
    """Do in the case what follows from the talk."""
    noting.note(case=case, text=NOTES[answer.says], at=at, acting_user=user)
    match answer.says:
        case Says.PROMISES:
            promise(desk=desk, case=case, user=user, at=at, answer=answer)
        case Says.CANNOT:
            noting.tag(
                case=case,
                kind=TagKind.HARDSHIP,
                reason="示例：失业，收入中断",
                at=at,
                acting_user=user,
            )
            desk.done["tag_hardship"] += 1
        case Says.LATER:
            working.plan_next(
                case=case,
                next_at=at + CALL_AGAIN,
                action="示例：客户要求稍后再拨",
                at=at,
                acting_user=user,
            )


def promise(*, desk: Desk, case: Case, user: User, at: datetime, answer: Answer) -> None:
    """Note what she promised: all that is overdue, or a part of it."""
    is_whole = answer.percent == 100
    amount_minor = max(1, case.overdue_minor * answer.percent // 100)
    promises.promise(
        case=case,
        kind=PromiseKind.ARREARS if is_whole else PromiseKind.PART,
        parts=[(at.date() + timedelta(days=answer.days), amount_minor)],
        at=at,
        acting_user=user,
    )
    desk.done["promise"] += 1


def write(*, desk: Desk, case: Case, user: User, at: datetime) -> Permit | None:
    """Send a person a text message about her oldest loan; None where it is refused."""
    point = point_for(reach.points(party=case.party, on=at.date()), Channel.SMS)
    loan = next(iter(loans_of(case)), None)
    if point is None or loan is None:
        return None
    version = rendering.choose(
        book=desk.book,
        key="overdue",
        channel=Channel.SMS.value,
        language=LANGUAGE,
        funder_id=loan.funder_id,
    )
    as_of = desk.book.business_date
    assert as_of is not None
    values = facts.values_of(loan=loan, as_of=as_of, language=LANGUAGE)
    if "overdue_amount" not in values:
        return None  # Another loan of hers is late.
    rendered = rendering.render(version=version, values=values)
    contact = contact_of(
        case=case,
        loans=[loan],
        point=point,
        channel=Channel.SMS,
        user=user,
        content=rendered.content,
        purpose="collection",
        payload=rendered.payload.as_mapping(),
    )
    try:
        permit = contacts.ask(contact=contact, acting_user=user, at=at)
    except ContactRefused:
        desk.done["message_refused"] += 1
        return None
    desk.done["message"] += 1
    return permit


def post(*, desk: Desk, at: datetime) -> None:
    """Hand over what is due, and hear what the providers tell of it."""
    while True:
        permit_id = outbox.take(now=at)
        if permit_id is None:
            break
        outbox.deliver(permit_id=permit_id, now=at)
    assert desk.site is not None
    sandbox.tell(site=desk.site, accounts_by_provider=dict(desk.accounts), at=at)
