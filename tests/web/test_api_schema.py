"""Goal: whatever comes, the API keeps its word. Method: Schemathesis over its own description."""

from collections import Counter
from itertools import count

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings, strategies
from ninja import Schema

from daihou.web import wsgi
from daihou.web.access import queries as access
from daihou.web.access.operations import add_user
from daihou.web.api import webhooks
from daihou.web.api.site import api
from daihou.web.api.urls import urlpatterns
from daihou.web.cases import operations as cases
from daihou.web.cases.models import Case
from daihou.web.collateral import operations as collateral
from daihou.web.collateral.models import ItemKind
from daihou.web.complaints import operations as complaints
from daihou.web.loans.models import Loan, Product
from tests.web.api_client import program
from tests.web.board_site import *  # noqa: F403

assert urlpatterns
SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/v1/"))
OPERATIONS = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in SCHEMA.get_all_operations()
}
EXAMPLES = 8
NOT_ASKED = [
    # The key is put in below; test_api_gate.py holds who is let in.
    schemathesis.checks.ignored_auth,
    # A rule may refuse what can be read: that is a problem with its code.
    schemathesis.checks.positive_data_acceptance,
]


def test_the_description_is_openapi_3_1():
    assert SCHEMA.raw_schema["openapi"].startswith("3.1")
    assert len(OPERATIONS) > 8


def test_no_schema_stands_under_the_name_of_another():
    described = SCHEMA.raw_schema["components"]["schemas"]
    named = Counter(each.__name__ for each in _below(Schema) if each.__name__ in described)
    assert len(named) > 50
    assert [name for name, number in named.items() if number > 1] == []


def _below(schema):
    for each in schema.__subclasses__():
        yield each
        yield from _below(each)


@pytest.fixture
def one_connection():
    """Keep the test's connection open between requests, as Django's own client does."""
    ends = (signals.request_started, signals.request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


@pytest.fixture(scope="module")
def key(shown):
    inside = {role for roles in access.PERMISSIONS.values() for role in roles}
    user, _ = add_user(
        username="everything",
        roles=sorted(inside - {"funder", "agency"}),
        acting_user=access.system_user(),
    )
    return program(user).key


@pytest.fixture(scope="module")
def real(shown):
    """Give what there is for the names of paths, so that not every request ends in 404."""
    loans = Loan.objects.filter(book__name="demo").order_by("pk")
    endpoint = webhooks.add_endpoint(
        name="real",
        url="https://example.com/",
        topics=["tape.*"],
        acting_user=access.system_user(),
    )
    product = Product.objects.filter(book__name="demo").first()
    item = collateral.add_item(
        book=loans[0].book,
        item_no="A-1",
        kind=ItemKind.HOME,
        description="a flat",
        identifier="京(2026)0001",
        owner=loans[0].person,
        acting_user=access.system_user(),
    )
    book = loans[0].book
    cases.set_entry_rule(
        book=book, effective_on=book.business_date, acting_user=access.system_user()
    )
    cases.open_and_close(book=book, at=timezone.now(), acting_user=access.system_user())
    told = complaints.Told(
        nature="complaint",
        intake="api",
        topic="service",
        said="rude",
        received_at=timezone.now(),
        party=loans[0].person,
    )
    complaint = complaints.record(book=book, told=told, acting_user=access.system_user())
    return {
        "case_id": list(Case.objects.filter(book=book).values_list("pk", flat=True)[:3]),
        "complaint_id": [complaint.pk],
        "book_name": ["demo"],
        "code": [product.code],
        "version_no": [1],
        "item_id": [item.pk],
        "party_id": [loan.person_id for loan in loans[:3]],
        "loan_ref": [loan.loan_ref for loan in loans[:5]],
        "endpoint_id": [endpoint.pk],
    }


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_failure_and_no_broken_word(name, key, real):
    numbers = count()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[name].as_strategy(), data=strategies.data())
    def told(case, data):
        if data.draw(strategies.integers(0, 4)):
            for part in real.keys() & (case.path_parameters or {}).keys():
                case.path_parameters[part] = data.draw(strategies.sampled_from(real[part]))
            case.headers["Idempotency-Key"] = f"{name}-{next(numbers)}".replace(" ", "-")
        response = case.call(
            app=wsgi.application,
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {key}"},
        )
        case.validate_response(response, excluded_checks=NOT_ASKED)

    told()
