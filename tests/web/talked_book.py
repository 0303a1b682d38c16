"""A book on the day after its night, collectors who may work it, and calls that were made."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import ScryptPasswordHasher
from django.utils import timezone

from daihou.collect.requests import Channel, Content, Outcome, Purpose
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.cases.operations import set_entry_rule
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.contact import Contact
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.loans.models import Loan
from daihou.web.parties.models import ContactPoint
from daihou.web.training import operations as training
from daihou.web.training.models import CheckKind, Course
from tests.web.collected_book import case_of, make_user
from tests.web.desk_book import give_data
from tests.web.ledger_books import loan, tape
from tests.web.shown_book import PASSWORD

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = timezone.localdate(timezone=ZONE)  # Whatever is noted now is known in the morning.
DAY = NIGHT + timedelta(days=1)
TEN = datetime(DAY.year, DAY.month, DAY.day, 10, tzinfo=ZONE)
TRAINED_ON = NIGHT - timedelta(days=60)
SCRIPT = Content(
    template_key="talk",
    version=1,
    text_digest=None,
    names_institution=True,
    names_creditor=True,
    names_purpose=True,
)


def make_talked_book(*, name="talked", first=0):
    """Make a book of three persons who never paid; their numbers begin with the one given."""
    made = ledger.create_book(
        name=name, currency="CNY", time_zone="Asia/Shanghai", acting_user=system_user()
    )
    taken_on = NIGHT - timedelta(days=100)
    loans = [loan(ref, disbursed_on=taken_on) for ref in "ABD"]
    ledger.post_tape(book=made, tape=tape(loans=loans), acting_user=system_user())
    set_entry_rule(book=made, effective_on=taken_on, acting_user=system_user())
    run_end_of_day(book=made, through=NIGHT, acting_user=system_user())
    made.refresh_from_db()
    for number, ref in enumerate("ABD", start=first):
        give_data(case_of(made, ref).party, number)
    return made


def staff(name):
    """Make a collector with all certificates and checks."""
    user, clerk = make_user(name), make_user("trainer", "quality")
    shared = {"user": user, "evidence": "x", "today": DAY, "acting_user": clerk}
    for course in Course.objects.all():
        training.record_certificate(course=course, issued_on=TRAINED_ON, **shared)
    for kind in CheckKind.values:
        training.record_check(kind=kind, is_good=True, on=TRAINED_ON, **shared)
    return user


def let_in(user):
    """Give a user the password that the browser types."""
    password = ScryptPasswordHasher().encode(PASSWORD, "salt-of-the-tests")
    User.objects.filter(pk=user.pk).update(password=password)


def call(book, ref, user, *, at=TEN, outcome=Outcome.EFFECTIVE, recording="a" * 64, seconds=90):
    """Ask for a call to the person of a loan, and end it; ``recording`` is a digest or empty."""
    case = case_of(book, ref)
    point = ContactPoint.objects.get(party=case.party, kind="phone")
    permit = contacts.ask(
        contact=Contact(
            book=book,
            party=case.party,
            loans=tuple(Loan.objects.filter(case_loans__case=case)),
            contact_point=point,
            channel=Channel.VOICE,
            purpose=Purpose.COLLECTION,
            content=SCRIPT,
            case_number=case.pk,
            is_recorded=True,
        ),
        acting_user=user,
        at=at,
    )
    details = {"seconds": seconds, "recording_digest": recording}
    contacts.record_outcome(
        permit=permit,
        outcome=outcome,
        at=at + timedelta(seconds=seconds),
        acting_user=user,
        details=details,
    )
    return permit
