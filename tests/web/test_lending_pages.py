"""Goal: products, parties and lines are worked by page alone, in both languages, by whom may."""

import re

import pytest
from django.urls import reverse

from daihou.web.approvals.models import Approval
from daihou.web.audit.models import AuditRow
from daihou.web.credit.models import Condition, CreditLine, Tranche
from daihou.web.ledger.models import Event
from daihou.web.loans.models import Loan, Product, ProductVersion
from daihou.web.parties.models import LoanRole, Merge, Party
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import NAME, PHONE, demo_book, named_loan

PRODUCTS, PARTIES, CREDIT = (f"/books/demo/{name}/" for name in ("products", "parties", "credit"))
START = "2026-07-01"
TYPED = {
    "effective_on": START, "lender_type": "bank", "product_class": "", "method": "equal_instalment",
    "instalment_count": "12", "every": "1", "unit": "month", "month_end": "last_day",
    "holiday_shift": "none", "rate": "14.4", "rate_per": "year", "day_count": "actual/365",
    "interest_basis": "per_period", "instalment_rule": "nominal_periods", "rounding": "half_up",
    "penalty": "multiple", "penalty_multiple": "1.5", "penalty_rate_per": "day",
    "penalty_rounding": "each_day", "compound_rate_per": "year", "order": "statutory",
    "mode": "horizontal", "surplus": "hold", "tranche_rule": "remaining",
    "principal_least": "1000", "principal_most": "200000", "count_least": "3",
    "count_most": "24", "costs-TOTAL_FORMS": "2", "costs-INITIAL_FORMS": "0",
    "costs-0-code": "interest", "costs-0-component": "interest", "costs-0-method": "in_schedule",
    "costs-0-standard": "14.4% a year", "costs-0-payee": "Bank", "costs-0-payee_role": "lender",
    "costs-1-code": "penalty", "costs-1-component": "penalty", "costs-1-method": "on_event",
    "costs-1-standard": "1.5 times", "costs-1-payee": "Bank", "costs-1-payee_role": "lender",
}  # fmt: skip


@pytest.fixture(scope="module")
def staff(shown):
    """Add the users these pages need beside those of the board."""
    from daihou.web.access import operations as access
    from daihou.web.access.queries import system_user

    for name, roles in (("finance", ["finance"]), ("second", ["manager"])):
        if name in shown:
            continue
        shown[name], _ = access.add_user(username=name, roles=roles, acting_user=system_user())
    return shown


def save(client, path, **changed):
    return client.post(path, TYPED | {"then": "save"} | changed, follow=True)


def approve(client):
    waiting = Approval.objects.filter(state="pending").latest("pk")
    path = reverse("desk:approval_decide", args=["demo", waiting.pk])
    client.post(path, {"verdict": "approved", "reason": "fine"})
    waiting.refresh_from_db()
    assert waiting.state == "carried_out"


@pytest.fixture(scope="module")
def launched(staff, django_db_blocker):
    """Launch a product by pages alone: an analyst drafts and submits, a manager approves."""
    from django.test import Client

    def enter_as(name):
        client = Client(headers={"accept-language": "en"})
        backend = "django.contrib.auth.backends.ModelBackend"
        client.force_login(staff[name], backend=backend)
        return client

    analyst = enter_as("analyst")
    analyst.post(f"{PRODUCTS}add/", {"code": "W1", "name": "Web loan"})
    page = save(analyst, f"{PRODUCTS}W1/new/")
    assert page.status_code == 200, text_of(page)
    answer = analyst.post(
        f"{PRODUCTS}W1/1/act/", {"deed": "submit", "reason": "launch"}, follow=True
    )
    assert "waits for a second person" in text_of(answer)
    approve(enter_as("manager"))
    return ProductVersion.objects.get(product__code="W1", version_no=1)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_in_both_languages(enter, launched, language):
    manager = enter("manager", language)
    party = named_loan(demo_book()).person
    for path in (
        PRODUCTS, f"{PRODUCTS}W1/", f"{PRODUCTS}W1/1/", f"{PRODUCTS}W1/new/",
        f"{PRODUCTS}W1/1/open/", PARTIES, f"{PARTIES}{party.pk}/", f"{PARTIES}duplicates/",
        CREDIT, f"{CREDIT}tranches/{named_loan(demo_book()).loan_ref}/",
    ):  # fmt: skip
        response = manager.get(path)
        assert response.status_code == 200, path
        assert response.headers["Content-Language"] == language


