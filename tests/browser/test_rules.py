"""Goal: the rules of contact fit and are quiet in a real browser, on desk and phone."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_the_rules_are_quiet_and_fit(visit, screen, language):
    browser = visit(screen, language)
    for path in ("/books/demo/rules/", "/books/demo/rules/?on=2025-12-31"):
        assert browser.open(path).status == 200, path
        assert not browser.is_too_wide(), path
    browser.check()
