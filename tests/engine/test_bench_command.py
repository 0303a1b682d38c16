"""Goal: the command says why it could not measure. Method: take away what it needs."""

import json

import pytest

from daihou.cli import bench
from daihou.errors import DaihouError


def fake_benchmarks(folder, text):
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "__init__.py").touch()
    (folder / "benchmarks" / "run.py").write_text(text)


def test_without_the_source_tree_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    with pytest.raises(DaihouError) as refused:
        bench.bench(as_json=True)
    assert refused.value.code == "bench.no_checkout"


def test_a_failed_run_is_an_error(monkeypatch, tmp_path):
    fake_benchmarks(tmp_path, "raise SystemExit(3)")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    with pytest.raises(DaihouError) as refused:
        bench.bench(as_json=True)
    assert (refused.value.code, refused.value.params["status"]) == ("bench.failed", 3)


def test_it_passes_on_what_is_asked_and_prints_one_document(monkeypatch, tmp_path, capsys):
    fake_benchmarks(tmp_path, "import json, sys; print(json.dumps({'asked': sys.argv[1:]}))")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    bench.bench(size=["1m"], database=False, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["engine"] == [{"asked": ["--size=1m"]}]
