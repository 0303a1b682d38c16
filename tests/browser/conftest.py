"""A served site and a real browser; without a browser these tests say so and do not run."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.database import *  # noqa: F403
from tests.database import scratch
from tests.web.odd_books import make_odd_books
from tests.web.paid_book import make_paid_book
from tests.web.servicing_book import make_site as make_servicing_book
from tests.web.shown_book import PASSWORD, make_shown_book, make_users

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENS = {
    "desk": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
SPOKEN = {"zh": "zh-CN", "en": "en-US"}
WATCH_POLICY = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
START_SECONDS = 60


@pytest.fixture(scope="session")
def site(running_database, django_db_blocker, tmp_path_factory):
    """Serve a book by ``daihou serve`` and give its address."""
    from daihou.web.assets.npm import ensure_installed

    ensure_installed()
    folder = tmp_path_factory.mktemp("site")
    with (
        pytest.MonkeyPatch.context() as patch,
        scratch(folder=folder, monkeypatch=patch, blocker=django_db_blocker),
    ):
        make_shown_book()
        make_odd_books()
        _import_files(folder)
        make_users()
        make_servicing_book()
        make_paid_book()
        log = (folder / "serve.log").open("w")
        server = subprocess.Popen(
            [sys.executable, "-m", "daihou", "serve"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(os.environ),
            text=True,
        )
        try:
            yield _address(server, folder / "serve.log")
        finally:
            server.terminate()
            server.wait(20)
            server.stdout.close()
            log.close()


@pytest.fixture
def beside(site, django_db_blocker):
    """Run a function on the site's database in a thread: the browser's loop runs in this one."""
    from django.db import connections

    def run(make, *given, **named):
        def made():
            try:
                return make(*given, **named)
            finally:
                connections.close_all()

        with django_db_blocker.unblock(), ThreadPoolExecutor(1) as pool:
            return pool.submit(made).result()

    return run


def _import_files(folder):
    """Import loans with payments that have none, as a person would."""
    from daihou.cli.importing import import_tape

    tables = {
        "loans": "loan_ref,currency,principal,disbursed_on\nF1,CNY,1000,2024-01-31\n",
        "dues": "loan_ref,instalment_no,due_on,principal\nF1,1,2024-02-29,1000\n",
        "payments": "loan_ref,effective_on,amount\nF1,2024-02-29,400\n"
        + "".join(f"NOBODY-{n},2024-02-29,{n}\n" for n in range(70)),
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    import_tape(
        format_name="native", paths=[folder / f"{name}.csv" for name in tables], book="files"
    )


def _address(server, log):
    line = server.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, f"daihou serve said {line!r}; {log.read_text()}"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{found[0]}account/login/", timeout=5):
                return found[0].rstrip("/")
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"no answer at {found[0]}: {log.read_text()}")


@pytest.fixture(scope="session")
def chromium(site):
    """Start the machine's Chromium, else the one that Playwright brought."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, NAMES)), playwright.chromium.executable_path)
        if not Path(path).exists():
            pytest.skip("no Chromium on this machine: browser tests did not run")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """One page of one browser, with everything the browser complained about."""

    def __init__(self, page, site):
        self.page, self.site, self.complaints = page, site, []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _hear(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    def open(self, path):
        response = self.page.goto(f"{self.site}{path}")
        self.page.wait_for_load_state("networkidle")
        return response

    def log_in(self, name="manager"):
        self.open("/account/login/")
        self.page.fill("#id_login", name)
        self.page.fill("#id_password", PASSWORD)
        self.page.locator("form[action$='/account/login/'] button[type=submit]").click()
        self.page.wait_for_load_state("networkidle")
        assert "/account/" not in self.page.url

    def is_too_wide(self):
        return self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )

    def check(self):
        """Fail on any complaint of the browser and on any refusal by the policy."""
        refused = self.page.evaluate("window.refused")
        assert not self.complaints, self.complaints
        assert not refused, refused


@pytest.fixture(scope="session")
def sessions():
    """Keep who has logged in: nobody does so more often than the limits allow."""
    return {}


@pytest.fixture
def visit(chromium, site, sessions):
    """Open a browser of a size and a language: ``visit("phone", "zh")``, logged in unless told."""
    contexts = []

    def make(screen="desk", language="en", name="manager"):
        given = {"locale": SPOKEN[language], "storage_state": sessions.get(name)}
        context = chromium.new_context(**given, **SCREENS[screen])
        contexts.append(context)
        context.add_init_script(WATCH_POLICY)
        made = Visit(context.new_page(), site)
        if name and name not in sessions:
            made.log_in(name)
            sessions[name] = context.storage_state()
        return made

    yield make
    for context in contexts:
        context.close()