def test_a_product_is_launched_by_pages_alone(enter, launched):
    assert launched.state == "approved"
    page = text_of(enter("analyst").get(f"{PRODUCTS}W1/1/"))
    assert "14.40%" in page
    assert "Within every limit in force" in page
    assert "1.5 times" in page


def test_imported_products_show_their_versions_and_loans(enter, launched):
    version = Loan.objects.filter(product_version__origin="imported").first().product_version
    page = enter("manager").get(f"{PRODUCTS}{version.product.code}/{version.version_no}/")
    assert page.status_code == 200
    assert page.context["loan_count"] == Loan.objects.filter(product_version=version).count() > 0


def test_what_cannot_be_read_is_marked_and_saves_nothing(enter, launched):
    analyst = enter("analyst")
    before = ProductVersion.objects.count()
    for changed, line in (
        ({"rate": "many"}, "Some fields cannot be read"),
        ({"instalment_count": "0"}, "Some fields cannot be read"),
        ({"note": "x" * 10_000}, "Some fields cannot be read"),
        ({"instalment_count": "36"}, "outside its ranges"),
        ({"holiday_shift": "following"}, "calendar"),
        ({"costs-0-code": "Not a code"}, "lower-case letters"),
        ({"costs-TOTAL_FORMS": "900000000"}, "Some fields cannot be read"),
    ):
        page = save(analyst, f"{PRODUCTS}W1/new/", **changed)
        assert page.status_code == 422, changed
        assert line in text_of(page), changed
    assert ProductVersion.objects.count() == before


def test_a_fee_for_paying_off_early_is_typed_and_shown(enter, launched):
    analyst = enter("analyst")
    early = {
        "costs-TOTAL_FORMS": "3", "costs-2-code": "early", "costs-2-component": "fee",
        "costs-2-method": "on_event", "costs-2-standard": "1%", "costs-2-payee": "Bank",
        "costs-2-payee_role": "lender", "costs-2-prepayment_value": "1",
        "costs-2-prepayment": "percent_of_principal", "costs-2-prepayment_free_after": "6",
    }  # fmt: skip
    said = "1 % of the principal not yet due, none once 6 instalments are paid"
    page = save(analyst, f"{PRODUCTS}W1/new/", effective_on="2027-03-01", **early)
    assert said in text_of(page)
    newest = ProductVersion.objects.filter(product__code="W1").latest("version_no")
    assert newest.costs[2]["prepayment"] == {
        "method": "percent_of_principal", "value": "0.01", "free_after_instalments": 6,
    }  # fmt: skip
    form = analyst.get(f"{PRODUCTS}W1/{newest.version_no}/edit/").context["draft"].costs[2]
    assert form.initial["prepayment_value"] == "1"
    assert form.initial["prepayment"] == "percent_of_principal"
    alone = early | {"costs-2-prepayment_value": ""}
    refused = save(analyst, f"{PRODUCTS}W1/new/", effective_on="2027-03-01", **alone)
    assert "paying off early" in text_of(refused)
    assert refused.status_code == 422


def test_a_version_too_dear_shows_the_rule_and_is_not_submitted(enter, launched):
    analyst = enter("analyst")
    save(analyst, f"{PRODUCTS}W1/new/", rate="30", effective_on="2026-12-01")
    newest = ProductVersion.objects.filter(product__code="W1").latest("version_no")
    page = text_of(analyst.get(f"{PRODUCTS}W1/{newest.version_no}/"))
    assert "CN-CAP-01" in page
    assert "30.00 %" in page
    answer = analyst.post(
        f"{PRODUCTS}W1/{newest.version_no}/act/", {"deed": "submit", "reason": "x"}, follow=True
    )
    newest.refresh_from_db()
    assert newest.state == "draft"
    assert "24.00 %" in text_of(answer)
    assert "Rate, % 14.4 % 30 %" in page


