"""Goal: what a key must carry, what its user must have in the very book, and what the desk asks
are the same permission. Method: read the source of every operation of the API."""

import ast
import inspect
from pathlib import Path

import pytest

from daihou.web.access.queries import PERMISSIONS
from daihou.web.api import resources
from daihou.web.api.site import Needs, api
from daihou.web.api.urls import urlpatterns

assert urlpatterns
OPERATIONS = {
    f"{method} {path}": (operation.view_func, operation.auth_callbacks)
    for prefix, router in api._routers
    for path, view in router.path_operations.items()
    for operation in view.operations
    for method in operation.methods
}
WITHOUT_BOOK = {"/webhooks", "/parameters", "/books"}  # Of the installation, not of a book.


def functions_of(view):
    tree = ast.parse(Path(inspect.getsourcefile(view)).read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def asked_for(name, functions):
    """Collect the permissions a function names, and those of the helpers it calls."""
    found = set()
    for node in ast.walk(ast.Module(body=functions[name].body, type_ignores=[])):
        if isinstance(node, ast.Constant) and node.value in PERMISSIONS:
            found.add(node.value)
        called = node.func.id if isinstance(node, ast.Call) and hasattr(node.func, "id") else ""
        if called in functions:
            found |= asked_for(called, functions)
    return found


def test_the_operations_are_found():
    assert len(OPERATIONS) > 80
    assert len(list(Path(resources.__file__).parent.glob("*.py"))) > 10


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_key_and_the_book_are_held_to_one_permission(name):
    view, callbacks = OPERATIONS[name]
    (needs,) = callbacks
    assert isinstance(needs, Needs)
    in_the_book = asked_for(view.__name__, functions_of(view))
    path = name.split()[1]
    if "{book_name}" not in path:
        assert any(path.startswith(place) for place in WITHOUT_BOOK), path
        assert in_the_book == set()
        return
    assert in_the_book == {needs.permission}


def test_a_change_never_rests_on_a_permission_to_look():
    own = {"withdraw_approval"}  # Who asked takes it back; the operation lets nobody else.
    looking = {
        view.__name__
        for name, (view, (needs,)) in OPERATIONS.items()
        if not name.startswith("GET ") and needs.permission.endswith(".view")
    }
    assert looking == own
