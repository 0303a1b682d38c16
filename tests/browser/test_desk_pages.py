"""Goal: every page of the bar is quiet, legible and fits. Method: open each, by who may see it."""

from pathlib import Path

import pytest

from daihou.web.access.queries import PERMISSIONS
from daihou.web.board.sight import PAGES

pytestmark = pytest.mark.browser
READING = (Path(__file__).parent / "reading.js").read_text(encoding="utf-8")
READERS = ("manager", "finance", "administrator", "compliance")
ROLES = {"administrator": "admin"}


def reader_of(page):
    """Choose the first of our users who may see a page."""
    roles = PERMISSIONS[page.permission]
    return next(name for name in READERS if ROLES.get(name, name) in roles)


def address(page, book):
    from django.urls import reverse

    return reverse(page.url, args=[book])


@pytest.mark.parametrize(("screen", "language"), [("desk", "zh"), ("phone", "en")])
@pytest.mark.parametrize("reader", READERS)
def test_every_page_of_the_bar_is_legible_and_fits(visit, screen, language, reader):
    browser = visit(screen, language, name=reader)
    browser.page.emulate_media(reduced_motion="reduce")
    faults, opened = [], 0
    for name, page in PAGES.items():
        if not page.group or reader_of(page) != reader:
            continue
        for book in ("demo", "fresh"):
            path = address(page, book)
            assert browser.open(path).status == 200, path
            opened += 1
            said = browser.page.evaluate(READING)
            assert said.pop("lang").startswith(language), path
            if browser.is_too_wide():
                said["width"] = ["too wide"]
            faults += [f"{path} {fault}: {found}" for fault, found in said.items() if found]
            browser.check()
            assert browser.page.locator("[aria-current=page]").count(), name
    assert opened
    assert not faults, "\n".join(faults)