def test_who_may_not_change_products_is_refused(enter, launched):
    for name in ("agency", "funder"):
        assert enter(name).get(PRODUCTS).status_code in {403, 404}
    compliance = enter("compliance")
    assert compliance.get(PRODUCTS).status_code == 200
    assert compliance.post(f"{PRODUCTS}add/", {"code": "X", "name": "X"}).status_code == 403
    assert compliance.get(f"{PRODUCTS}W1/new/").status_code == 403
    assert not Product.objects.filter(code="X").exists()


def open_loan(client, ref, **given):
    party = named_loan(demo_book()).person
    typed = {
        "loan_ref": ref, "borrower": party.reference, "principal": "10000", "start_on": START,
    } | given  # fmt: skip
    return client.post(f"{PRODUCTS}W1/1/open/", typed, follow=True)


def test_a_loan_is_opened_and_paid_out_by_two_roles(enter, staff, launched):
    page = open_loan(enter("manager"), "W-1")
    assert page.redirect_chain[-1][0].endswith("/tranches/W-1/")
    payout = {"deed": "disburse", "amount": "10000", "on": START, "paid_minor": "0"}
    path = f"{CREDIT}tranches/W-1/act/"
    assert enter("manager").post(path, payout).status_code == 403
    finance = enter("finance")
    for _ in range(3):  # A form that is sent again pays out once.
        finance.post(path, payout)
    events = Event.objects.filter(loan__loan_ref="W-1")
    assert list(events.values_list("kind", "amount_minor")) == [("disbursed", 1_000_000)]


def test_bad_loans_are_refused_in_words(enter, launched):
    manager = enter("manager")
    for given, line in (
        ({"principal": "1"}, "outside what the product version allows"),
        ({"borrower": "nobody"}, "no party is found"),
        ({"line_ref": "NONE"}, "there is no line"),
        ({"loan_ref": "a b c"}, "not 1 to 64 letters"),
        ({"start_on": "2020-01-01"}, "opens no loans"),
    ):
        page = open_loan(manager, "W-9", **given)
        assert page.status_code == 422
        assert line in text_of(page), given
    assert not Loan.objects.filter(loan_ref="W-9").exists()


def test_a_line_is_asked_for_granted_drawn_frozen_and_restored(enter, staff, launched):
    manager, second = enter("manager"), enter("second")
    party = named_loan(demo_book()).person
    typed = {
        "line_ref": "L-1", "party": party.reference, "limit": "30,000.00",
        "expires_on": "2027-06-30", "reason": "good payer",
    }  # fmt: skip
    assert "waits for a second person" in text_of(manager.post(f"{CREDIT}add/", typed, follow=True))
    approve(second)
    open_loan(manager, "W-2", line_ref="L-1")
    page = text_of(manager.get(f"{CREDIT}lines/L-1/"))
    assert "¥20,000.00" in page
    act = f"{CREDIT}lines/L-1/act/"
    manager.post(act, {"deed": "freeze", "reason": "late elsewhere"})
    assert "is frozen" in text_of(open_loan(manager, "W-3", line_ref="L-1"))
    manager.post(act, {"deed": "restore", "reason": "paid"})
    assert CreditLine.objects.get(line_ref="L-1").is_frozen
    approve(second)
    assert not CreditLine.objects.get(line_ref="L-1").is_frozen
    for limit in ("-1", "1e999", "NaN", "x" * 50, "0.001"):
        answer = manager.post(act, {"deed": "limit", "limit": limit, "reason": "r"}, follow=True)
        assert "this limit makes no sense" in text_of(answer), limit
    assert enter("compliance").post(act, {"deed": "freeze", "reason": "x"}).status_code == 403
    assert "late elsewhere" in text_of(enter("compliance").get(f"{CREDIT}lines/L-1/"))


