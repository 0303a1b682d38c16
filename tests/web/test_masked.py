"""Goal: no page shows a person's number, account or address in plain unless it was asked to.

Method: a book with a person whose every value is known; open every page that takes a book, and
those of her loan, her case and herself, as everybody; look for the raw values.
"""

import re

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from daihou.web.access import operations
from daihou.web.access.models import Role
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.cases.models import Case
from daihou.web.parties.operations import PartyFacts, register_parties
from tests.web.collected_book import make_collected_book

RAW = {
    "phone": ["13800138000"],
    "id_number": ["11010519491231002X"],
    "bank_account": ["6222020200112233445"],
    "email": ["zhang.xiaoming@example.com"],
    "address": ["北京市东城区景山前街四号院七号楼"],
}
ROLES = [role.value for role in Role if role not in {Role.FUNDER, Role.AGENCY}]


@pytest.fixture
def told(db):
    """Give the book, and a person in it with a loan, a case and every kind of value."""
    book = make_collected_book()
    case = Case.objects.filter(book=book).select_related("party").order_by("pk").first()
    register_parties(
        source=case.party.source,
        parties=[
            PartyFacts(
                reference=case.party.reference, kind="person", data={"name": ["张小明"]} | RAW
            )
        ],
        acting_user=system_user(),
    )
    return book, case


def addresses(book, case):
    """Fill the addresses of pages: the book's name, this case, this person, this loan."""
    known = {"book_name": book.name, "loan_ref": case.case_loans.first().loan.loan_ref}
    known |= {"party_id": case.party_id, "case_id": case.pk, "number": case.pk}

    def walk(resolver, prefix):
        for entry in resolver.url_patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry, route)
            elif route.startswith("books/"):
                names = re.findall(r"<(?:\w+:)?(\w+)>", route)
                if set(names) <= set(known):
                    yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(known[m[1]]), route)

    return sorted(set(walk(get_resolver(), "")))


def test_no_page_shows_a_raw_value(told):
    book, case = told
    user, _ = operations.add_user(username="all", roles=ROLES, acting_user=system_user())
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    leaks, opened = [], 0
    for address in addresses(book, case):
        answer = client.get(address)
        if answer.status_code != 200:
            continue
        opened += 1
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = body.decode("utf-8", "replace")
        leaks += [f"{address}: {field}" for field, (raw,) in RAW.items() if raw in text]
    assert opened > 25
    assert leaks == []
    shown = client.post(f"/books/{book.name}/parties/{case.party_id}/reveal/", {"reason": "why"})
    assert RAW["phone"][0] in shown.content.decode()  # What is looked for would be found.


def test_no_audit_row_holds_a_raw_value(told):
    details = " ".join(str(row) for row in AuditRow.objects.values_list("details", flat=True))
    assert all(raw not in details for (raw,) in RAW.values())
