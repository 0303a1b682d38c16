"""Goal: a document says what the loan's page says, in both languages, and the same every time.

Golden texts lie in ``tests/web/golden``; ``DAIHOU_WRITE_GOLDEN=1`` writes them anew, to be read.
"""

import io
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import Event, Kind
from daihou.core.position import position
from daihou.core.terms import (
    Component,
    Contract,
    Method,
    PenaltyTerms,
    PeriodUnit,
    Rate,
    RatePer,
    Terms,
)
from daihou.web.assets.npm import ensure_installed
from daihou.web.board import loan_page, money
from daihou.web.documents import rendering, values
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.kinds import DocumentKind, Language
from daihou.web.documents.operations import MAKERS
from daihou.web.loans.costs import Charged, CostItem

GOLDEN = Path(__file__).parent / "golden"
AS_OF = date(2025, 6, 1)
KNOWN = datetime(2025, 1, 6, tzinfo=UTC)
CONTRACT = Contract(
    loan_ref="XD-2025-000123",
    currency="CNY",
    minor_digits=2,
    principal_minor=1_200_000,
    start_on=date(2025, 1, 6),
    terms=Terms(
        method=Method.EQUAL_INSTALMENT,
        rate=Rate(value=Decimal("0.144"), per=RatePer.YEAR),
        instalment_count=12,
        penalty=PenaltyTerms(multiple=Decimal("1.5")),
    ),
)
COSTS = (
    CostItem(
        code="interest",
        component=Component.INTEREST,
        method=Charged.IN_SCHEDULE,
        standard="年利率 14.4%，按未还本金计收",
        payee="海河消费金融有限公司",
    ),
    CostItem(
        code="penalty",
        component=Component.PENALTY,
        method=Charged.ON_EVENT,
        is_contingent=True,
        standard="逾期本金按贷款利率的 1.5 倍计收",
        payee="海河消费金融有限公司",
    ),
)


@pytest.fixture(scope="module", autouse=True)
def typeface():
    ensure_installed()


def event(kind, on, sequence, amount_minor=0):
    return Event(
        kind=kind,
        effective_on=on,
        recorded_at=KNOWN,
        sequence=sequence,
        key=f"e{sequence}",
        amount_minor=amount_minor,
    )


LATE = (
    event(Kind.DISBURSED, date(2025, 1, 6), 1, 1_200_000),
    event(Kind.PAYMENT_RECEIVED, date(2025, 2, 6), 2, 107_979),
    event(Kind.PAYMENT_RECEIVED, date(2025, 3, 6), 3, 107_979),
    event(Kind.PAYMENT_RECEIVED, date(2025, 4, 9), 4, 60_000),
)
SETTLED = (
    *LATE,
    event(Kind.PAYMENT_RECEIVED, AS_OF, 5, 1_022_392),
)
RE_AGED = (
    *LATE,
    replace(
        event(Kind.RE_AGED, AS_OF, 5),
        change=Change(
            first_due_on=date(2025, 7, 1),
            instalment_count=12,
            every=1,
            unit=PeriodUnit.MONTH,
            interest=InterestTreatment.SPREAD,
        ),
    ),
)
EVENTS = {
    DocumentKind.SETTLEMENT: (date(2026, 1, 6), SETTLED),
    DocumentKind.RESTRUCTURE: (AS_OF, RE_AGED),
}


def subject(events=LATE, language=Language.CHINESE, **more):
    given = {
        "contract": CONTRACT,
        "borrower": "欧阳静宜",
        "id_number": "110***********002X",
        "issuer": "海河消费金融有限公司",
        "product": "消费贷 12 期",
        "cost_items": COSTS,
    }
    return values.Subject(events=tuple(events), language=language, **given | more)


def written(kind, language=Language.CHINESE, **more):
    as_of, events = EVENTS.get(kind, (AS_OF, LATE))
    return MAKERS[kind](subject=subject(events, language, **more), as_of=as_of)


def text_of(content):
    pages = PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages)