def test_tranches_are_planned_met_paid_and_cancelled(enter, staff, launched):
    manager, second, finance = (enter(name) for name in ("manager", "second", "finance"))
    open_loan(manager, "W-5")
    path = f"{CREDIT}tranches/W-5/act/"
    plan = {
        "deed": "plan", "amount-1": "4000", "on-1": START, "conditions-1": "invoice",
        "amount-2": "6000", "on-2": "2026-08-01", "conditions-2": "half built\ninsured",
    }  # fmt: skip
    manager.post(path, plan)
    first = Tranche.objects.get(loan__loan_ref="W-5", tranche_no=1)
    assert Condition.objects.filter(tranche__loan__loan_ref="W-5").count() == 3
    pay = {"deed": "pay", "tranche": first.pk, "on": START}
    assert "not signed off" in text_of(finance.post(path, pay, follow=True))
    condition = first.conditions.get()
    manager.post(path, {"deed": "file", "condition": condition.pk, "evidence": "F-1"})
    sign = {"deed": "sign", "condition": condition.pk}
    assert "does not sign it off" in text_of(manager.post(path, sign, follow=True))
    second.post(path, sign)
    finance.post(path, pay)
    first.refresh_from_db()
    assert first.state == "paid_out"
    manager.post(path, {"deed": "cancel", "reason": "enough"})
    states = Tranche.objects.filter(loan__loan_ref="W-5").order_by("tranche_no")
    assert list(states.values_list("state", flat=True)) == ["paid_out", "cancelled"]


def test_a_party_is_found_by_phone_and_shown_masked(enter):
    manager = enter("manager")
    party = named_loan(demo_book()).person
    page = manager.get(PARTIES, {"q": f"+86 {PHONE}"}, follow=True)
    assert page.redirect_chain[-1][0] == f"{PARTIES}{party.pk}/"
    assert PHONE not in text_of(page)
    assert NAME not in text_of(page)
    analyst = enter("analyst").get(PARTIES, {"q": PHONE})
    assert "No party found" in text_of(analyst)


