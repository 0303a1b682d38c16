"""Goal: every example that the demo's desk promises stands there, made once."""

import pytest
from django.utils import timezone

from daihou.cli import demo
from daihou.web.access.queries import system_user
from daihou.web.approvals.models import Approval
from daihou.web.collateral.models import Item, Paper, Pledge, Valuation
from daihou.web.credit.models import CreditLine
from daihou.web.ledger.models import Event
from daihou.web.loans.models import ProductVersion
from daihou.web.parties.models import LoanRole
from daihou.web.payments.models import AdapterKind, Channel, Mandate, Receipt
from daihou.web.servicing.actions import Action, kind_of
from tests.database import scratch
from tests.web.shown_book import make_shown_book

COUNTED = (Approval, Channel, CreditLine, Event, Item, LoanRole, Mandate, ProductVersion, Receipt)


@pytest.fixture(scope="module")
def book(running_database, django_db_blocker, tmp_path_factory):
    """Put the examples on a small book that ends on the demo's day."""
    with (
        pytest.MonkeyPatch.context() as patch,
        scratch(
            folder=tmp_path_factory.mktemp("demo"), monkeypatch=patch, blocker=django_db_blocker
        ),
    ):
        made = make_shown_book()
        assert made.name == demo.BOOK
        for name in demo.ROLES:
            demo._login(name, acting_user=system_user())
        demo._examples(book=made, now=timezone.now())
        yield made


def test_a_product_is_in_force_and_its_next_version_a_draft(book):
    versions = ProductVersion.objects.filter(product__book=book, product__code="SLD-12")
    told = versions.order_by("version_no").values_list("state", "effective_on")
    assert [state for state, _ in told] == ["approved", "draft"]
    assert told[0][1] == book.business_date < told[1][1]


def test_money_can_come_in_by_every_channel(book):
    channels = Channel.objects.filter(book=book)
    assert set(channels.values_list("adapter", flat=True)) == set(AdapterKind.values)
    assert Mandate.objects.filter(channel__adapter=AdapterKind.BANK_DEBIT).count() == 20


def test_one_loan_is_secured_by_a_guarantor_and_a_car(book):
    role = LoanRole.objects.get(role="guarantor", loan__book=book)
    pledge = Pledge.objects.get(item__item_no="YP-0001")
    assert (role.guarantee_type, role.loan) == ("joint", pledge.loan)
    assert Valuation.objects.get(item=pledge.item).value_minor == 6_800_000
    assert Paper.objects.get(item=pledge.item).number == "示例 0001"


def test_a_line_is_open_and_a_deferral_waits(book):
    line = CreditLine.objects.get(book=book)
    assert (line.line_ref, line.limit_minor) == ("SX-0001", 5_000_000)
    waiting = Approval.objects.get(book=book, state="pending")
    assert waiting.kind == kind_of(Action.DEFER)
    assert waiting.made_by.username != demo.USER  # Who looks at the demo may decide.


def test_run_again_nothing_is_added(book):
    before = [model.objects.count() for model in COUNTED]
    demo._examples(book=book, now=timezone.now())
    assert [model.objects.count() for model in COUNTED] == before
