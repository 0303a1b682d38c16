"""Goal: nobody can change the audit, not even the owner of the tables."""

import psycopg
import pytest
from django.db import DatabaseError, connection

from daihou.web.access import queries
from daihou.web.audit.models import AuditRow
from daihou.web.audit.operations import record
from daihou.web.postgres import connections

CHANGES = [
    "UPDATE audit_auditrow SET action = 'x'",
    "DELETE FROM audit_auditrow",
    "TRUNCATE audit_auditrow CASCADE",
]


@pytest.fixture
def audit_row(db):
    record(acting_user=queries.system_user(), action="test.note", target_type="test", target_id=1)


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_may_not_change_the_audit(audit_row, change):
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_the_owner_may_not_change_the_audit(running_database, change):
    with psycopg.connect(connections.current().owner.conninfo()) as owner:
        system = owner.execute("SELECT id FROM access_user").fetchone()[0]
        owner.execute(
            "INSERT INTO audit_auditrow (acting_user_id, action, target_type, target_id, details) "
            "VALUES (%s, 'test.note', 'test', '1', '{}')",
            [system],
        )
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(psycopg.errors.RestrictViolation, match="append_only"):
            owner.execute(change)
        owner.rollback()


def test_an_audit_row_names_its_action(db):
    with pytest.raises(DatabaseError, match="audit_auditrow_named"):
        record(acting_user=queries.system_user(), action="", target_type="test", target_id=1)


def test_the_database_dates_the_row(audit_row):
    assert AuditRow.objects.get(action="test.note").at.tzinfo is not None
