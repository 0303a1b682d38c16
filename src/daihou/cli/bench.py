"""``daihou bench``: measure this machine with the checkout's benchmarks; figures as JSON."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

app = typer.Typer()

ROOT = Path(__file__).resolve().parents[3]


@app.command()
def bench(
    size: Annotated[
        list[str] | None, typer.Option(help="1m or 10m loans; may be given twice. Default: both.")
    ] = None,
    database: Annotated[
        bool, typer.Option(help="Import and age a million loans through PostgreSQL, too.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Measure the engine beside DuckDB and Polars, and the way through PostgreSQL (基准测试)."""
    if not (ROOT / "benchmarks").is_dir():
        raise DaihouError("bench.no_checkout", folder=ROOT)
    figures: dict[str, object] = {
        "engine": [_run(f"--size={one}") for one in size or ("1m", "10m")]
    }
    if database:
        figures["database"] = _run("--database")
    output.emit(figures, as_json=as_json, text=json.dumps(figures, indent=1, ensure_ascii=False))


def _run(word: str) -> object:
    """Run one benchmark in a fresh process; what it says of its progress goes to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", word],
        cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode:
        raise DaihouError("bench.failed", word=word, status=done.returncode)
    return json.loads(done.stdout)
