"""Goal: every address is open to exactly the roles that docs/reference/permissions.md names.

Method: walk the resolver and the operations of the API, ask for each address as each role (and as
nobody) on one small book, note who got past the gate, and compare with the page, which is written
by this very test: ``DAIHOU_WRITE_DOCS=1 pytest tests/web/test_permission_table.py``.
"""

import logging
import os
import re
from itertools import count
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver

from daihou.errors import DaihouError
from daihou.web import urls as site_urls
from daihou.web.access import operations
from daihou.web.access.models import Role
from daihou.web.access.queries import PERMISSIONS, SENSITIVE, SEPARATE, conflicts, system_user
from daihou.web.api import site as api_site
from daihou.web.board import page
from daihou.web.ledger.operations import create_book
from daihou.web.parties.models import Party
from tests.web.api_client import program

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"
ROLES = tuple(role.value for role in Role)
BOOK, NOWHERE, NO_ID = "table", "nowhere", 999_999_999
BY_LINK = "pay/"  # Its token is the right: drawn by chance, for one debt, for a time.
EVERYONE, ANYONE = "whoever is logged in", "anyone"
# What no role decides: the door itself, one's own account, the way to one's own books.
BEFORE_THE_DOOR = {
    "account_login",
    "account_logout",  # Who is not logged in is sent to the first page.
    "account_inactive",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "board:language",
}
OF_ONESELF = re.compile(r"^(account_|mfa_|board:home$|board:language$)")
LOOKING_IS_ENOUGH = {  # Changes whose right is not the address's: held by the operation or deed.
    "books/<str:book_name>/approvals/<int:approval_id>/withdraw/",  # Only who asked.
    "api/v1/books/{book_name}/approvals/{approval_id}/withdrawal",
    # Each deed has its own right, asked for in the view.
    "books/<str:book_name>/credit/tranches/<path:loan_ref>/act/",
    "books/<str:book_name>/cases/<int:case_id>/<slug:action>/",
    "books/<str:book_name>/complaints/<int:complaint_id>/act/",
    "books/<str:book_name>/complaints/claims/<int:claim_id>/act/",
    "books/<str:book_name>/parties/<int:party_id>/known/act/",
    "books/<str:book_name>/listening/samples/<int:sample_id>/",
    # What concerns one's own desk, or asks others to look.
    "books/<str:book_name>/cases/views/",
    "books/<str:book_name>/listening/ask/<int:permit_id>/",
}
KEYS = count(1)


def routes(resolver=None, prefix="", space=""):
    """Yield name and pattern of every page; the API is walked by its operations."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from routes(entry, route, inner)
        elif not route.startswith("api/v1/"):
            yield f"{space}{entry.name}", route


def address_of(route):
    def value(found):
        kind, name = found.groups()
        if name == "book_name":
            return BOOK
        if kind == "uuid":
            return "00000000-0000-0000-0000-000000000000"
        return str(NO_ID) if kind == "int" else NOWHERE

    return "/" + re.sub(r"<(?:(\w+):)?(\w+)>", value, route)


class Gate:
    """Which right was asked for and given; whether to stop there, before any work is done."""

    def __init__(self):
        self.passed, self.is_short = [], False

    def note(self, permission, *, is_given):
        self.passed.append((permission, is_given))
        if is_given and self.is_short:
            raise Through


class Through(DaihouError):
    def __init__(self):
        super().__init__("api.request_invalid")


@pytest.fixture
def gate(monkeypatch, settings):
    """Note what is asked at the gates; answer errors and pages without a template."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    made, open_book, call = Gate(), page.open_book, api_site.Needs.__call__

    def opened(request, *, name, permission):
        try:
            sight = open_book(request, name=name, permission=permission)
        except (PermissionDenied, Http404):
            made.note(permission, is_given=False)
            raise
        made.note(permission, is_given=True)
        return sight

    def called(needs, request):
        caller = call(needs, request)
        made.note(needs.permission, is_given=True)
        return caller

    monkeypatch.setattr(page, "open_book", opened)
    monkeypatch.setattr(api_site.Needs, "__call__", called)
    monkeypatch.setattr(page, "render", lambda *_args, **given: HttpResponse(**_status(given)))
    for status in (400, 403, 404, 500):
        monkeypatch.setattr(
            site_urls,
            f"handler{status}",
            lambda _request, *_args, status=status, **_more: HttpResponse(status=status),
            raising=False,
        )
    logging.disable(logging.CRITICAL)
    yield made
    logging.disable(logging.NOTSET)


