"""Goal: parties are checked, related, agreed with, merged and parted again without loss."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from daihou.errors import MESSAGES
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import operations as ledger
from daihou.web.loans.models import Loan
from daihou.web.parties import editing, formats, merging, operations, providers, queries, relations
from daihou.web.parties.models import CompanyLink, Consent, IdentityCheck, LoanRole, Merge, Party
from tests.web.ledger_books import loan, tape
from tests.web.lending import make_book
from tests.web.refusing import refused

pytestmark = pytest.mark.django_db
DAY = date(2026, 7, 1)
NUMBER = "11010519491231002X"
CODE = "91350100M000100Y43"


def add(name="王小明", *, kind="person", source="demo", **data):
    return editing.add_party(
        source=source,
        kind=kind,
        data={"name": [name]} | {field: [value] for field, value in data.items()},
        acting_user=system_user(),
    )


@pytest.mark.parametrize(
    ("kind", "field", "value", "code"),
    [
        ("person", "id_number", NUMBER, None),
        ("person", "id_number", " 110105 19491231 002x", None),
        ("person", "id_number", "110105194912310021", "party.id_checksum"),
        ("person", "id_number", "990105194912310021", "party.id_region"),
        ("person", "id_number", "110105194902310025", "party.id_date"),
        ("person", "id_number", "110105491231002", "party.id_old"),
        ("person", "id_number", "1" * 17, "party.id_form"),
        ("person", "id_number", "X" * 10_000, "party.value_too_long"),
        ("company", "id_number", CODE, None),
        ("company", "id_number", CODE.lower(), None),
        ("company", "id_number", CODE[:-1] + "5", "party.code_checksum"),
        ("company", "id_number", "I" * 18, "party.code_form"),
        ("person", "phone", "138 0013 8000", None),
        ("person", "phone", "010-8888 8888", None),
        ("person", "phone", "+1 650 253 0000", None),
        ("person", "phone", "23800138000", "party.phone_wrong"),
        ("person", "phone", "not a phone", "party.phone_wrong"),
        ("person", "bank_account", "4111 1111 1111 1111", None),
        ("person", "bank_account", "4111111111111112", "party.account_checksum"),
        ("company", "bank_account", "4111111111111112", None),
        ("company", "bank_account", "12ab", "party.account_form"),
        ("person", "email", "li@example.com", None),
        ("person", "email", "li@", "party.email_wrong"),
        ("person", "name", "\0", "party.value_missing"),
        ("person", "name", "  ", "party.value_missing"),
    ],
)
def test_a_value_is_possible_or_says_why_not(kind, field, value, code):
    assert formats.fault_of(kind=kind, field=field, value=value) == code
    assert code is None or code in MESSAGES


def test_every_single_slip_in_an_identity_number_is_seen():
    for place in range(17):
        for digit in "0123456789":
            wrong = NUMBER[:place] + digit + NUMBER[place + 1 :]
            if wrong != NUMBER:
                assert formats.fault_of(kind="person", field="id_number", value=wrong), wrong


def test_a_party_is_added_once_with_good_values_only():
    made = add(id_number=NUMBER, phone="13800138000")
    assert made.reference.startswith("D")
    assert queries.personal_data(party=made)["id_number"] == (NUMBER,)
    given = {"source": "demo", "kind": "person", "acting_user": system_user()}
    name, number = {"name": ["李四"]}, {"id_number": [NUMBER.lower()]}
    refused("party.known", editing.add_party, data=name | number, **given)
    refused("party.name_missing", editing.add_party, data=number, **given)
    refused("party.id_form", editing.add_party, data=name | {"id_number": ["1"]}, **given)
    refused("party.field_unknown", editing.add_party, data=name | {"shoe": ["42"]}, **given)
    assert Party.objects.count() == 1


def test_values_are_added_and_replaced_at_their_place():
    made = add(phone="13800138000")
    given = {"party": made, "field": "phone", "acting_user": system_user()}
    editing.put_datum(value="13900139000", **given)
    editing.put_datum(value="13700137000", position=0, **given)
    assert queries.personal_data(party=made)["phone"] == ("13700137000", "13900139000")
    refused("party.value_known", editing.put_datum, value="+86 139 0013 9000", **given)
    refused("party.too_many_values", editing.put_datum, value="13800138000", position=99, **given)


def test_who_reveals_data_is_noted_with_the_reason_and_without_the_data():
    made = add(phone="13800138000")
    refused(
        "party.reason_missing", editing.reveal, party=made, reason=" ", acting_user=system_user()
    )
    shown = editing.reveal(party=made, reason="caller asks", acting_user=system_user())
    row = AuditRow.objects.latest("pk")
    assert shown["phone"] == ("13800138000",)
    assert (row.action, row.details) == ("party.reveal", {"reason": "caller asks"})


def test_imported_values_that_are_impossible_are_named():
    ids = operations.register_parties(
        source="demo",
        parties=[
            operations.PartyFacts(
                reference="p", kind="person", data={"phone": ["1"], "id_number": [NUMBER]}
            )
        ],
        acting_user=system_user(),
    )
    found = queries.faults(party=Party.objects.get(pk=ids["p"]))
    assert [(fault.field, fault.code) for fault in found] == [("phone", "party.phone_wrong")]


@pytest.mark.parametrize(
    ("phone", "result"),
    [
        ("13800138000", "match"),
        ("13800138008", "match"),
        ("13800138007", "mismatch"),
        ("13800138006", "unknown"),
        ("13800138009", "unavailable"),
        ("13800138005", "unavailable"),
    ],
)
def test_a_provider_that_misbehaves_is_an_answer_too(phone, result):
    made = add(id_number=NUMBER, phone=phone)
    providers.install(providers.Sandbox())
    check = editing.check_identity(party=made, provider="sandbox", acting_user=system_user())
    assert (check.result, check.fields) == (result, ["name", "id_number", "phone"])
    assert bool(check.reference) is (result != "unavailable")


def test_a_check_needs_a_provider_and_something_to_check():
    given = {"party": add(), "acting_user": system_user()}
    refused("party.provider_unknown", editing.check_identity, provider="nobody", **given)
    refused("party.nothing_to_check", editing.check_identity, provider="sandbox", **given)
    assert not IdentityCheck.objects.exists()


@dataclass
class World:
    book: object
    people: dict
    loans: dict


@pytest.fixture
def world():
    """Two loans of two parties that are one person."""
    book = make_book()
    given = tape(loans=[loan("A"), loan("B")])
    ledger.post_tape(book=book, tape=given, acting_user=system_user())
    loans = {row.loan_ref: row for row in Loan.objects.select_related("person")}
    people = {ref: row.person for ref, row in loans.items()}
    for ref, phone in (("A", "13800138000"), ("B", "+86 138 0013 8000")):
        editing.put_datum(party=people[ref], field="phone", value=phone, acting_user=system_user())
    return World(book, people, loans)


def borrowers():
    return dict(Loan.objects.values_list("loan_ref", "person_id"))


def test_a_merge_moves_what_follows_and_undoing_it_restores_exactly(world):
    one, other = world.people["A"], world.people["B"]
    guarantor = add("保证人")
    user = system_user()
    relations.add_role(
        loan=world.loans["A"], party=guarantor, role="guarantor", started_on=DAY, acting_user=user
    )
    relations.add_role(
        loan=world.loans["A"], party=other, role="contact", started_on=DAY, acting_user=user
    )
    relations.give_consent(
        party=other, purpose="credit_query", given_at=timezone.now(), evidence="F1",
        acting_user=user,
    )  # fmt: skip
    before = (borrowers(), list(LoanRole.objects.order_by("pk").values()))

    made = merging.merge(kept=one, absorbed=other, reason="same phone", acting_user=user)
    assert borrowers() == {"A": one.pk, "B": one.pk}
    assert LoanRole.objects.get(role="contact").party_id == one.pk
    assert queries.family_ids(party=one) == [one.pk, other.pk]
    assert queries.personal_data(party=one)["phone"] == ("13800138000",)
    assert queries.has_consent(party=one, purpose="credit_query", at=timezone.now())
    assert queries.root_of(party=Party.objects.get(pk=other.pk)) == one

    merging.undo(merge=made, reason="two people", acting_user=user)
    assert (borrowers(), list(LoanRole.objects.order_by("pk").values())) == before
    assert not queries.has_consent(party=one, purpose="credit_query", at=timezone.now())
    refused("party.merge_undone", merging.undo, merge=made, reason="x", acting_user=user)
    merging.merge(kept=other, absorbed=one, reason="the other way", acting_user=user)
    assert set(borrowers().values()) == {other.pk}


def test_merges_that_make_no_sense_are_refused(world):
    one, other = world.people["A"], world.people["B"]
    company = add("有限公司", kind="company")
    given = {"reason": "same", "acting_user": system_user()}
    refused("party.merge_itself", merging.merge, kept=one, absorbed=one, **given)
    refused("party.merge_kinds", merging.merge, kept=one, absorbed=company, **given)
    refused(
        "party.reason_missing",
        merging.merge, kept=one, absorbed=other, reason="", acting_user=system_user(),
    )  # fmt: skip
    first = merging.merge(kept=one, absorbed=other, **given)
    refused("party.merged", merging.merge, kept=one, absorbed=other, **given)
    third = add("第三人")
    second = merging.merge(kept=third, absorbed=one, **given)
    refused("party.merge_under_another", merging.undo, merge=first, **given)
    assert set(borrowers().values()) == {third.pk}
    merging.undo(merge=second, **given)
    merging.undo(merge=first, **given)
    assert borrowers() == {"A": one.pk, "B": other.pk}


def test_a_role_that_the_kept_party_has_already_stays_behind(world):
    one, other = add("甲"), add("乙")
    for party in (one, other):
        relations.add_role(
            loan=world.loans["A"], party=party, role="contact", started_on=DAY,
            acting_user=system_user(),
        )  # fmt: skip
    made = merging.merge(kept=one, absorbed=other, reason="same", acting_user=system_user())
    assert made.moved == {}
    assert LoanRole.objects.filter(party=other).count() == 1


def test_loans_that_a_tape_brings_later_follow_the_merge_and_its_undoing(world):
    one, other = world.people["A"], world.people["B"]
    made = merging.merge(kept=one, absorbed=other, reason="same", acting_user=system_user())
    later = tape(loans=[loan("C", party_ref="person-B")])
    ledger.post_tape(book=world.book, tape=later, acting_user=system_user())
    assert borrowers()["C"] == one.pk
    merging.undo(merge=made, reason="two", acting_user=system_user())
    assert borrowers() == {"A": one.pk, "B": other.pk, "C": other.pk}


def test_duplicates_are_suggested_until_they_are_told_apart(world):
    (found,) = queries.duplicates(sources=["demo"])
    assert {found.first.pk, found.second.pk} == {world.people["A"].pk, world.people["B"].pk}
    assert (found.fields, found.is_strong) == (("phone",), False)
    assert queries.duplicates(sources=["elsewhere"]) == []
    for _ in range(2):
        merging.note_not_duplicate(one=found.second, other=found.first, acting_user=system_user())
    assert queries.duplicates(sources=["demo"]) == []
    assert AuditRow.objects.filter(action="party.not_duplicate").count() == 1


def test_a_number_that_many_share_suggests_nobody(db):
    for n in range(queries.SHARED_MOST + 1):
        add(f"人{n}", phone="13800138000")
    assert queries.duplicates(sources=["demo"]) == []


def test_deleting_a_persons_data_deletes_those_of_her_duplicates(world):
    one, other = world.people["A"], world.people["B"]
    merging.merge(kept=one, absorbed=other, reason="same", acting_user=system_user())
    assert (
        operations.delete_personal_data(party=one, reason="PIPL 47", acting_user=system_user()) == 2
    )
    assert queries.personal_data(party=one) == {}
    refused(
        "party.data_deleted",
        editing.put_datum, party=one, field="phone", value="13800138000",
        acting_user=system_user(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"role": "boss"}, "party.role_unknown"),
        ({"guarantee": relations.Guarantee(type="joint")}, "party.guarantee_wrong"),
        ({"role": "guarantor", "guarantee": relations.Guarantee(months=0)},
         "party.guarantee_wrong"),
        ({"role": "guarantor", "guarantee": relations.Guarantee(type="vague")},
         "party.guarantee_wrong"),
        ({"role": "guarantor", "guarantee": relations.Guarantee(most_minor=-1)},
         "party.guarantee_wrong"),
        ({"relation": "x" * 10_000}, "party.value_too_long"),
    ],
)  # fmt: skip
def test_roles_that_make_no_sense_are_refused(world, given, code):
    wanted = {"loan": world.loans["A"], "party": add(), "role": "co_borrower",
              "started_on": DAY, "acting_user": system_user()} | given  # fmt: skip
    refused(code, relations.add_role, **wanted)


def test_a_role_is_held_once_ends_and_is_held_again(world):
    party = add()
    given = {"loan": world.loans["A"], "party": party, "role": "co_borrower",
             "started_on": DAY, "acting_user": system_user()}  # fmt: skip
    role = relations.add_role(**given)
    refused("party.role_held", relations.add_role, **given)
    refused("party.role_of_borrower", relations.add_role, **given | {"party": world.people["A"]})
    ending = {"role": role, "reason": "left", "acting_user": system_user()}
    refused("party.days_wrong", relations.end_role, ended_on=DAY - timedelta(days=1), **ending)
    relations.end_role(ended_on=DAY, **ending)
    refused("party.role_ended", relations.end_role, ended_on=DAY, **ending)
    relations.add_role(**given)


def test_a_claim_on_a_guarantor_is_noted_once_with_its_proof(world):
    given = {"loan": world.loans["A"], "started_on": DAY, "acting_user": system_user()}
    surety = relations.add_role(party=add(), role="guarantor", **given)
    contact = relations.add_role(party=add("乙"), role="contact", **given)
    claim = {"claimed_on": DAY, "acting_user": system_user()}
    refused("party.evidence_missing", relations.note_claim, role=surety, evidence="", **claim)
    refused("party.not_guarantor", relations.note_claim, role=contact, evidence="F", **claim)
    assert relations.note_claim(role=surety, evidence="F7", **claim).claimed_on == DAY
    refused("party.claimed_already", relations.note_claim, role=surety, evidence="F", **claim)


def test_an_owner_and_her_company_are_linked(world):
    owner, company = world.people["A"], add("有限公司", kind="company", id_number=CODE)
    given = {"kind": "owner", "started_on": DAY, "acting_user": system_user()}
    half = Decimal("0.5")
    link = relations.link_company(person=owner, company=company, share=half, **given)
    assert list(queries.linked(party=company, on=DAY)) == [link]
    assert list(queries.linked(party=owner, on=DAY)) == [link]
    refused("party.link_held", relations.link_company, person=owner, company=company, **given)
    refused("party.link_wrong", relations.link_company, person=company, company=owner, **given)
    refused(
        "party.link_wrong",
        relations.link_company, person=owner, company=company, share=Decimal(2), **given,
    )  # fmt: skip
    relations.end_link(link=link, ended_on=DAY, acting_user=system_user())
    assert not queries.linked(party=owner, on=DAY).exists()
    assert CompanyLink.objects.count() == 1


def test_a_consent_holds_from_its_time_until_it_is_withdrawn():
    party, now = add(), timezone.now()
    given = {"party": party, "purpose": "credit_query", "acting_user": system_user()}
    hour = timedelta(hours=1)
    consent = relations.give_consent(given_at=now - 2 * hour, evidence="F1", **given)
    ask = {"party": party, "purpose": "credit_query"}
    assert not queries.has_consent(at=now - 3 * hour, **ask)
    assert queries.has_consent(at=now, **ask)
    refused("party.evidence_missing", relations.give_consent, given_at=now, evidence=" ", **given)
    refused("consent.in_future", relations.give_consent, given_at=now + hour, evidence="F",
            **given)  # fmt: skip
    refused(
        "consent.purpose_unknown",
        relations.give_consent, given_at=now, evidence="F", **given | {"purpose": "fun"},
    )  # fmt: skip
    leaving = {"consent": consent, "acting_user": system_user()}
    refused("consent.before_given", relations.withdraw_consent, withdrawn_at=now - 3 * hour,
            **leaving)  # fmt: skip
    relations.withdraw_consent(withdrawn_at=now, **leaving)
    assert not queries.has_consent(at=now, **ask)
    assert queries.has_consent(at=now - hour, **ask)
    refused("consent.withdrawn", relations.withdraw_consent, withdrawn_at=now, **leaving)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE parties_consent SET purpose = 'marketing'", "DELETE FROM parties_consent"],
)
def test_consents_are_not_rewritten(statement):
    relations.give_consent(
        party=add(), purpose="credit_query", given_at=timezone.now(), evidence="F1",
        acting_user=system_user(),
    )  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Consent.objects.get().purpose == "credit_query"
    assert Merge.objects.count() == 0
