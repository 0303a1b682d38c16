"""Goal: the style that review would hold, held by the machine. Method: read every source file."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "daihou"
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
CLOCKS = {
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("time", "time"),
    ("time", "time_ns"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
}
EDGES = ("web", "cli")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
GENERATED = {"migrations", "node_modules", "__pycache__"}


def python_files(*folders):
    found = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        if not GENERATED & set(path.relative_to(ROOT).parts)
    ]
    assert found, f"nothing to read in {folders}"
    return found


OWN = python_files(SOURCE, ROOT / "tests", *([b] if (b := ROOT / "benchmarks").is_dir() else []))
PRODUCT = python_files(SOURCE)
CORE = [path for path in python_files(SOURCE / "core") if path.name != "__init__.py"]
BELOW_THE_EDGES = [path for path in PRODUCT if path.relative_to(SOURCE).parts[0] not in EDGES]


def name_of(path):
    return str(path.relative_to(ROOT))


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def long_functions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{node.name} (line {node.lineno}) has {lines} lines"


def float_literals(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno}: {node.value!r}"


def clocks(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            last = getattr(owner, "attr", getattr(owner, "id", None))
            if (last, node.attr) in CLOCKS:
                yield f"line {node.lineno}: {last}.{node.attr}"


@pytest.mark.parametrize("path", OWN, ids=name_of)
def test_sizes_stay_readable(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE_LINES_MAX
    assert list(long_functions(ast.parse(text))) == []


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_nothing_is_left_unfinished(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    left = [f"{no}: {line}" for no, line in enumerate(lines, 1) if UNFINISHED.search(line)]
    assert left == []


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_core_says_units_shape_errors_and_source(path):
    docstring = ast.get_docstring(tree_of(path)) or ""
    missing = [
        section
        for section in ("Units", "Shape", "Errors", "Source")
        if not re.search(rf"^{section}\b", docstring, re.MULTILINE)
    ]
    assert missing == []


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_core_has_no_float_literal(path):
    assert list(float_literals(tree_of(path))) == []


@pytest.mark.parametrize("path", BELOW_THE_EDGES, ids=name_of)
def test_no_clock_below_the_edges(path):
    assert list(clocks(tree_of(path))) == []


SAMPLES = [
    (clocks, "from datetime import date\nx = date.today()", 1),
    (clocks, "import datetime\nx = datetime.datetime.now()", 1),
    (clocks, "import time\nx = time.perf_counter()", 0),
    (float_literals, "x = 1.0 + 2", 1),
    (float_literals, "x = 'a 1.0'", 0),
    (long_functions, "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX, 1),
    (long_functions, "def f():\n" + "    x = 1\n" * (FUNCTION_LINES_MAX - 1), 0),
]


@pytest.mark.parametrize(("check", "code", "count"), SAMPLES)
def test_the_checks_see_what_they_look_for(check, code, count):
    assert len(list(check(ast.parse(code)))) == count
