"""Goal: what is written is read, for any day; equal work gives equal bytes; damage is told."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from daihou.engine import columns as c, end_of_day, night, replay
from daihou.engine.book import Book, BookRefused, apply
from daihou.engine.tables import NewFacts, ShardTables, check_shard
from tests.twins import books

DAYS = (date(2024, 3, 30), date(2024, 3, 31), date(2024, 4, 1), date(2024, 4, 2), date(2024, 4, 3))


@pytest.fixture(scope="module")
def random_book():
    return books.random_book(seed=5, count=200)


def run_nights(random_book, root, days=DAYS):
    """Run nights shard by shard over staged facts; return book and each night's outcomes."""
    products, loans = random_book
    book = Book(root=root / "book", currency="CNY", shard_count=2)
    outcomes, before = [], None
    for day in days:
        tasks = []
        for shard in range(2):
            of_shard = [loan for loan in loans if loan.loan_id % 2 == shard]
            if before is None:
                new = books.facts(
                    products, of_shard, known=lambda _, e, on=day: e.effective_on <= on
                )
            else:
                told = books.payments(
                    of_shard, lambda _, e, on=day, b=before: b < e.effective_on <= on
                )
                new = NewFacts(payments=told)
            staged = root / f"staged-{day}"
            night.stage(staged=staged, shard=shard, new=new)
            tasks.append(
                night.Task(book=book, staged=staged, shard=shard, from_on=before, to_on=day)
            )
        done = night.run_in_pool(tasks, workers=1)
        book.publish(
            business_date=day, ledger_sequence=day.toordinal(), files=[one.files for one in done]
        )
        outcomes.append(done)
        before = day
    return book, outcomes


def test_every_published_day_can_be_read_again(random_book, tmp_path):
    book, _ = run_nights(random_book, tmp_path)
    assert book.business_dates() == DAYS
    assert [book.manifest(business_date=day).is_base for day in DAYS] == [
        True,
        True,
        True,
        False,
        False,
    ]
    for place in range(1, len(DAYS)):
        before = book.read_shard(shard=1, business_date=DAYS[place - 1])
        facts = night.read_staged(staged=tmp_path / f"staged-{DAYS[place]}", shard=1)
        result = end_of_day.run_shard(
            tables=before, new=facts, currency="CNY", from_on=DAYS[place - 1], to_on=DAYS[place]
        )
        after = apply(before=before, changed=result.changed)
        read = check_shard(book.read_shard(shard=1, business_date=DAYS[place]))
        for (table, expected), (_, found) in zip(after.items(), read.items(), strict=True):
            assert_frame_equal(found, expected.sort(table.key))
    book.verify()


def test_equal_work_gives_equal_bytes(random_book, tmp_path):
    one, first = run_nights(random_book, tmp_path / "one")
    two, second = run_nights(random_book, tmp_path / "two")
    assert one.manifest().text() == two.manifest().text()
    assert one.manifest().digest == two.manifest().digest
    assert [o.digest for night_ in first for o in night_] == [
        o.digest for night_ in second for o in night_
    ]


def test_a_night_run_again_changes_no_byte(random_book, tmp_path):
    book, outcomes = run_nights(random_book, tmp_path)
    task = night.Task(
        book=book, staged=tmp_path / f"staged-{DAYS[-1]}", shard=0, from_on=DAYS[-2], to_on=DAYS[-1]
    )
    assert night.run(task).digest == outcomes[-1][0].digest


def test_what_is_published_is_the_position_replay_gives(random_book, tmp_path):
    book, outcomes = run_nights(random_book, tmp_path)
    published: dict[int, dict] = {}
    for day, done in zip(DAYS, outcomes, strict=True):
        for outcome in done:
            _, positions, fine = night.read_published(
                staged=tmp_path / f"staged-{day}", shard=outcome.shard
            )
            for loan_id in fine:
                published.pop(loan_id, None)
            published |= {row["loan_id"]: row for row in positions.iter_rows(named=True)}
    ours = replay.positions(book=book, as_of=DAYS[-1]).filter(pl.col("days_past_due") > 0)
    assert set(published) == set(ours["loan_id"])
    for row in ours.iter_rows(named=True):
        mine = published[row["loan_id"]]
        for name in (
            "oldest_unpaid_due_on",
            "overdue_principal_minor",
            "overdue_interest_minor",
            "principal_outstanding_minor",
            "unapplied_minor",
            "bucket",
        ):
            assert mine[name] == row[name]


