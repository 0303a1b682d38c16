"""A team lead's, a reviewer's and a compliance officer's day over real pages, in both languages."""

import wave
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daihou.web.access.queries import system_user
from daihou.web.archive import operations as archive
from daihou.web.archive.models import Kind, Target
from tests.web.collected_book import case_of, make_user
from tests.web.talked_book import DAY, NIGHT, TEN, call, let_in, make_talked_book, staff

pytestmark = pytest.mark.browser

NAME = "talked"
PLAY = """(sound) => new Promise((done, fail) => {
  sound.addEventListener("timeupdate", () => { if (sound.currentTime > 0.2) done(); });
  sound.addEventListener("error", () => fail(sound.error));
  sound.play().catch(fail);
})"""
USERS = {
    "lead-1": "team_lead",
    "listener-1": "quality",
    "officer-1": "compliance",
    "manager-1": "manager",
}


@pytest.fixture
def talked(beside):
    """Make a book beside the running site, once: calls of tomorrow morning, two collectors."""
    beside(make_once)
    return NAME


def make_once():
    from daihou.collect.requests import Outcome
    from daihou.web.cases.assigning import claim
    from daihou.web.cases.models import Collector, Team
    from daihou.web.ledger.models import Book

    if Book.objects.filter(name=NAME).exists():
        return
    book = make_talked_book(name=NAME, first=2_000)
    team = Team.objects.create(name="first")
    ann = staff("ann-1")
    for collector in (ann, staff("bea-1")):
        Collector.objects.create(user=collector, team=team, capacity=3)
    for ref in "AB":
        claim(case=case_of(book, ref), at=TEN, acting_user=ann)
    call(book, "A", ann, recording="")
    call(book, "B", ann, at=TEN + timedelta(hours=1), outcome=Outcome.UNANSWERED)
    call(book, "D", ann, seconds=4, recording=keep_recording(book))
    for username, role in USERS.items():
        let_in(make_user(username, role))


def keep_recording(book):
    """Put two seconds of silence into the archive; return their digest."""
    content = BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(32_000))
    content.seek(0)
    stored = archive.store_file(
        book=book,
        name="call.wav",
        kind=Kind.RECORDING,
        content=content,
        links=[archive.Owner(target_type=Target.PARTY, target_id=case_of(book, "D").party_id)],
        arrived_on=NIGHT,
        acting_user=system_user(),
    )
    return stored.content_id


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_team_lead_looks_and_hands_over(visit, talked, language):
    browser = visit(language=language, name="lead-1")
    page = browser.page
    browser.open(f"/books/{talked}/supervision/")
    row = page.locator("#seats tbody tr", has_text="ann-1")
    expect(row).to_be_visible()
    before = int(row.locator("td").last.inner_text().split("/")[0])
    page.select_option("select[name=from]", label="ann-1 · first")
    page.select_option("select[name=to]", label="bea-1 · first")
    page.fill("input[name=count]", "1")
    page.fill("input[name=note]", "ann is away")
    page.locator("form[action$='hand-over/'] button").click()
    page.wait_for_load_state("networkidle")
    row = page.locator("#seats tbody tr", has_text="ann-1")
    assert int(row.locator("td").last.inner_text().split("/")[0]) == before - 1
    browser.open(f"/books/{talked}/supervision/figures/?through={DAY}")
    expect(page.locator("table").first).to_be_visible()
    browser.check()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reviewer_draws_listens_and_marks(visit, talked, language):
    browser = visit(language=language, name="listener-1")
    page = browser.page
    browser.open(f"/books/{talked}/listening/")
    page.fill("form[action$='draw/'] input[name=on]", str(DAY))
    page.locator("form[action$='draw/'] button").click()
    page.wait_for_load_state("networkidle")
    page.locator("table a").first.click()
    page.wait_for_load_state("networkidle")
    for mark in page.locator("form input.mark").all():
        mark.fill(mark.get_attribute("max"))
    page.locator("form:has(input.mark) button").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("h2", has_text="100 / 100")).to_be_visible()
    listen(browser, talked)
    for path in ("results/", "sheet/", "?view=all"):
        browser.open(f"/books/{talked}/listening/{path}")
        assert not browser.is_too_wide(), path
    browser.check()