def _status(given):
    return {"status": given.get("status") or 200}


@pytest.fixture
def people(db):
    """Give one user of each role, over every book, on an installation with one empty book."""
    book = create_book(name=BOOK, currency="CNY", acting_user=system_user())
    bank = Party.objects.create(kind="company", reference="bank")
    made = {}
    for role in ROLES:
        made[role], _ = operations.add_user(
            username=role,
            roles=[role],
            funder=bank if role == Role.FUNDER else None,
            acting_user=system_user(),
        )
    assert book.pk
    return made


def asked(client, method, address, **given):
    """Make a request and take back whatever it did."""
    with transaction.atomic():
        answer = client.generic(method.upper(), address, **given)
        transaction.set_rollback(True)
    return answer


def as_each(gate, callers, ask):
    """Ask as every role: the first that is let in does the whole work, the others end there."""
    gate.is_short, answers = False, {}
    for role, caller in callers.items():
        gate.passed = []
        answers[role] = (ask(caller), list(gate.passed))
        if answers[role][0].status_code == 405:
            break
        is_in = gate.passed and all(given for _, given in gate.passed)
        gate.is_short = gate.is_short or (is_in and answers[role][0].status_code != 403)
    gate.is_short = False
    return answers


def open_pages(people, gate):
    """Ask for every page as nobody and as every role; return rows of the table, and faults."""
    stranger, clients = Client(raise_request_exception=False), {}
    for role, user in people.items():
        clients[role] = Client(raise_request_exception=False)
        clients[role].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    rows, faults = [], []
    for name, route in routes():
        address = address_of(route)
        for method in ("get", "post"):
            met = asked(stranger, method, address)
            sent_away = met.status_code == 302 and met.url.startswith("/account/login/")
            if met.status_code == 405:
                continue
            if route.startswith(BY_LINK) and not sent_away:
                rows.append((route, method, "", "whoever has the link"))
            elif OF_ONESELF.match(name):
                rows.append((route, method, "", EVERYONE if sent_away else ANYONE))
                if not sent_away and name not in BEFORE_THE_DOOR:
                    faults.append(f"{method} {route}: open to strangers, {met.status_code}")
            elif not sent_away:
                faults.append(f"{method} {route}: a stranger is answered {met.status_code}")
            else:
                found, wrong = of_roles(method, address, clients, gate)
                faults += [f"{method} {route}: {each}" for each in wrong]
                rows += [(route, method, *found)] if found else []
    return rows, faults


def of_roles(method, address, clients, gate):
    answers = as_each(gate, clients, lambda client: asked(client, method, address))
    if any(answer.status_code == 405 for answer, _ in answers.values()):
        return None, []
    faults, let_in, rights = [], [], set()
    for role, (answer, passed) in answers.items():
        if not passed:
            return None, ["asks for no right"]
        rights |= {right for right, _ in passed}
        is_in = all(is_given for _, is_given in passed) and answer.status_code != 403
        let_in += [role] if is_in else []
        if is_in and answer.status_code >= 500 and not is_short(answer):
            faults.append(f"as {role}: {answer.status_code}")
    return (" ".join(sorted(rights)), ", ".join(let_in)), faults


def is_short(answer):
    """Tell whether the answer is that of the gate, which ended the work."""
    return isinstance(getattr(answer, "exc_info", None) and answer.exc_info[1], Through)


def open_operations(people, gate):
    """Ask for every operation of the API as nobody and as every role."""
    programs = {role: program(user) for role, user in people.items()}
    rows, faults = [], []
    for prefix, router in api_site.api._routers:
        for place, view in router.path_operations.items():
            for operation in view.operations:
                route = f"/api/v1{prefix.rstrip('/')}/{place.lstrip('/')}"
                for method in sorted(operation.methods):
                    who, wrong = of_programs(route, method, programs, gate)
                    (needs,) = operation.auth_callbacks
                    rows.append((route[1:], method, needs.permission, who))
                    faults += [f"{method} {route}: {each}" for each in wrong]
    return rows, faults


