"""What every test shares: Hypothesis profiles and the folder of real data."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("dev", max_examples=100, deadline=None)
settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def shared():
    """Give the folder of real loan books and a peer's cases; skip where there is none."""
    folder = Path(os.environ.get("DAIHOU_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}: set DAIHOU_SHARED")
    return folder


DATABASE_FIXTURES = {
    "scratch_database",
    "running_database",
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "live_server",
}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what needs a database, to be run on another server, too; put browser tests last.

    A browser's event loop lives on in this process, and Django refuses to work under one.
    """
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(item.fixturenames):
            item.add_marker("database")
    yield
    items.sort(key=lambda item: ROOT / "tests" / "browser" in item.path.parents)


def pytest_terminal_summary(terminalreporter):
    """Say what this machine could not run (scripts/setup and scripts/test write the list)."""
    notes = Path(os.environ.get("DAIHOU_NOT_RUN", os.devnull))
    if lines := notes.read_text(encoding="utf-8").splitlines():
        terminalreporter.section("did not run on this machine")
        for line in lines:
            terminalreporter.write_line(line)