def listen(browser, book):
    """Play the one recording there is."""
    page = browser.page
    browser.open(f"/books/{book}/listening/?view=all")
    links = page.locator("td.wide a")
    for address in links.evaluate_all("links => links.map((each) => each.pathname)"):
        browser.open(address)
        if page.locator("audio").count():
            break
    page.locator("audio").evaluate(PLAY)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_compliance_officer_takes_a_complaint_and_decides(visit, talked, language):
    browser = visit(language=language, name="officer-1")
    page = browser.page
    browser.open(f"/books/{talked}/complaints/new/")
    page.fill("textarea[name=said]", "You call me every day.")
    page.fill("input[name=party]", "person-D")
    page.locator("form[action$='record/'] button").click()
    page.wait_for_load_state("networkidle")
    page.locator("button[value=take]").click()
    page.wait_for_load_state("networkidle")
    page.fill("textarea[name=reasoning]", "We called three times in two days, within the rules.")
    page.locator("button[value=decide]").click()
    page.wait_for_load_state("networkidle")
    page.locator("button[value=answer]").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("button[value=close]")).to_be_visible()
    for path in ("complaints/", "rules/", "training/"):
        browser.open(f"/books/{talked}/{path}")
        assert not browser.is_too_wide(), path
    browser.check()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_collector_sits_an_exam_on_her_phone(visit, talked, beside, language):
    username = f"new-{language}"
    beside(lambda: let_in(make_user(username, "collector")))
    browser = visit("phone", language, name=username)
    page = browser.page
    browser.open(f"/books/{talked}/training/own/")
    assert not browser.is_too_wide()
    page.locator("form[action*='/exam/'] button").first.click()
    page.wait_for_load_state("networkidle")
    for question in page.locator("fieldset").all():
        question.locator("input").first.check()
    assert not browser.is_too_wide()
    page.locator("form:has(fieldset) button").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("fieldset[disabled]").first).to_be_visible()
    browser.check()


@pytest.mark.parametrize(("screen", "language"), [("desk", "zh"), ("phone", "en")])
def test_a_manager_sets_up_a_team_shares_cases_out_and_takes_the_figures(
    visit, talked, screen, language
):
    browser = visit(screen, language, name="manager-1")
    page = browser.page
    browser.open(f"/books/{talked}/supervision/staffing/")
    form = page.locator("form:has([value=team]):has(input[name=name]:not([type=hidden]))")
    page.locator("details", has=form).locator("summary").click()
    form.locator("[name=name]").fill(f"night-{language}")
    form.locator("[name=stages]").first.check()
    form.locator("button").click()
    expect(page.locator("summary", has_text=f"night-{language}")).to_be_visible()
    assert not browser.is_too_wide()
    browser.open(f"/books/{talked}/supervision/")
    page.locator("form[action$='assign/'] button").click()
    expect(page.locator(".alert")).to_be_visible()
    assert not browser.is_too_wide()
    browser.open(f"/books/{talked}/supervision/figures/?through={DAY}")
    assert not browser.is_too_wide()
    with page.expect_download() as taken:
        page.locator("a[href*='/export/']").click()
    assert taken.value.path().read_text(encoding="utf-8-sig").count("\n") > 1
    browser.check()


@pytest.mark.parametrize(("screen", "language"), [("desk", "zh"), ("phone", "en")])
def test_a_compliance_officer_notes_an_agreement_and_lifts_a_stop(
    visit, talked, beside, screen, language
):
    party = beside(stop_contact, talked)
    browser = visit(screen, language, name="officer-1")
    page = browser.page
    browser.open(f"/books/{talked}/parties/{party}/known/")
    assert not browser.is_too_wide()
    form = page.locator("form:has([value=agree])")
    form.locator("[name=evidence]").fill(f"letter {language}")
    form.locator("button").click()
    expect(page.locator("li", has_text=f"letter {language}")).to_be_visible()
    browser.open(f"/books/{talked}/stops/")
    assert not browser.is_too_wide()
    page.locator("td.wide a").first.click()
    expect(page.locator("textarea[name=reason]")).to_be_visible()
    assert not browser.is_too_wide()
    page.fill("textarea[name=reason]", "she asked to be called again")
    page.fill("input[name=her_word]", f"recording {language}")
    page.locator("form[action$='/lift/'] button").click()
    expect(page.locator("dd", has_text="she asked to be called again")).to_be_visible()
    browser.open(f"/books/{talked}/stops/?show=ended")
    assert page.locator("td.wide a").count()
    assert not browser.is_too_wide()
    browser.check()


def stop_contact(name):
    """Stop contact with a person as she asked; return her number."""
    from daihou.collect.facts import StopKind
    from daihou.web.access.models import User
    from daihou.web.contacts import stops
    from daihou.web.ledger.models import Book

    book = Book.objects.get(name=name)
    party = case_of(book, "D").party
    stops.order(
        party=party,
        kind=StopKind.CEASE,
        at=timezone.now() - timedelta(hours=1),
        acting_user=User.objects.get(username="ann-1"),
        note="leave me alone",
        book=book,
    )
    return party.pk
