"""Goal: who asks never decides, every decision has a reason, what is approved happens once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from daihou.errors import DaihouError
from daihou.web.access import operations as access
from daihou.web.access.queries import system_user
from daihou.web.approvals import changing, operations, queries, registry
from daihou.web.approvals.authority import Band, authority_on, set_authority
from daihou.web.approvals.models import Approval, Decision
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import operations as ledger

KIND = "test.thing"
START = date(2026, 1, 1)


@dataclass
class Things:
    """A registered kind that notes what was carried out."""

    done: list = field(default_factory=list)
    failure: DaihouError | None = None

    def carry_out(self, approval, user):
        if self.failure is not None:
            raise self.failure
        self.done.append((approval.pk, user.username))

    def describe(self, approval):
        return registry.Description(title=f"thing {approval.target_id}")


@pytest.fixture
def things(monkeypatch):
    made = Things()
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    registry.register(kind=KIND, carry_out=made.carry_out, describe=made.describe, open_days=1)
    return made


def make_book(name="demo"):
    return ledger.create_book(name=name, currency="CNY", acting_user=system_user())


def set_bands(*bands, on=START, **more):
    return set_authority(
        kind=KIND,
        valid_from=on,
        bands=bands,
        reason="board minute 7",
        acting_user=system_user(),
        **more,
    )


@pytest.fixture
def book(db):
    set_bands(
        Band(checkers=0),
        Band(from_minor=1_000, checkers=1, roles=("manager",)),
        Band(from_minor=10_000, checkers=2, roles=("manager", "finance"), is_each_role=True),
    )
    return make_book()


def ask(book, user, amount_minor=5_000, **more):
    given = {"reason": "the borrower asked", "payload": {"x": 1}, **more}
    return operations.request(
        kind=KIND,
        book=book,
        target_type="loan",
        target_id=7,
        amount_minor=amount_minor,
        acting_user=user,
        **given,
    )


def decide(approval, user, verdict="approved", reason="checked the file"):
    return operations.decide(approval=approval, verdict=verdict, reason=reason, acting_user=user)


def refused(code, call, *given, **more):
    before = list(Approval.objects.values()), Decision.objects.count(), AuditRow.objects.count()
    with pytest.raises(DaihouError) as caught:
        call(*given, **more)
    assert caught.value.code == code
    after = list(Approval.objects.values()), Decision.objects.count(), AuditRow.objects.count()
    assert after == before
    return caught.value


def test_an_amount_below_every_checker_is_carried_out_at_once(things, book, make_user):
    approval = ask(book, make_user("collector"), amount_minor=999)
    assert approval.state == "carried_out"
    assert things.done == [(approval.pk, "collector")]


def test_one_manager_decides_on_a_middling_amount(things, book, make_user):
    approval = ask(book, make_user("collector"), amount_minor=1_000)
    assert (approval.state, things.done) == ("pending", [])
    settled = decide(approval, make_user("manager"))
    assert settled.state == "carried_out"
    assert things.done == [(approval.pk, "manager")]
    assert [row.role for row in settled.decisions.all()] == ["manager"]


def test_a_large_amount_takes_two_roles(things, book, make_user):
    approval = ask(book, make_user("collector"), amount_minor=10_000)
    assert decide(approval, make_user("manager", username="one")).state == "pending"
    refused("approval.role_decided_already", decide, approval, make_user("manager", username="two"))
    assert things.done == []
    assert decide(approval, make_user("finance")).state == "carried_out"


def test_the_maker_never_checks(things, book, make_user):
    manager = make_user("manager")
    approval = ask(book, manager)
    refused("approval.by_maker", decide, approval, manager)
    assert things.done == []


def test_the_database_refuses_the_maker_too(things, book, make_user):
    manager = make_user("manager")
    approval = ask(book, manager)
    with pytest.raises(DatabaseError, match="was made by"), transaction.atomic():
        Decision.objects.create(
            approval=approval,
            verdict="approved",
            role="manager",
            reason="x",
            decided_by=manager,
            decided_at=timezone.now(),
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE approvals_approval SET state = 'carried_out', settled_at = now()",
        "UPDATE approvals_approval SET amount_minor = 1",
        "UPDATE approvals_approval SET made_by_id = made_by_id + 1",
        "UPDATE approvals_approval SET payload = '{}'",
        "DELETE FROM approvals_approval",
        "UPDATE approvals_decision SET verdict = 'refused'",
        "DELETE FROM approvals_decision",
        "UPDATE approvals_authority SET checkers = 0",
        "DELETE FROM approvals_authority",
    ],
)
def test_the_database_keeps_what_was_asked_and_decided(things, book, make_user, statement):
    approval = ask(book, make_user("collector"), amount_minor=10_000)
    decide(approval, make_user("manager"))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_who_has_no_role_for_it_or_not_here_does_not_decide(things, book, make_user):
    approval = ask(book, make_user("collector"))
    for user in (
        make_user("finance"),
        make_user("manager", username="elsewhere", book_name="other"),
        system_user(),
    ):
        refused("approval.no_authority", decide, approval, user)
    locked_out = make_user("manager", username="gone")
    access.set_active(user=locked_out, is_active=False, acting_user=system_user())
    refused("approval.no_authority", decide, approval, locked_out)


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_every_request_and_every_decision_has_a_reason(things, book, make_user, reason):
    collector, manager = make_user("collector"), make_user("manager")
    refused("approval.reason_missing", ask, book, collector, reason=reason)
    approval = ask(book, collector)
    refused("approval.reason_missing", decide, approval, manager, reason=reason)
    refused("approval.reason_too_long", decide, approval, manager, reason="x" * 513)
    refused("approval.verdict_unknown", decide, approval, manager, verdict="maybe")


def test_what_was_decided_is_not_decided_again(things, book, make_user):
    approval = ask(book, make_user("collector"))
    decide(approval, make_user("manager"), "refused")
    refused("approval.decided_already", decide, approval, make_user("manager", username="two"))
    assert things.done == []
    assert Approval.objects.get().state == "refused"


def test_what_cannot_be_carried_out_stays_pending_and_changes_nothing(things, book, make_user):
    approval = ask(book, make_user("collector"))
    things.failure = operations.ApprovalRefused("approval.stale")
    refused("approval.stale", decide, approval, make_user("manager"))
    assert Approval.objects.get().state == "pending"


def test_a_request_that_nobody_decided_on_in_time_expires(things, book, make_user):
    approval = ask(book, make_user("collector"))
    manager = make_user("manager")
    assert list(queries.to_decide(user=manager, book=book)) == [approval]
    assert operations.expire(at=timezone.now(), acting_user=system_user()) == 0
    later = timezone.now() + timedelta(days=2)
    assert operations.expire(at=later, acting_user=system_user()) == 1
    refused("approval.decided_already", decide, approval, manager)
    assert Approval.objects.get().state == "expired"


def test_an_expired_request_is_refused_before_the_nightly_sweep(
    things, book, make_user, monkeypatch
):
    approval = ask(book, make_user("collector"))
    manager = make_user("manager")
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    refused("approval.expired", decide, approval, manager)
    assert list(queries.to_decide(user=manager, book=book)) == []


def test_only_the_maker_withdraws(things, book, make_user):
    collector, manager = make_user("collector"), make_user("manager")
    approval = ask(book, collector)
    refused(
        "approval.not_maker",
        operations.withdraw,
        approval=approval,
        reason="no",
        acting_user=manager,
    )
    operations.withdraw(approval=approval, reason="typed the wrong loan", acting_user=collector)
    refused("approval.decided_already", decide, approval, manager)


def test_the_matrix_is_dated_and_without_a_row_nobody_may(things, book, make_user):
    collector = make_user("collector")
    on = timezone.now().date()  # The book is in UTC.
    set_bands(Band(checkers=1, roles=("compliance",)), on=on)
    assert ask(book, collector, amount_minor=1).roles == ["compliance"]
    assert (
        authority_on(kind=KIND, currency="CNY", amount_minor=1, on=on - timedelta(days=1)).checkers
        == 0
    )
    with pytest.raises(DaihouError) as caught:
        authority_on(kind=KIND, currency="CNY", amount_minor=1, on=START - timedelta(days=1))
    assert caught.value.code == "approval.nobody_may"
    refused(
        "approval.kind_unknown",
        operations.request,
        kind="no.such",
        book=book,
        target_type="x",
        target_id=1,
        payload={},
        reason="r",
        acting_user=collector,
    )


def test_rows_of_a_currency_go_before_those_of_all(things, book, make_user):
    set_bands(Band(checkers=1, roles=("finance",)), currency="CNY")
    assert ask(book, make_user("collector"), amount_minor=1).roles == ["finance"]


@pytest.mark.parametrize(
    ("bands", "code"),
    [
        ((), "authority.bands_missing"),
        ((Band(from_minor=5, checkers=0),), "authority.bands_missing"),
        ((Band(checkers=1),), "authority.checkers_without_roles"),
        ((Band(checkers=1, roles=("king",)),), "authority.role_unknown"),
        (
            (Band(checkers=2, roles=("manager",), is_each_role=True),),
            "authority.checkers_without_roles",
        ),
        ((Band(checkers=0), Band(checkers=0)), "authority.set_already"),
    ],
)
def test_a_senseless_matrix_is_refused(book, bands, code):
    with pytest.raises(DaihouError) as caught:
        set_bands(*bands, on=date(2026, 5, 1))
    assert caught.value.code == code


def test_a_double_decision_at_one_moment_happens_once(scratch_database, django_db_blocker, things):
    with django_db_blocker.unblock():
        set_bands(Band(checkers=1, roles=("manager",)))
        book = make_book()
        people = [
            access.add_user(username=f"m{n}", roles=["manager"], acting_user=system_user())[0]
            for n in range(6)
        ]
        approval = ask(book, system_user())
        gate = Barrier(len(people))

        def attempt(user):
            gate.wait()
            try:
                return decide(approval, user).state
            except DaihouError as exception:
                return exception.code
            finally:
                connection.close()

        with ThreadPoolExecutor(len(people)) as pool:
            outcomes = sorted(pool.map(attempt, people))

        assert outcomes == ["approval.decided_already"] * 5 + ["carried_out"]
        assert len(things.done) == 1
        assert Decision.objects.count() == 1


def test_the_matrix_is_changed_by_two_people_and_past_days_stay(things, book, make_user):
    maker = make_user("compliance")
    on = timezone.now().date() + timedelta(days=3)
    bands = (Band(checkers=1, roles=("finance",)),)
    given = {"kind": KIND, "valid_from": on, "bands": bands, "reason": "audit finding 12"}
    approval = changing.request_change(**given, acting_user=maker)
    refused("approval.by_maker", decide, approval, maker)
    assert "finding 12" in approval.reason
    assert changing.describe(approval).facts
    decide(approval, make_user("compliance", username="second"))
    asked = {"kind": KIND, "currency": "CNY", "amount_minor": 5}
    assert authority_on(**asked, on=on).roles == ["finance"]
    assert authority_on(**asked, on=on - timedelta(days=1)).checkers == 0
    refused("authority.set_already", changing.request_change, **given, acting_user=maker)
    unknown = given | {"kind": "no.such"}
    refused("approval.kind_unknown", changing.request_change, **unknown, acting_user=maker)


def test_a_change_for_all_books_is_not_decided_from_within_one(things, book, make_user):
    approval = changing.request_change(
        kind=KIND,
        valid_from=timezone.now().date(),
        bands=(Band(checkers=0),),
        reason="faster",
        acting_user=make_user("compliance"),
    )
    inside = make_user("compliance", username="inside", book_name="demo")
    refused("approval.no_authority", decide, approval, inside)
    assert approval not in queries.to_decide(user=inside, book=book)
