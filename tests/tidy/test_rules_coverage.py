"""Goal: the page that says where each rule is held names what is there, and leaves no row out."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

from daihou.collect.packs import JURISDICTIONS, rules_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "rules-coverage.md"
PACKS = ROOT / "src" / "daihou" / "web" / "parameters" / "packs"
RULE = re.compile(r"[A-Z]+(?:-[A-Z]+)+-\d\d[A-Z]?")


def rows():
    """Yield the cells of each rule that the page lists."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and RULE.fullmatch(cells[0]):
            yield cells


def known_rules():
    law = {r.rule_id for name in JURISDICTIONS for r in rules_of(jurisdiction=name).rules}
    packs = [tomllib.loads(path.read_text(encoding="utf-8")) for path in PACKS.glob("*.toml")]
    return law | {row["rule_id"] for pack in packs for row in pack["row"]}


def test_every_rule_is_listed_once_and_says_what_holds_it():
    found = [cells[0] for cells in rows()]
    assert len(found) == len(set(found)) == 68
    for rule_id, asks, held_by, code, test in rows():
        assert asks
        assert held_by
        assert bool(code) == bool(test), rule_id
        assert code or held_by.startswith("not yet"), rule_id


def test_what_the_page_names_is_there():
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`]+)`", text))
    ids = {name for name in named if RULE.fullmatch(name)}
    assert ids <= known_rules()
    for name in named - ids:
        if name.startswith("daihou."):
            assert find_spec(name) is not None, name
        else:
            assert (ROOT / name).is_file(), name


def test_every_rule_of_a_pack_stands_on_the_page_or_is_the_houses_own():
    named = set(re.findall(r"`([^`]+)`", PAGE.read_text(encoding="utf-8")))
    law = {
        rule.rule_id
        for name in JURISDICTIONS
        for rule in rules_of(jurisdiction=name).rules
        if rule.confidence != "own"
    }
    assert law <= named
