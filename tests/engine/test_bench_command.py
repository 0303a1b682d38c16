"""Goal: the command says why it could not measure. Method: take away what it needs."""

import json

import pytest

from daihou.cli import bench
from daihou.errors import DaihouError


def run(**options):
    return bench.bench(size="20k", workers=1, folder=None, as_json=True, **options)


def test_without_the_source_tree_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "PROJECT", tmp_path)
    with pytest.raises(DaihouError) as refused:
        run()
    assert refused.value.code == "bench.not_here"


def fake_benchmarks(folder, text):
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "__init__.py").touch()
    (folder / "benchmarks" / "run.py").write_text(text)


def test_a_failed_run_is_an_error(monkeypatch, tmp_path):
    fake_benchmarks(tmp_path, "raise SystemExit(3)")
    monkeypatch.setattr(bench, "PROJECT", tmp_path)
    with pytest.raises(DaihouError) as refused:
        run()
    assert (refused.value.code, refused.value.params["status"]) == ("bench.failed", 3)


def test_it_passes_on_what_is_asked_and_prints_the_figures_once(monkeypatch, tmp_path, capsys):
    fake_benchmarks(tmp_path, "import json, sys; print(json.dumps({'asked': sys.argv[1:]}))")
    monkeypatch.setattr(bench, "PROJECT", tmp_path)
    run()
    assert json.loads(capsys.readouterr().out) == {"asked": ["--size", "20k", "--workers", "1"]}
