"""Goal: the peers of the benchmark do our night, and the comparison would tell if they did not."""

import pytest

pytest.importorskip("duckdb", reason="the group bench is not installed")

from benchmarks import generate, night, peers

SIZE = generate.Size(name="small", loans=4_000, shards=2)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers")
    book = generate.make_book(size=SIZE, root=folder / "book")
    tasks = night.stage_night(book=book, size=SIZE, staged=folder / "staged")
    night.night.run_in_pool(tasks, workers=1)
    return book, folder / "staged"


def agreement(measured):
    book, staged = measured
    return peers.measure(book=book, size=SIZE, staged=staged, in_memory=False)


def test_both_peers_find_every_figure_we_find(measured):
    found = agreement(measured)
    assert found["agrees"]
    assert found["left_out"] == 0
    assert found["duckdb"]["agreement"]["events"]["rows"] > 20


def test_a_peer_with_another_rule_is_told(measured, monkeypatch):
    rule = peers.numbers(SIZE)
    monkeypatch.setattr(peers, "numbers", lambda _: {**rule, "numerator": 2 * rule["numerator"]})
    found = agreement(measured)
    assert not found["agrees"]
    assert "penalty_due_minor" in found["polars"]["agreement"]["dues"]["differs"]