def test_revealing_needs_a_right_and_a_reason_and_is_noted(enter):
    party = named_loan(demo_book()).person
    path = f"{PARTIES}{party.pk}/reveal/"
    manager = enter("manager")
    assert "give a reason" in text_of(manager.post(path, {"reason": " "}))
    answer = manager.post(path, {"reason": "she called"})
    assert PHONE in text_of(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert AuditRow.objects.latest("pk").details == {"reason": "she called"}
    assert enter("analyst").post(path, {"reason": "curious"}).status_code == 403
    assert "she called" in text_of(manager.get(f"{PARTIES}{party.pk}/"))


def add_party(client, **given):
    data = {"kind": "person", "name": "李晓红", "phone": "13900139000"} | given
    return client.post(f"{PARTIES}add/", data, follow=True)


def test_parties_are_added_related_and_agree(enter):
    manager = enter("manager")
    ref = named_loan(demo_book()).loan_ref
    wrong = add_party(manager, id_number="110105194912310021")
    assert "does not agree with its check character" in text_of(wrong)
    assert "the text is too long" in text_of(add_party(manager, name="x" * 10_000))
    page = add_party(manager)
    party = Party.objects.latest("pk")
    act = f"{PARTIES}{party.pk}/act/"
    assert page.redirect_chain[-1][0] == f"{PARTIES}{party.pk}/"
    role = {"deed": "role", "loan": ref, "role": "guarantor", "started_on": START,
            "guarantee_type": "joint", "guarantee_months": "240"}  # fmt: skip
    told = re.search(r"claim by \S+ \d+ days left", text_of(manager.post(act, role, follow=True)))
    assert told[0] in text_of(manager.get(f"/books/demo/limitation/loans/{ref}/"))
    assert "has this role on the loan already" in text_of(manager.post(act, role, follow=True))
    consent = {"deed": "consent", "purpose": "credit_query", "given_at": "2026-06-01T10:00",
               "evidence": "F-9"}  # fmt: skip
    assert "F-9" in text_of(manager.post(act, consent, follow=True))
    company = add_party(
        manager, kind="company", name="德和贸易有限公司", id_number="91350100M000100Y43", phone=""
    )
    company_id = int(re.search(r"(\d+)/$", company.redirect_chain[-1][0])[1])
    link = {"deed": "link", "other": party.reference, "kind": "owner", "share": "60",
            "started_on": START}  # fmt: skip
    page = text_of(manager.post(f"{PARTIES}{company_id}/act/", link, follow=True))
    assert "60.00%" in page
    assert ref in page
    assert LoanRole.objects.get(party=party).guarantee_type == "joint"
    for deed, line in (
        ({"deed": "role", "loan": "none", "role": "contact"}, "no such loan"),
        ({"deed": "consent", "purpose": "fun", "given_at": "x", "evidence": "e"}, "is no day"),
        ({"deed": "link", "other": "nobody", "kind": "owner"}, "no party is found"),
    ):
        assert line in text_of(manager.post(act, deed, follow=True))
    assert manager.post(act, {"deed": "fly"}).status_code == 404
    assert enter("analyst").post(act, role).status_code == 403


def test_duplicates_are_merged_parted_and_told_apart_by_page(enter):
    manager = enter("manager")
    party = named_loan(demo_book()).person
    add_party(manager, name="另一人", phone=PHONE)
    other = Party.objects.latest("pk")
    page = text_of(manager.get(f"{PARTIES}duplicates/"))
    assert other.reference in page
    decide = {"kept": party.pk, "other": other.pk, "reason": "same phone", "deed": "merge"}
    manager.post(f"{PARTIES}duplicates/decide/", decide)
    other.refresh_from_db()
    assert other.merged_into_id == party.pk
    answer = manager.get(f"{PARTIES}{other.pk}/", follow=True)
    assert answer.redirect_chain[-1][0] == f"{PARTIES}{party.pk}/"
    undo = reverse("desk:party_undo_merge", args=["demo", Merge.objects.get().pk])
    manager.post(undo, {"reason": "two people"})
    other.refresh_from_db()
    assert other.merged_into_id is None
    manager.post(f"{PARTIES}duplicates/decide/", decide | {"deed": "apart"})
    assert other.reference not in text_of(manager.get(f"{PARTIES}duplicates/"))


def test_only_compliance_deletes_and_the_page_says_so(enter):
    manager = enter("manager")
    add_party(manager, name="被遗忘的人", phone="13700137000")
    party = Party.objects.latest("pk")
    path = f"{PARTIES}{party.pk}/delete/"
    assert manager.post(path, {"reason": "x"}).status_code == 403
    page = enter("compliance").post(path, {"reason": "PIPL 47"}, follow=True)
    assert "Data deleted" in text_of(page)
    assert not party.personal_data.exists()


@pytest.mark.parametrize("path", [PARTIES, CREDIT, PRODUCTS])
def test_users_of_another_book_see_nothing(enter, path):
    assert enter("other").get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [f"{PARTIES}999999999/", f"{CREDIT}lines/none/", f"{PRODUCTS}none/", f"{PRODUCTS}W1/99/",
     f"{CREDIT}tranches/none/"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(enter, launched, path):
    assert enter("manager").get(path).status_code == 404


def test_the_command_lists_versions_and_costs_a_sample(launched, capsys):
    import json

    from daihou.cli import main

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            main.run(arguments)
        return left.value.code, *capsys.readouterr()

    code, out, _ = run("products", "list", "--book", "demo", "--json")
    rows = [row for row in json.loads(out)["versions"] if row["product"] == "W1"]
    assert (code, rows[-1]["version"], rows[-1]["state"]) == (0, 1, "approved")
    code, out, _ = run("products", "sample", "W1", "1", "--principal", "12,000", "--book", "demo")
    assert code == 0
    assert "principal 12,000.00, received 12,000.00" in out
    assert "nominal 14.40 %" in out
    for arguments, expected in (
        (("W1", "9"), "product.version_unknown"),
        (("W1", "1", "--principal", "much"), "product.principal_wrong"),
        (("W1", "1", "--principal", "NaN"), "product.principal_wrong"),
    ):
        code, _, err = run("products", "sample", *arguments, "--book", "demo")
        assert (code, err.split("]")[0]) == (1, f"error[{expected}")