def of_programs(route, method, programs, gate):
    faults, let_in = [], []
    address = re.sub(
        r"{(?:\w+:)?(\w+)}",
        lambda found: BOOK if found[1] == "book_name" else str(NO_ID),
        route,
    )
    stranger = Client().generic(method, address)
    if stranger.status_code != 401:
        faults.append(f"a stranger is answered {stranger.status_code}")

    def ask(each):
        headers = each._headers() | {"Idempotency-Key": f"table-{next(KEYS)}"}
        body = {} if method == "GET" else {"data": "{}", "content_type": "application/json"}
        return asked(each.browser, method, address, headers=headers, **body)

    for role, (answer, _) in as_each(gate, programs, ask).items():
        if answer.status_code >= 500:
            faults.append(f"as {role}: {answer.status_code}")
        if answer.status_code not in {401, 403}:
            let_in.append(role)
    return ", ".join(let_in), faults


HEAD = """# Permissions

This page is written by a test that asks for every address as every role; it fails when the page is
stale. To write it again:

    DAIHOU_WRITE_DOCS=1 .venv/bin/pytest tests/web/test_permission_table.py

A right comes from a role, a role from a grant, and a grant may be narrowed to one book or one
funder. Nobody has every right. The tables show users whose grant is over every book (a funder's:
over her own loans).

"""


def written(pages, operations_of_api):
    lines = [HEAD, "## Roles and rights\n"]
    lines.append("Rights marked * make a role sensitive: two people give it.\n")
    lines += ["| Right | Roles |", "|---|---|"]
    for name, roles in PERMISSIONS.items():
        named = ", ".join(role for role in ROLES if role in roles)
        star = " \\*" if name in SENSITIVE else ""
        lines.append(f"| `{name}`{star} | {named} |")
    lines.append("\n## Kept apart\n")
    lines.append("No role holds both rights of a pair; a person only if two others agree to it.\n")
    lines += [f"- `{first}` and `{second}`" for first, second in SEPARATE]
    for title, rows in (("Pages", pages), ("API", operations_of_api)):
        lines += [f"\n## {title}\n", "| Address | Method | Right | Open to |", "|---|---|---|---|"]
        lines += [
            f"| `/{route}` | {method.upper()} | {' '.join(f'`{each}`' for each in right.split())} "
            f"| {who or 'nobody'} |"
            for route, method, right, who in rows
        ]
    return "\n".join(lines) + "\n"


def on_a_look(row):
    _, method, right, _ = row
    return method.upper() != "GET" and right.endswith(".view")


def test_every_address_is_open_to_the_roles_that_the_table_names(people, gate):
    pages, faults = open_pages(people, gate)
    operations_of_api, more = open_operations(people, gate)
    assert not faults + more
    text = written(sorted(pages), sorted(operations_of_api))
    if os.environ.get("DAIHOU_WRITE_DOCS"):
        DOCS.parent.mkdir(exist_ok=True)
        DOCS.write_text(text, encoding="utf-8")
    assert {row[0] for row in pages + operations_of_api if on_a_look(row)} <= LOOKING_IS_ENOUGH
    assert len(pages) > 150
    assert len(operations_of_api) > 80
    shown = DOCS.read_text(encoding="utf-8") if DOCS.exists() else ""
    assert text.splitlines() == shown.splitlines(), "stale: write it again, see the top of the page"


@pytest.mark.parametrize("role", ROLES)
def test_no_role_joins_what_is_kept_apart(role):
    assert conflicts([role]) == ()


def test_the_auditor_reads_and_never_writes():
    held = {name for name, roles in PERMISSIONS.items() if Role.AUDITOR in roles}
    assert {name.rpartition(".")[2] for name in held} == {"view", "export"}
    assert "personal_data.export" not in held
    assert "party.view_personal_data" not in held


@pytest.mark.parametrize("right", sorted(PERMISSIONS))
def test_every_right_has_somebody_but_never_everybody(right):
    assert PERMISSIONS[right]
    assert set(PERMISSIONS[right]) < set(Role)