def test_a_history_of_interleaved_shards_is_the_positions_day_after_day(random_book, tmp_path):
    book, _ = run_nights(random_book, tmp_path)
    days = [books.START_ON + 30 * books.DAY, DAYS[0], DAYS[-1]]
    found = replay.history(book=book, dates=days)
    whole = pl.concat([replay.positions(book=book, as_of=day) for day in days])
    assert 0 < whole.filter(pl.col("as_of") == days[0]).height < whole.height / 3
    assert_frame_equal(found, whole.select(c.HISTORY.names).sort(c.HISTORY.key))


def test_a_history_in_pieces_is_the_whole(random_book, tmp_path, monkeypatch):
    book, _ = run_nights(random_book, tmp_path, days=DAYS[:2])
    days = [books.START_ON + 30 * books.DAY, books.START_ON + 60 * books.DAY, DAYS[1]]
    monkeypatch.setattr(replay, "ROWS_AT_ONCE", 1)
    pieces = replay.each_history(book=book, dates=days, take=lambda frame: frame)
    assert len(pieces) == 2 * len(days)
    whole = replay.history(book=book, dates=days)
    assert_frame_equal(pl.concat(pieces).sort(c.HISTORY.key), whole)


def test_a_base_holds_what_base_and_deltas_hold(random_book, tmp_path):
    book, _ = run_nights(random_book, tmp_path)
    days = [day for day in DAYS if day != DAYS[0]]
    whole = replay.positions(book=book, as_of=DAYS[-1])
    other, _ = run_nights(random_book, tmp_path / "other", days=(days[0], days[-1]))
    assert_frame_equal(replay.positions(book=other, as_of=DAYS[-1]), whole)


@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_file_is_told(random_book, tmp_path, damage):
    book, _ = run_nights(random_book, tmp_path, days=DAYS[:2])
    path = book.root / min(book.manifest().files)
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(BookRefused) as refused:
        book.verify()
    assert refused.value.code == "book.damaged"
    if damage != "changed":
        with pytest.raises(BookRefused) as refused:
            book.read_shard(shard=0)
        assert refused.value.code == "book.damaged"


def test_a_version_half_written_is_not_seen(random_book, tmp_path):
    book, _ = run_nights(random_book, tmp_path, days=DAYS[:2])
    tables = book.read_shard(shard=0)
    result = end_of_day.run_shard(
        tables=tables, new=NewFacts(), currency="CNY", from_on=DAYS[1], to_on=DAYS[2]
    )
    files = book.write_shard(shard=0, business_date=DAYS[2], before=tables, result=result)
    assert book.business_dates() == DAYS[:2]
    with pytest.raises(BookRefused) as refused:
        book.publish(business_date=DAYS[2], ledger_sequence=9, files=[files])
    assert refused.value.code == "book.shards_missing"
    with pytest.raises(BookRefused) as refused:
        book.read_shard(shard=0, business_date=DAYS[2])
    assert refused.value.code == "book.no_version"


def test_an_empty_book_reads_as_nothing(tmp_path):
    book = Book(root=tmp_path, currency="CNY", shard_count=1)
    assert book.read_shard(shard=0).loans.height == 0
    with pytest.raises(BookRefused) as refused:
        book.manifest()
    assert refused.value.code == "book.no_version"


def test_no_day_after_the_business_date_is_told(random_book, tmp_path):
    book, _ = run_nights(random_book, tmp_path, days=DAYS[:1])
    with pytest.raises(BookRefused) as refused:
        replay.positions(book=book, as_of=DAYS[1])
    assert refused.value.code == "book.after_business_date"


def test_the_tables_of_an_empty_shard_keep_their_contract():
    for table, frame in ShardTables().items():
        assert frame.schema == table.schema
    assert c.check(c.POSITIONS.empty(), c.POSITIONS).height == 0