def lines_of(content):
    return "\n".join(line.rstrip() for line in text_of(content).splitlines()) + "\n"


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(MAKERS))
def test_says_what_it_said_before(kind, language):
    made = lines_of(rendering.pdf(kind=kind, values=written(kind, language)).content)
    path = GOLDEN / f"{kind.value}-{language.value}.txt"
    if os.environ.get("DAIHOU_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(made)
    assert made == path.read_text()


@pytest.mark.parametrize("kind", list(MAKERS))
def test_the_same_values_give_the_same_bytes(kind):
    first, again = (rendering.pdf(kind=kind, values=written(kind)) for _ in range(2))
    assert first == again
    assert first.template.startswith(f"{kind.value}-")


def test_a_statement_has_every_figure_of_the_page():
    then = position(contract=CONTRACT, events=LATE, as_of=AS_OF)
    page = loan_page.page(contract=CONTRACT, events=LATE, position=then)
    text = text_of(rendering.pdf(kind=DocumentKind.STATEMENT, values=written("statement")).content)
    shown = [page.owed.total_minor, page.owed.overdue_minor, then.principal_outstanding_minor]
    shown += [then.payoff_minor, then.next_due_minor, *(n for _, n in page.owed.by_component)]
    for row in page.instalments:
        shown += [row.total.due_minor, row.total.paid_minor, row.total.outstanding_minor]
    for row in page.payments:
        paid = Counter()
        for part in row.applied.parts:
            paid[part.component] += part.amount_minor
        shown += [row.applied.amount_minor, *paid.values()]
    assert len(shown) > 40
    for amount_minor in shown:
        assert money.full(amount_minor, digits=2) in text


@pytest.mark.parametrize(
    ("currency", "digits", "wanted"),
    [("JPY", 0, "JPY 1,200,000"), ("KWD", 3, "KWD 1,200.000"), ("USD", 2, "$12,000.00")],
)
def test_amounts_have_the_digits_of_their_currency(currency, digits, wanted):
    contract = replace(CONTRACT, currency=currency, minor_digits=digits)
    for kind in (DocumentKind.STATEMENT, DocumentKind.SCHEDULE):
        made = rendering.pdf(kind=kind, values=written(kind, Language.ENGLISH, contract=contract))
        assert wanted in text_of(made.content).replace("\n", " ")


CODE = '#panic("stop") $x^2$ *bold* #read("letter.typ") \\ <b>{loan}</b> [x]'


@pytest.mark.parametrize("kind", list(MAKERS))
def test_code_in_a_value_is_plain_text(kind):
    made = rendering.pdf(kind=kind, values=written(kind, borrower=CODE, note=CODE))
    assert CODE.replace(" ", "") in text_of(made.content).replace(" ", "").replace("\n", "")


@pytest.mark.parametrize("field", ["borrower", "note", "issuer", "product"])
def test_a_field_of_ten_thousand_characters_is_refused(field):
    with pytest.raises(DocumentRefused) as refused:
        rendering.pdf(
            kind=DocumentKind.STATEMENT, values=written("statement", **{field: "长" * 10_000})
        )
    assert refused.value.code == "document.field_too_long"
    assert str(rendering.FIELD_MOST) in str(refused.value)


def test_an_agreement_has_the_figures_of_the_preview():
    made = rendering.pdf(kind=DocumentKind.RESTRUCTURE, values=written(DocumentKind.RESTRUCTURE))
    text = text_of(made.content)
    after = position(contract=CONTRACT, events=RE_AGED, as_of=AS_OF)
    left = [each for each in after.instalments if each.outstanding_minor]
    for each in left:
        assert each.due_on.isoformat() in text
        assert money.full(each.outstanding_minor, digits=2) in text
    assert money.full(sum(each.outstanding_minor for each in left), digits=2) in text


def test_the_release_letter_names_every_item():
    items = [[f"房产 {n}", f"证号 {n}", "欧阳静宜", "产权证 T-1"] for n in range(30)]
    for language in Language:
        given = values.release(
            subject=subject(SETTLED, language), as_of=date(2026, 1, 6), items=items
        )
        text = text_of(rendering.pdf(kind=DocumentKind.RELEASE, values=given).content)
        assert all(f"证号 {n}" in text for n in range(30))


def test_what_cannot_be_printed_is_left_out():
    note = "before\u202eafter\0\nnext"
    made = rendering.pdf(kind=DocumentKind.SCHEDULE, values=written("schedule", note=note))
    text = text_of(made.content)
    assert "before after" in text
    assert "\u202e" not in text


def test_the_longest_fields_stay_on_the_page():
    long = "长" * rendering.FIELD_MOST
    made = rendering.pdf(kind=DocumentKind.SETTLEMENT, values=written("settlement", borrower=long))
    assert text_of(made.content).replace("\n", "").count("长") == rendering.FIELD_MOST


def test_rare_characters_of_names_are_in_the_typeface():
    name = "𬭎㛃龘䶮"
    made = rendering.pdf(kind=DocumentKind.SETTLEMENT, values=written("settlement", borrower=name))
    assert name in text_of(made.content)


@pytest.mark.parametrize(
    ("kind", "events", "code"),
    [
        ("settlement", LATE, "document.not_settled"),
        ("overdue", SETTLED, "document.not_overdue"),
        ("schedule", (), "document.nothing_to_show"),
        ("payoff", SETTLED, "quote.not_active"),
        ("restructure", LATE, "document.no_change"),
    ],
)
def test_a_document_that_would_be_untrue_is_refused(kind, events, code):
    with pytest.raises((DocumentRefused, ValueError)) as refused:
        MAKERS[DocumentKind(kind)](subject=subject(events), as_of=date(2026, 1, 6))
    assert refused.value.code == code


def test_a_loan_without_a_cost_table_discloses_none():
    with pytest.raises(DocumentRefused) as refused:
        written("cost", cost_items=())
    assert refused.value.code == "document.no_cost_table"


def test_a_missing_typeface_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("DAIHOU_NODE_MODULES", str(tmp_path))
    with pytest.raises(DocumentRefused) as refused:
        rendering.pdf(kind=DocumentKind.SCHEDULE, values=written("schedule"))
    assert refused.value.code == "document.typeface_missing"


def test_many_threads_make_the_same_documents():
    given = [written(kind) for kind in (DocumentKind.STATEMENT, DocumentKind.SCHEDULE)] * 8
    alone = [rendering.pdf(kind=DocumentKind(each["kind"]), values=each) for each in given]
    with ThreadPoolExecutor(max_workers=8) as pool:
        at_once = pool.map(
            lambda each: rendering.pdf(kind=DocumentKind(each["kind"]), values=each), given
        )
        assert list(at_once) == alone


def test_pages_can_be_drawn():
    pages = rendering.pictures(kind=DocumentKind.STATEMENT, values=written("statement"), ppi=40)
    assert [page[:4] for page in pages] == [b"\x89PNG"]
