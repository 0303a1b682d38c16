"""Goal: a fact that a rule asks for turns its refusal into a permit, and back when taken back.

Method: each kind entered by two people, or shown by a notice that was delivered; asked before,
with and after it. Twice through the page.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from benchmarks import contact_people as people
from daihou.collect import codec
from daihou.collect.packs import RuleSet as Rules
from daihou.collect.requests import Agency, Outcome, Purpose, Recipient
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval, State
from daihou.web.channels import facts
from daihou.web.contacts import findings, operations, reporting
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.findings import Established
from daihou.web.contacts.models import (
    Finding,
    FindingEnd,
    FindingKind,
    Outcome as OutcomeRow,
    Permit,
    RuleSet,
)
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parameters.models import LendingProfile
from daihou.web.parties import editing, relations
from daihou.web.parties.models import ContactPoint, Party
from tests.web.desk_book import desk, give_part, noon  # noqa: F401  Fixtures.
from tests.web.test_desk_cases import Bench

AT = people.MORNING
DAY = people.BUSINESS_DATE
AGENCY = Agency(agency_id="a1", is_listed=True, contract_through=None, evaluated_on=None)


@pytest.fixture
def made(db):
    return people.make(count=3)


@pytest.fixture
def caller(made):
    return User.objects.get(pk=made.user_id)


@pytest.fixture
def second(made, make_user):
    return make_user("compliance", username="second")


def lend_under(made, jurisdiction, **given):
    LendingProfile.objects.create(
        book_id=made.book_id,
        jurisdiction=jurisdiction,
        lender_type="licensed",
        valid_from=DAY - timedelta(days=900),
        added_by=system_user(),
        **given,
    )
    zones = {"US": "America/New_York", "IN": "Asia/Kolkata"}
    ContactPoint.objects.update(time_zone=zones.get(jurisdiction, "Asia/Shanghai"))


def loan_of(made, number=0):
    return Loan.objects.get(pk=made.people[number][1])


def party_of(made, number=0):
    return Party.objects.get(pk=made.people[number][0])


def refused_by(made, caller, at=AT, number=0, **changed):
    contact = replace(people.contact_of(made=made, number=number), **changed)
    decision = operations.preview(contact=contact, acting_user=caller, at=at)
    return {ruling.rule_id for ruling in decision.refusals}


def establish(made, caller, second, kind, *, loans=None, **given):
    """Enter a fact and let a second person approve it; return what was noted."""
    words = {"from_on": DAY, "evidence": "file 12"} | given
    book = Book.objects.get(pk=made.book_id)
    fact = Established(kind=kind, loans=tuple(loans or [loan_of(made)]), **words)
    asked = findings.note(book=book, fact=fact, acting_user=caller)
    if asked is not None:
        approvals.decide(approval=asked, verdict="approved", reason="seen", acting_user=second)
    return list(Finding.objects.filter(kind=kind).order_by("pk"))


def take_back(found, caller):
    assert findings.take_back(finding=found, reason="wrong", at=AT, acting_user=caller) is None


def test_a_transferred_debt_rests_until_its_notice_arrived(made, caller, second):
    """Whoever vouches for it herself was told herself; a later transfer wants a later notice."""
    waiting = operations.ask(
        contact=people.contact_of(made=made, number=0), acting_user=caller, at=AT
    )
    (gone,) = establish(
        made, caller, second, FindingKind.TRANSFERRED, named="Assets Ltd", from_on=DAY
    )
    assert OutcomeRow.objects.get(permit=waiting).reference == "finding"
    assert refused_by(made, caller) == {"CN-ASG-01"}
    assert refused_by(made, caller, number=1) == set()
    earlier = DAY - timedelta(days=1)
    shared = {"party": party_of(made)}
    establish(made, caller, second, FindingKind.TRANSFER_TOLD, from_on=earlier, **shared)
    assert refused_by(made, caller) == {"CN-ASG-01"}
    *_, told = establish(made, caller, second, FindingKind.TRANSFER_TOLD, **shared)
    assert refused_by(made, caller) == set()
    point = ContactPoint.objects.get(pk=made.people[1][2])
    relations.add_role(
        loan=loan_of(made),
        party=party_of(made, 1),
        role="co_borrower",
        started_on=DAY - timedelta(days=9),
        acting_user=system_user(),
    )
    other = {"contact_point": point, "recipient": Recipient.CO_BORROWER}
    assert refused_by(made, caller, **other) == {"CN-ASG-01"}
    establish(made, caller, second, FindingKind.TRANSFER_TOLD, party=party_of(made, 1))
    assert refused_by(made, caller, **other) == set()
    take_back(told, caller)
    assert refused_by(made, caller) == {"CN-ASG-01"}
    asked = findings.take_back(finding=gone, reason="rescinded", at=AT, acting_user=caller)
    later = timezone.now() + timedelta(days=1)
    assert "CN-ASG-01" in refused_by(made, caller, at=later)  # Nobody has approved it yet.
    approvals.decide(approval=asked, verdict="approved", reason="seen", acting_user=second)
    assert "CN-ASG-01" not in refused_by(made, caller, at=later)


@pytest.mark.parametrize(
    ("kind", "recipient", "rules"),
    [
        (FindingKind.JOINT_DEBT, Recipient.SPOUSE, {"CN-WHO-05"}),
        (FindingKind.INHERITANCE, Recipient.HEIR, {"CN-WHO-05H"}),
    ],
)
def test_spouse_and_heir_answer_on_proof_for_the_loans_it_is_about(
    made, caller, second, kind, recipient, rules
):
    ContactPoint.objects.filter(pk=made.people[1][2]).update(
        basis="legal_duty", basis_evidence="court file"
    )
    other = {
        "contact_point": ContactPoint.objects.get(pk=made.people[1][2]),
        "recipient": recipient,
    }
    assert refused_by(made, caller, **other) == rules | {"HOUSE-BASIS-01"}
    given = {"amount_minor": 50_000} if kind is FindingKind.INHERITANCE else {}
    (found,) = establish(made, caller, second, kind, party=party_of(made, 1), **given)
    assert refused_by(made, caller, **other) == set()
    more = (loan_of(made), loan_of(made, 2))  # Of the other loan nothing was shown.
    assert refused_by(made, caller, loans=more, **other) == rules
    if kind is FindingKind.INHERITANCE:
        used_up = {"party": party_of(made, 1), "amount_minor": 0}
        *_, found = establish(made, caller, second, kind, **used_up)
        assert refused_by(made, caller, **other) == rules
    take_back(found, caller)
    left = set() if kind is FindingKind.INHERITANCE else rules | {"HOUSE-BASIS-01"}
    assert refused_by(made, caller, **other) == left


def spoken(made, caller, at, number=0):
    contact = people.contact_of(made=made, number=number)
    permit = operations.ask(contact=contact, acting_user=caller, at=at)
    operations.record_outcome(permit=permit, outcome=Outcome.EFFECTIVE, at=at, acting_user=caller)
    return permit


def notice_of(made, caller, key, at):
    """Send a notice of law by letter and let it arrive."""
    contact = people.contact_of(made=made, number=0, channel="letter", text=key)
    says = replace(contact.content, text_digest="0" * 64, wording_version="1")
    contact = replace(contact, content=says, purpose=Purpose.STATUTORY_NOTICE)
    permit = operations.ask(contact=contact, acting_user=caller, at=at)
    operations.record_outcome(permit=permit, outcome=Outcome.DELIVERED, at=at, acting_user=caller)
    return permit


def test_the_validation_notice_is_known_once_it_is_delivered(made, caller, second):
    """Or by hand. The clock runs for each debt; a new one beside an old one is a first contact."""
    lend_under(made, "US")
    at = AT + timedelta(hours=13)  # 10:00 in New York.
    spoken(made, caller, at - timedelta(days=8))
    assert refused_by(made, caller, at=at) == {"US-NOTE-01"}
    notice_of(made, caller, "another-notice", at - timedelta(days=1))
    assert refused_by(made, caller, at=at) == {"US-NOTE-01"}
    permit = notice_of(made, caller, "validation-notice", at - timedelta(days=1))
    assert refused_by(made, caller, at=at) == set()
    found = Finding.objects.get()
    assert (found.kind, found.permit, found.party_id) == (
        "validation_sent",
        permit,
        permit.party_id,
    )
    assert found.from_on == DAY - timedelta(days=1)
    take_back(found, caller)
    assert refused_by(made, caller, at=at) == {"US-NOTE-01"}
    given = {"party": party_of(made), "from_on": DAY}
    establish(made, caller, second, FindingKind.VALIDATION_SENT, **given)
    now = replace(people.contact_of(made=made, number=0), purpose=Purpose.COLLECTION)
    hides = replace(now.content, names_creditor=False)
    assert "US-MSG-02" not in refused_by(made, caller, at=at, content=hides)
    both = (loan_of(made), loan_of(made, 1))
    assert refused_by(made, caller, at=at, loans=both, content=hides) == {"US-MSG-02"}
    assert refused_by(made, caller, at=at, loans=both) == set()  # Its five days have not begun.


def test_india_knows_of_the_agent_and_of_the_class_of_the_product(made, caller, second):
    lend_under(made, "IN")
    at = AT + timedelta(hours=1)  # 08:30 in Kolkata.
    assert refused_by(made, caller, at=at) == {"IN-TIME-02"}
    lend_under(made, "IN", product_class="consumer")
    assert refused_by(made, caller, at=at) == set()
    agent = {"agency": AGENCY, "at": at}
    assert refused_by(made, caller, **agent) == {"IN-AGT-01"}
    shared = {"party": party_of(made), "named": "a1"}
    (found,) = establish(made, caller, second, FindingKind.AGENT_TOLD, **shared)
    assert refused_by(made, caller, **agent) == set()
    take_back(found, caller)
    assert refused_by(made, caller, **agent) == {"IN-AGT-01"}
    lend_under(made, "IN", product_class="microfinance")
    assert refused_by(made, caller, at=at) == {"IN-TIME-02"}


def test_adverse_data_may_be_reported_once_she_was_told_and_agreed(made, caller, second):
    book, loans = Book.objects.get(pk=made.book_id), Loan.objects.filter(book_id=made.book_id)

    later = DAY + timedelta(days=14)  # HOUSE-CR-01: the day that the notice named.

    def gate(on=later):
        found = reporting.lines(book=book, loans=reporting.overdue(loans=loans), on=on)
        return [[each.code for each in line.refusals] for line in found]

    nothing = ["report.not_told", "report.no_consent"]
    assert gate() == [nothing] * 3
    notice_of(made, caller, "bureau-notice", AT)
    assert gate() == [["report.no_consent"], nothing, nothing]
    assert gate(later - timedelta(days=1))[0] == ["report.too_early", "report.no_consent"]
    consent = relations.give_consent(
        party=party_of(made),
        purpose="credit_report",
        given_at=AT - timedelta(days=100),
        evidence="contract 4",
        acting_user=caller,
    )
    allowed = reporting.reportable(book=book, loans=loans, on=later)
    assert ([line.loan for line in allowed], gate()[0]) == ([loan_of(made)], [])
    assert reporting.reportable(book=book, loans=loans, on=later - timedelta(days=1)) == []
    relations.withdraw_consent(consent=consent, withdrawn_at=AT, acting_user=caller)
    assert gate()[0] == ["report.no_consent"]


def test_nobody_opens_a_door_alone(made, caller, second):
    shared = {"party": party_of(made, 1), "evidence": "file", "loans": (loan_of(made),)}
    fact = Established(kind=FindingKind.JOINT_DEBT, from_on=DAY, **shared)
    book = Book.objects.get(pk=made.book_id)
    asked = findings.note(book=book, fact=fact, acting_user=caller)
    assert not Finding.objects.exists()
    approvals.decide(approval=asked, verdict="refused", reason="no", acting_user=second)
    assert (asked.refresh_from_db(), asked.state) == (None, State.REFUSED)
    assert not Finding.objects.exists()
    words = {"book": book, "loan": loan_of(made), "party": party_of(made, 1), "from_on": DAY}
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.create(kind="joint_debt", evidence="x", acting_user=caller, **words)
    for wrong, code in (
        ({"evidence": " "}, "contact.evidence_missing"),
        ({"loans": ()}, "contact.finding_loans"),
        ({"from_on": timezone.localdate() + timedelta(days=2)}, "contact.finding_day"),
        ({"party": party_of(made)}, "contact.finding_whom"),
        ({"party": None}, "contact.finding_whom"),
        ({"named": "x"}, "contact.finding_named"),
        ({"amount_minor": 1}, "contact.finding_amount"),
    ):
        with pytest.raises(ContactFault) as caught:
            findings.note(book=book, fact=replace(fact, **wrong), acting_user=caller)
        assert caught.value.code == code
    (found,) = establish(made, caller, second, FindingKind.TRANSFERRED, named="Assets Ltd")
    with pytest.raises(DatabaseError), transaction.atomic():
        Finding.objects.filter(pk=found.pk).update(named="other")


def test_permits_with_these_facts_are_decided_again_from_what_was_kept(made, caller, second):
    establish(made, caller, second, FindingKind.TRANSFERRED, named="Assets Ltd")
    establish(made, caller, second, FindingKind.TRANSFER_TOLD, party=party_of(made))
    permit = spoken(made, caller, AT)
    kept = RuleSet.objects.get(pk=permit.rule_set_id)
    rules = {kept.digest: codec.from_text(Rules, kept.rules)}
    again = codec.redecide(kept=permit.kept, rules=rules)
    assert again.is_allowed
    debt = codec.from_text(codec.Decided, permit.kept).facts.debts[0]
    assert (debt.is_transferred, debt.transfer_notice_arrived_on) == (True, DAY)


@pytest.fixture
def at_work(noon, desk, client):  # noqa: F811
    return Bench(desk, client)


def enter(bench, name):
    bench.client.force_login(User.objects.get(username=name))


def know(bench, **sent):
    url = bench.url("person_know", bench.case.party_id)
    return bench.client.post(url, sent, follow=True).content.decode()


def approve(bench):
    asked = Approval.objects.get(state=State.PENDING)
    enter(bench, "manager")
    page = bench.client.get(bench.url("approval", asked.pk)).content.decode()
    sent = {"verdict": "approved", "reason": "seen"}
    bench.client.post(bench.url("approval_decide", asked.pk), sent)
    enter(bench, "compliance")
    return page


def test_a_spouse_is_offered_at_the_desk_once_two_people_know_of_a_joint_debt(at_work):
    spouse = editing.add_party(
        source=at_work.book.name,
        kind="person",
        data={"name": ["林月"], "phone": ["13800139999"]},
        acting_user=system_user(),
    )
    point = ContactPoint.objects.get(party=spouse, kind="phone")
    ContactPoint.objects.filter(pk=point.pk).update(basis="consent", basis_evidence="file 3")
    enter(at_work, "compliance")
    fact = {"deed": "find", "matter": "joint_debt", "loan": "A", "since": "2025-01-02"}
    fact |= {"evidence": "marriage file 3"}
    assert not Approval.objects.exists()
    know(at_work, **fact)  # Of the borrower herself it says nothing.
    assert not Approval.objects.exists()
    text = know(at_work, **fact, whom=spouse.reference)
    assert "marriage file 3" in text
    assert "marriage file 3" in approve(at_work)
    enter(at_work, "collector")
    form = at_work.form("call", who=f"spouse-{spouse.pk}").content.decode()
    assert "138****9999" in form
    assert "13800139999" in at_work.do("call", point=point.pk).content.decode()
    assert Permit.objects.get().recipient == "spouse"
    row = Finding.objects.get()
    know(at_work, deed="end_finding", finding=row.pk, reason="divorced before")
    assert FindingEnd.objects.get().reason == "divorced before"
    assert "138****9999" not in at_work.form("call").content.decode()
    told = at_work.client.get(at_work.url("case_timeline", at_work.case.pk)).content.decode()
    assert told.index("已撤回认定") < told.index("已认定")


def test_a_transfer_holds_at_once_and_its_notice_counts_when_approved(at_work):
    enter(at_work, "compliance")
    fact = {"deed": "find", "loan": "", "since": "2025-05-02", "evidence": "contract 7"}
    text = know(at_work, **fact, matter="transferred", named="Assets Ltd")
    assert "Assets Ltd" in text
    enter(at_work, "collector")
    assert "CN-ASG-01" in at_work.form("call").content.decode()
    enter(at_work, "compliance")
    know(at_work, **fact, matter="transfer_told")
    approve(at_work)
    enter(at_work, "collector")
    assert "CN-ASG-01" not in at_work.form("call").content.decode()
    enter(at_work, "quality")
    know(at_work, **fact, matter="exhausted")
    assert not Finding.objects.filter(kind="exhausted").exists()  # Nothing she may note.


def test_the_gate_before_a_bureau_report_is_a_page(at_work):
    enter(at_work, "compliance")
    know(at_work, deed="find", matter="bureau_told", loan="A", since="2025-05-02", evidence="sms 4")
    approve(at_work)
    page = at_work.client.get(at_work.url("reporting"), {"show": "held"}).content.decode()
    assert ">A<" in page
    assert "CN-CR-01" in page
    party = at_work.case.party
    relations.give_consent(
        party=party,
        purpose="credit_report",
        given_at=timezone.now() - timedelta(days=900),
        evidence="contract",
        acting_user=system_user(),
    )
    page = at_work.client.get(at_work.url("reporting")).content.decode()
    assert (">A<" in page, ">B<" in page) == (True, False)
    loan, told_on = Loan.objects.get(book=at_work.book, loan_ref="A"), date(2025, 5, 2)
    says = facts.values_of(loan=loan, as_of=told_on, language="zh")
    assert says["report_on"] == date(2025, 5, 16)  # HOUSE-CR-01: nothing is reported before.
    LendingProfile.objects.create(
        book=at_work.book,
        jurisdiction="IN",
        lender_type="licensed",
        valid_from=told_on,
        added_by=system_user(),
    )
    assert "report_on" not in facts.values_of(loan=loan, as_of=told_on, language="en")
    for wrong in ("9999-12-31", "0001-01-01", "soon"):
        answer = at_work.client.get(at_work.url("reporting"), {"on": wrong, "show": "held"})
        assert (answer.status_code, wrong in answer.content.decode()) == (200, True)


def test_a_general_guarantor_is_called_once_the_debtor_has_nothing(at_work):
    point = give_part(
        book=at_work.book, ref="A", role="guarantor", number=22, type="general", months=36
    )
    enter(at_work, "collector")
    assert "CN-WHO-04" in at_work.form("call").content.decode()
    enter(at_work, "compliance")
    fact = {"deed": "find", "matter": "exhausted", "loan": "A", "since": "2025-05-02"}
    know(at_work, **fact, evidence="court order 9")
    approve(at_work)
    enter(at_work, "collector")
    assert "CN-WHO-04" not in at_work.form("call").content.decode()
    assert "13800130022" in at_work.do("call", point=point.pk).content.decode()
    know(at_work, deed="end_finding", finding=Finding.objects.get().pk, reason="a house was found")
    assert "CN-WHO-04" in at_work.form("call").content.decode()
