"""Goal: queued work is done once, also after a kill. Method: real workers on a real PostgreSQL."""

import json
import subprocess
import sys

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from daihou.web.jobs.queries import standing
from daihou.web.jobs.worker import run_worker


@pytest.fixture
def queue(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        yield scratch_database


def counts():
    return {(found.task, found.state): found.count for found in standing()}


def defer():
    app.configure_task("jobs.forget_done").defer(timestamp=0)


@transaction.atomic
def defer_and_fail():
    defer()
    raise ZeroDivisionError


def test_a_job_deferred_in_a_transaction_is_done_by_a_worker_as_the_application(queue):
    with transaction.atomic():
        defer()
    run_worker(waits=False)
    assert counts()[("jobs.forget_done", "succeeded")] == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert "application" in cursor.fetchone()[0]


def test_a_job_of_a_transaction_that_failed_was_never_there(queue):
    with pytest.raises(ZeroDivisionError):
        defer_and_fail()
    assert counts() == {}


def test_the_jobs_of_a_killed_worker_are_taken_up(queue):
    defer()
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH w AS (INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '5 minutes') RETURNING id)"
            " UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM w)"
        )
    app.configure_task("jobs.take_up_abandoned").defer(timestamp=0)
    run_worker(waits=False)
    run_worker(waits=False)
    assert counts()[("jobs.forget_done", "succeeded")] == 1


def test_the_command_works_off_the_queue_and_says_how_it_stands(queue):
    defer()
    done = subprocess.run(
        [sys.executable, "-m", "daihou", "worker", "--once", "--json"],
        env=queue.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    jobs = json.loads(done.stdout)["jobs"]
    assert [(job["task"], job["state"]) for job in jobs if job["task"] == "jobs.forget_done"] == [
        ("jobs.forget_done", "succeeded")
    ]
