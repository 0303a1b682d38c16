"""Goal: killed anywhere and run again, an end of day gives the same bytes and the same rows.

Method: the same database is copied for every seed; a real SIGKILL falls at a random moment or at a
named step, up to three times; then the run is left to finish. Files, positions, delinquency events,
versions and audit rows must equal those of a run that nobody disturbed.
"""

import random
import shutil
import time
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest
from psycopg import sql

from daihou.web.access.queries import system_user
from daihou.web.ledger import operations
from daihou.web.postgres import backup
from tests.web import kill_child
from tests.web.ledger_books import random_tape

FIRST, LAST = date(2025, 3, 20), date(2025, 4, 24)
SUITE_SEEDS, LONG_SEEDS = 50, 1_000
COMPARED = {
    "positions": "SELECT * FROM ledger_position ORDER BY loan_id",
    "raised": "SELECT book_id, loan_id, happened_on, kind, bucket_from, bucket_to"
    " FROM ledger_delinquencyevent ORDER BY loan_id, happened_on, kind",
    "versions": "SELECT business_date, ledger_sequence, known_at, held_from, manifest_digest,"
    " totals FROM ledger_bookversion ORDER BY id",
    "runs": "SELECT from_on, through_on, state, ledger_sequence, loans, events, changed,"
    " delinquency_events FROM ledger_endofdayrun ORDER BY id",
    # A transaction that died has used up a number: runs are compared by their order.
    "steps": "SELECT dense_rank() OVER (ORDER BY run_id), shard, state, files, counts"
    " FROM ledger_endofdaystep ORDER BY run_id, shard",
    "audit": "SELECT action, dense_rank() OVER (ORDER BY target_id::bigint)"
    " FROM audit_auditrow WHERE action LIKE 'end_of_day.%' ORDER BY id",
    "book": "SELECT business_date, next_sequence FROM ledger_book",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A database to copy, and how to start a process on a copy."""

    admin: str
    name: str
    environment: dict
    folder: object
    server: kill_child.Server

    def copy(self, name):
        names = sql.Identifier(name), sql.Identifier(self.name)
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        home = self.folder / name
        home.mkdir()
        environment = dict(self.environment)
        for variable in ("DATABASE_URL", "DATABASE_APPLICATION_URL"):
            environment[variable] = environment[variable].replace(f"/{self.name}?", f"/{name}?")
        environment["DAIHOU_HOME"] = str(home)
        return Copy(stage=self, name=name, environment=environment, home=home)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    stage: Stage
    name: str
    environment: dict
    home: object

    def start(self, through, **dying):
        return self.stage.server.start(self.environment, through, **dying)

    def finish(self, through):
        assert self.start(through).wait() == 0

    def outcome(self):
        admin = psycopg.conninfo.make_conninfo(self.stage.admin, dbname=self.name)
        with psycopg.connect(admin) as connection:
            rows = {name: connection.execute(query).fetchall() for name, query in COMPARED.items()}
        files = {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted((self.home / "books").rglob("*"))
            if path.is_file()
        }
        return rows, files

    def drop(self):
        with psycopg.connect(self.stage.admin, autocommit=True) as connection:
            backup.drop(connection, self.name)
        shutil.rmtree(self.home)


@pytest.fixture
def stage(scratch_database, django_db_blocker, tmp_path):
    from django.db import connections as django_connections

    from daihou.web.postgres import connections

    with django_db_blocker.unblock():
        book = operations.create_book(
            name="demo", currency="CNY", shard_count=3, acting_user=system_user()
        )
        tape = random_tape(1, loan_count=24)
        operations.post_tape(book=book, tape=tape, acting_user=system_user())
        name = django_connections["default"].settings_dict["NAME"]
        django_connections.close_all()
    found = connections.current()
    admin = psycopg.conninfo.make_conninfo(
        (found.superuser or found.owner).conninfo(), dbname="postgres"
    )
    with kill_child.Server() as server:
        yield Stage(
            admin=admin,
            name=name,
            environment=scratch_database.environment,
            folder=tmp_path,
            server=server,
        )


def undisturbed(stage, name="undisturbed"):
    """Return how the two runs end when nobody disturbs them, and how long each takes."""
    copy = stage.copy(name)
    seconds = []
    for through in (FIRST, LAST):
        started = time.perf_counter()
        copy.finish(through)
        seconds.append(time.perf_counter() - started)
    outcome = copy.outcome()
    copy.drop()
    return outcome, seconds


def disturbed(stage, seed, seconds):
    """Return how they end when they are killed along the way, and how often they were."""
    chance = random.Random(seed)
    copy = stage.copy(f"seed_{seed}")
    kills = 0
    for through, usual in zip((FIRST, LAST), seconds, strict=True):
        for _ in range(chance.choice([1, 1, 1, 2])):
            if seed % 2:
                child = copy.start(through)
                time.sleep(chance.uniform(0.02, 0.95) * usual)
                child.kill()
            else:
                step = chance.randrange(len(kill_child.STEPS))
                count = chance.randrange(1, kill_child.STEPS[step][-1] + 1)
                when = chance.choice(["before", "after"])
                child = copy.start(through, step=step, when=when, count=count)
            kills += child.wait() == -9
        copy.finish(through)
    outcome = copy.outcome()
    copy.drop()
    return outcome, kills


def check(stage, seeds):
    (rows, files), _ = undisturbed(stage)
    again, seconds = undisturbed(stage)
    assert again == (rows, files)
    assert rows["positions"], "the tape has overdue loans"
    assert [row[0] for row in rows["versions"]] == [FIRST, LAST]
    kills = 0
    for seed in seeds:
        (got_rows, got_files), killed = disturbed(stage, seed, seconds)
        kills += killed
        for name in COMPARED:
            assert got_rows[name] == rows[name], (seed, name)
        assert got_files.keys() == files.keys(), seed
        assert got_files == files, seed
    print(f"{kills} kills over {len(seeds)} seeds")
    assert kills >= len(seeds)


def test_killed_at_any_moment_it_ends_the_same(stage):
    check(stage, range(SUITE_SEEDS))


@pytest.mark.long
def test_killed_a_thousand_times_it_ends_the_same(stage):
    check(stage, range(SUITE_SEEDS, SUITE_SEEDS + LONG_SEEDS))


def test_killed_at_every_step_it_ends_the_same(stage):
    (rows, files), _ = undisturbed(stage)
    for step in range(len(kill_child.STEPS)):
        for when in ("before", "after"):
            copy = stage.copy(f"step_{step}_{when}")
            child = copy.start(FIRST, step=step, when=when)
            assert child.wait() == -9, (kill_child.STEPS[step], when)
            copy.finish(FIRST)
            copy.finish(LAST)
            assert copy.outcome() == (rows, files), (kill_child.STEPS[step], when)
            copy.drop()
