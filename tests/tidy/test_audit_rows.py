"""Goal: whatever changes a row for somebody leaves a row in the audit.

Method: read the source. A function that is given an ``acting_user`` and that writes, itself or by
what it calls, has to reach ``audit.operations.record`` by what it calls, or be called by nothing
but functions that do.
"""

import ast
from functools import cache
from pathlib import Path

import daihou

SOURCE = Path(daihou.__file__).parent
RECORD = ("daihou.web.audit.operations", "record")
PERMITS = ("daihou.web.contacts.operations", "_write")  # Its one statement writes the row as well.
WRITES = {"create", "bulk_create", "save", "update", "bulk_update", "delete", "get_or_create"}
WRITES |= {"update_or_create", "copy"}
# Each with why it leaves none.
WITHOUT = {
    ("daihou.web.parties.cutover", "_attempt"): "called by its name in a table; the caller records",
    ("daihou.web.contacts.operations", "preview"): "makes no more than the counter row it locks",
    ("daihou.web.contacts.operations", "previews"): "makes no more than the counter row it locks",
}


def module_of(path):
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def functions():
    """Map (module, name) to what a function calls and whether it writes and knows its user."""
    found = {}
    for path in sorted((SOURCE / "web").rglob("*.py")):
        if "migrations" in path.parts or "sandbox" in path.parts:
            continue
        tree, module = ast.parse(path.read_text(encoding="utf-8")), module_of(path)
        names = imported(tree, module)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                names.setdefault(node.name, (module, node.name))
        texts = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found[(module, node.name)] = read(node, names, texts)
    return found


def imported(tree, module):
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("daihou"):
            for alias in node.names:
                names[alias.asname or alias.name] = (node.module, alias.name)
    return names


def read(node, names, texts):
    calls, is_writing = set(), False
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in names:
            calls.add(names[inner.id])
        if isinstance(inner, ast.Name) and is_change(texts.get(inner.id)):
            is_writing = True
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            package, name = names.get(inner.value.id, ("", ""))
            if package:
                calls.add((f"{package}.{name}", inner.attr))
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            is_writing |= inner.func.attr in WRITES and "objects" in ast.dump(inner.func)
            is_writing |= inner.func.attr == "save"
    arguments = {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
    return {"calls": calls, "writes": is_writing, "user": "acting_user" in arguments}


def is_change(value):
    text = getattr(value, "value", None)
    if not isinstance(text, str):
        return False
    return any(word in text.upper() for word in ("INSERT INTO", "DELETE FROM", "UPDATE "))


def reaches(start, wanted, seen=None):
    """Tell whether a function, or what it calls, is wanted."""
    seen = set() if seen is None else seen
    if start in seen or start in WITHOUT:
        return False
    seen.add(start)
    if wanted(start):
        return True
    found = functions().get(start)
    return found is not None and any(reaches(each, wanted, seen) for each in found["calls"])


def test_every_change_for_somebody_leaves_a_row():
    known = functions()
    assert len(known) > 1_000
    assert {RECORD, PERMITS} <= set(known)
    callers = {}
    for name, found in known.items():
        for called in found["calls"]:
            callers.setdefault(called, set()).add(name)

    def records(name):
        return reaches(name, lambda each: each in {RECORD, PERMITS})

    def writes(name):
        return reaches(name, lambda each: known.get(each, {}).get("writes", False))

    def is_covered(name, seen):
        """Records itself, or is a part of nothing but what does."""
        if name in seen or records(name):
            return True
        above = callers.get(name, set()) - {name}
        return bool(above) and all(is_covered(each, seen | {name}) for each in above)

    assert writes(("daihou.web.parties.editing", "put_datum"))  # It sees SQL and models alike.
    assert writes(("daihou.web.privacy.looks", "count_one"))
    bare = {
        name
        for name, found in known.items()
        if found["user"] and writes(name) and not is_covered(name, frozenset())
    }
    assert sorted(bare - set(WITHOUT)) == []
    assert set(WITHOUT) <= set(known)
