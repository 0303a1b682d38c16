"""Goal: whatever comes, the API keeps its word. Method: Schemathesis over its own description."""

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from daihou.web import wsgi
from daihou.web.access import queries as access
from daihou.web.api.site import api
from daihou.web.api.urls import urlpatterns
from tests.web.api_client import program

pytestmark = pytest.mark.django_db
assert urlpatterns
SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/v1/"))
OPERATIONS = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in SCHEMA.get_all_operations()
}
EXAMPLES = 20
NOT_ASKED = [
    # The key is put in below; test_api_gate.py holds who is let in.
    schemathesis.checks.ignored_auth,
    # A rule may refuse what can be read: that is a problem with its code.
    schemathesis.checks.positive_data_acceptance,
]


def test_the_description_is_openapi_3_1():
    assert SCHEMA.raw_schema["openapi"].startswith("3.1")
    assert len(OPERATIONS) > 8


@pytest.fixture
def one_connection():
    """Keep the test's connection open between requests, as Django's own client does."""
    ends = (signals.request_started, signals.request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_failure_and_no_broken_word(name, make_user):
    inside = {role for roles in access.PERMISSIONS.values() for role in roles} - {
        "funder",
        "agency",
    }
    user = make_user(*sorted(inside), username="everything")
    key = program(user).key

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[name].as_strategy())
    def told(case):
        response = case.call(
            app=wsgi.application,
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {key}"},
        )
        case.validate_response(response, excluded_checks=NOT_ASKED)

    told()
