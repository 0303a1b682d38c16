"""Goal: only web.ledger writes ledger rows. Method: follow its models by name everywhere else."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "daihou"
LEDGER = SOURCE / "web" / "ledger"
MODELS = "daihou.web.ledger.models"
WRITES = {
    "abulk_create",
    "acreate",
    "adelete",
    "aupdate",
    "bulk_create",
    "bulk_update",
    "create",
    "delete",
    "get_or_create",
    "save",
    "update",
    "update_or_create",
}
ELSEWHERE = [path for path in sorted(SOURCE.rglob("*.py")) if LEDGER not in path.parents]


def root_of(node):
    """Find the name at the bottom of a chain: ``Book`` of ``Book.objects.filter(…).update``."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def writes_to_ledger(tree):
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(MODELS)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = root_of(node.func)
            if name in names and node.func.attr in WRITES:
                yield f"line {node.lineno}: {name} … {node.func.attr}"


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_else_writes_ledger_rows(path):
    assert list(writes_to_ledger(ast.parse(path.read_text(encoding="utf-8")))) == []


SAMPLES = [
    (f"from {MODELS} import Book\nBook.objects.filter(name='a').update(name='b')", 1),
    (f"from {MODELS}.events import Event as Row\nRow.objects.create()", 1),
    (f"from {MODELS} import Book\nBook(name='a').save()", 1),
    (f"from {MODELS} import Book\nBook.objects.filter(name='a').first()", 0),
    ("from somewhere import Book\nBook.objects.create()", 0),
]


@pytest.mark.parametrize(("code", "count"), SAMPLES)
def test_the_check_sees_what_it_looks_for(code, count):
    assert len(list(writes_to_ledger(ast.parse(code)))) == count
