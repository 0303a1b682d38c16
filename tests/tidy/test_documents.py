"""Goal: no page and no error is orphaned. Method: compare what exists with what names it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "daihou"
CODE = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")
CODE_ON_PAGE = re.compile(r"^```.*?^```|^    .*?$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[` /])daihou ([a-z-]+)(?: ([a-z-]+))?", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)")


def pages():
    return sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def pages_in_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return re.findall(r"(\S+\.md)\s*$", text.split("nav:", 1)[1], re.MULTILINE)


def raised_codes():
    """Find the literal codes given to exceptions: ``raise XRefused("area.reason", …)``."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                first = node.exc.args[0] if node.exc.args else None
                code = getattr(first, "value", None)
                if isinstance(code, str) and CODE.match(code):
                    yield code, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_page_is_in_the_navigation_once():
    assert sorted(pages_in_navigation()) == pages()


@pytest.mark.parametrize("page", pages())
def test_links_between_pages_lead_somewhere(page):
    path = DOCS / page
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).is_file(), target


def test_every_raised_code_has_words_in_both_languages():
    from daihou.errors import MESSAGES, ROW_MESSAGES

    lines = ROW_MESSAGES | MESSAGES
    without = {
        code: where
        for code, where in raised_codes()
        if code not in lines or not all(text.strip() for text in lines[code])
    }
    assert without == {}


def commands():
    """Name every command there is, and its own commands where it has some."""
    from importlib import import_module

    from daihou.cli.main import COMMANDS

    found = {}
    for name, (module, _) in COMMANDS.items():
        infos = import_module(module).app.registered_commands
        names = {info.name or info.callback.__name__.replace("_", "-") for info in infos}
        found[name] = names if len(names) > 1 else set()
    return found


@pytest.mark.parametrize("page", ["../README.md", *pages()])
def test_commands_that_are_written_down_exist(page):
    known = commands()
    code = "\n".join(CODE_ON_PAGE.findall((DOCS / page).read_text(encoding="utf-8")))
    for name, inner in COMMAND.findall(code):
        assert name in known, name
        assert not known[name] or not inner or inner in known[name], (name, inner)


def test_every_command_is_written_down():
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for name, inner in commands().items():
        assert f"daihou {name}" in text or f"`{name} " in text
        for each in inner:
            assert each in text, (name, each)
