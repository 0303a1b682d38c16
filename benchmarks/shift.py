"""A collector's shift by keyboard: ``python -m benchmarks.shift --home FOLDER --cases 50``.

The home is one that ``python -m benchmarks.desk --home FOLDER`` has made. A browser takes the next
case of a collector's own queue, does one of three things in turn (a call that nobody answers, a
promise, a note and a day to come back to it) and goes on by "save and next". Counted for each case
are keys, seconds from the first key to the next case on the screen, and the server's time. The
browser tests play the same script on a small book. The guard holds here, too: where no call is
permitted now, the collector notes it and goes on.
"""

import argparse
import json
import re
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request, expect, sync_playwright

from benchmarks import desk, homes, machine

PATIENCE_MS = 30_000
CASE = re.compile(r"/cases/\d+/$")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Keyboard:
    """One person at her keyboard, counted: keys, and how long the server let her wait."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys, self.server_ms = 0, 0.0
        self.page.on("requestfinished", self._time)

    def _time(self, request: Request) -> None:
        if request.resource_type in {"document", "xhr", "fetch"}:
            timing = request.timing
            self.server_ms += max(0.0, timing["responseStart"] - timing["requestStart"])

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What was done in one case; ``server_ms`` is the sum over all its requests."""

    what: str
    keys: int
    seconds: float
    server_ms: float


class Shift(Keyboard):
    """One collector and the case in front of her; she never touches the mouse."""

    def begin(self, queue: str) -> None:
        self.page.goto(queue)
        self.press("n")
        self.at_a_case()

    def at_a_case(self) -> None:
        self.page.wait_for_url(CASE, timeout=PATIENCE_MS)
        expect(self.page.locator(".case-timeline")).to_be_visible(timeout=PATIENCE_MS)

    def work(self, count: int) -> Iterator[Worked]:
        """Work so many cases, one after the other; fewer where the queue ends before."""
        for number in range(count):
            self.page.wait_for_load_state("networkidle")
            self.keys, self.server_ms, begun = 0, 0.0, time.perf_counter()
            what = self._do(number)
            self.page.wait_for_load_state("networkidle")
            has_next = CASE.search(self.page.url) is not None
            if has_next:
                self.at_a_case()
            yield Worked(
                what=what,
                keys=self.keys,
                seconds=round(time.perf_counter() - begun, 3),
                server_ms=round(self.server_ms, 1),
            )
            if not has_next:
                return

    def _do(self, number: int) -> str:
        if number % 3 == 0:
            return self.call()
        if number % 3 == 1:
            self.open("p", "promise")
            self.save_and_next()
            return "promise"
        self.note("she will ask her employer")
        return "note, put away"

    def call(self) -> str:
        """Dial and note how it ended; where no call is permitted now, say so and go on."""
        self.open("d", "call")
        if not self.page.locator("#save-next").count():
            self.press("Escape")
            self.note("no call permitted now")
            return "no call now"
        self.press("Enter")
        self.is_open("outcome")
        self.press("2")
        self.save_and_next()
        return "call, no answer"

    def note(self, text: str) -> None:
        """Type a note at once, without a look at the form; save it; put the case away."""
        self.press("n")
        self.type(text)
        expect(self.page.locator("textarea[name=text]")).to_have_value(text, timeout=PATIENCE_MS)
        self.press("Tab")
        with self.page.expect_navigation(timeout=PATIENCE_MS):
            self.press("Enter")
        self.at_a_case()
        self.open("t", "later")
        self.save_and_next()

    def open(self, key: str, act: str) -> None:
        self.press(key)
        self.is_open(act)

    def is_open(self, act: str) -> None:
        expect(self.page.locator(f'[data-act="{act}"]')).to_be_visible(timeout=PATIENCE_MS)

    def save_and_next(self) -> None:
        with self.page.expect_navigation(timeout=PATIENCE_MS):
            self.press("Control+Enter")


def summary(worked: list[Worked]) -> dict[str, Any]:
    """Give the middle and the worst of each kind of case, and of all."""
    kinds = {"all": worked}
    for each in worked:
        kinds.setdefault(each.what, []).append(each)
    return {
        what: {
            "cases": len(found),
            "keys": statistics.median(each.keys for each in found),
            "seconds": round(statistics.median(each.seconds for each in found), 2),
            "seconds_most": round(max(each.seconds for each in found), 2),
            "server_ms": round(statistics.median(each.server_ms for each in found), 1),
            "server_ms_most": round(max(each.server_ms for each in found), 1),
        }
        for what, found in kinds.items()
    }


def main() -> None:
    """Parse the command line, play, print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="As given to benchmarks.desk.")
    parser.add_argument("--cases", type=int, default=50)
    given = parser.parse_args()
    with homes.kept(given.home.resolve()):
        print(json.dumps({"machine": machine.describe(), **play(given.cases)}, indent=1))


def play(count: int) -> dict[str, Any]:
    """Work so many cases as the first collector of the book, in a browser without a window."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.cases.models import Case

    open_cases = Case.objects.filter(book__name=desk.BOOK, state="open").count()
    password = desk.password_of("desk-0")
    with desk.served(), sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        queue = f"/books/{desk.BOOK}/cases/"
        page.goto(f"{desk.SITE}/account/login/?next={queue}")
        page.fill("#id_login", "desk-0")
        page.fill("#id_password", password)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        shift = Shift(page)
        shift.begin(f"{desk.SITE}{queue}")
        worked = []
        for each in shift.work(count):
            worked.append(each)
            print(each, file=sys.stderr, flush=True)
        browser.close()
    return {
        "open_cases": open_cases,
        "summary": summary(worked),
        "cases": [asdict(each) for each in worked],
    }


if __name__ == "__main__":
    main()
