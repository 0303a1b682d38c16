"""Goal: a parameter is the one in force on that day, and says where it comes from.

Limits are built from rows alone; what nobody has entered is refused, never guessed.
"""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from daihou.core.limits import Payee
from daihou.errors import DaihouError, describe
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.ledger.models import Book
from daihou.web.parameters import operations, packs, queries
from daihou.web.parameters.limits import class_rules_on, limitation_rules_on, limits_on
from daihou.web.parameters.models import Confidence, Parameter
from daihou.web.parameters.packs import rows_of
from daihou.web.parameters.queries import parameter_on

LATE = {"name": "allocation.late_from_days", "jurisdiction": "CN"}
LPR = {
    "name": "lpr.one_year",
    "jurisdiction": "CN",
    "valid_from": "2026-11-20",
    "valid_through": "2026-12-20",
    "value": {"rate": "0.035"},
    "source": "a test's own figure",
    "confidence": "own",
}


@pytest.fixture
def book(db):
    return Book.objects.create(name="law", currency="CNY")


@pytest.fixture
def lends_as(book, make_user):
    acting_user = make_user("compliance", username="setter")

    def lend(lender_type, **more):
        return operations.set_profile(
            book=book,
            valid_from=more.pop("valid_from", date(2000, 1, 1)),
            jurisdiction="CN",
            lender_type=lender_type,
            acting_user=acting_user,
            **more,
        )

    return lend


def caps(limits):
    return {cap.most.rule.rule_id: cap.most.value for cap in limits.cost_caps}


def test_takes_the_newest_that_is_in_force(db):
    Parameter.objects.create(
        **LATE, valid_from=date(2030, 1, 1), value={"card": 61}, source="a test", confidence="own"
    )
    assert parameter_on(**LATE, on=date(2029, 12, 31)).value == {"card": 91}
    assert parameter_on(**LATE, on=date(2030, 1, 1)).value == {"card": 61}


def test_of_two_rows_of_one_day_the_later_counts(db):
    for days in (61, 71):
        Parameter.objects.create(
            **LATE,
            valid_from=date(2030, 1, 1),
            value={"card": days},
            source="a test",
            confidence="own",
        )
    assert parameter_on(**LATE, on=date(2030, 1, 1)).value == {"card": 71}


@pytest.mark.parametrize(
    ("jurisdiction", "on"), [("CN", date(2000, 1, 1)), ("XX", date(2026, 1, 1))]
)
def test_says_when_there_is_none(db, jurisdiction, on):
    with pytest.raises(DaihouError) as refused:
        parameter_on(name=LATE["name"], jurisdiction=jurisdiction, on=on)
    assert refused.value.code == "parameter.not_in_force"


@pytest.mark.parametrize("wrong", [{"source": ""}, {"confidence": "sure"}])
def test_a_parameter_without_a_source_is_refused(db, wrong):
    given = {"source": "a test", "confidence": "own", **wrong}
    with pytest.raises(DatabaseError, match="sourced"), transaction.atomic():
        Parameter.objects.create(**LATE, valid_from=date(2031, 1, 1), value=1, **given)


def test_rows_are_never_changed(db):
    for change in (
        lambda: Parameter.objects.update(source="somewhere else"),
        lambda: Parameter.objects.all().delete(),
    ):
        with (
            pytest.raises(DatabaseError, match=r"append_only|permission denied"),
            transaction.atomic(),
        ):
            change()


def test_the_pack_is_seeded_row_by_row_with_source_rule_and_confidence(db):
    rows = rows_of(pack="cn_2026_11", jurisdiction="CN")
    for row in rows:
        found = Parameter.objects.get(
            name=row["name"], jurisdiction="CN", valid_from=row["valid_from"]
        )
        assert (found.value, found.source) == (row["value"], row["source"])
        assert found.confidence in Confidence.values
        assert found.rule_id
    assert len({(row["name"], row["valid_from"]) for row in rows}) == len(rows)


def test_every_source_with_english_words_stands_in_chinese_too(db):
    chinese = packs.sources_in_chinese()
    in_english = re.compile(r"\b[a-z]{3,}\b")
    for row in Parameter.objects.filter(source__regex=r"[a-z]{3}"):
        told = chinese[row.source]
        assert any("一" <= char <= "鿿" for char in told)
        assert not in_english.search(told)
        assert ("凭记忆" in told) is ("from memory" in row.source.lower())


def test_no_figure_known_from_memory_counts_as_read(db):
    memory = Parameter.objects.filter(source__icontains="from memory")
    assert memory.exists()
    assert not memory.filter(confidence="full").exists()


def test_a_rate_of_one_month_is_not_in_force_in_the_next(db):
    of_month = {"name": "lpr.one_year", "jurisdiction": "CN"}
    assert parameter_on(**of_month, on=date(2025, 12, 31)).value == {"rate": "0.030"}
    for on in (date(2025, 11, 30), date(2026, 1, 1)):
        with pytest.raises(DaihouError) as refused:
            parameter_on(**of_month, on=on)
        assert refused.value.code == "parameter.not_in_force"


def test_a_book_in_yuan_without_a_profile_is_held_to_be_a_licensed_lenders(book):
    profile = queries.profile_on(book=book, on=date(2026, 9, 1))
    assert (profile.jurisdiction, profile.lender_type, profile.is_assumed) == (
        "CN",
        "licensed",
        True,
    )
    limits = limits_on(book=book, on=date(2026, 9, 1))
    assert caps(limits) == {"CN-CAP-01": Decimal("0.24"), "CN-CAP-04": Decimal("0.36")}
    assert limits.payees_refused[0][0] is Payee.PLATFORM
    assert limits.penalty_overdue is None


def test_a_book_under_no_known_law_has_no_limits(db):
    book = Book.objects.create(name="far", currency="USD")
    limits = limits_on(book=book, on=date(2026, 9, 1))
    assert (limits.jurisdiction, limits.rules()) == ("", ())


def test_a_rule_holds_from_its_first_day_and_not_before(book, lends_as):
    lends_as("bank", product_class="online_consumer")
    payees = [
        [payee for payee, _ in limits_on(book=book, on=on).payees_refused]
        for on in (date(2025, 9, 30), date(2025, 10, 1))
    ]
    assert payees == [[], [Payee.PLATFORM]]
    disclosed = [
        limits_on(book=book, on=date(2026, 9, 1), contracted_on=on).disclosure
        for on in (date(2026, 7, 31), date(2026, 8, 1))
    ]
    assert [rule is not None for rule in disclosed] == [False, True]
    most = [
        limits_on(book=book, on=on).borrower_most_minor.value
        for on in (date(2025, 3, 13), date(2025, 3, 14))
    ]
    assert most == [20_000_000, 30_000_000]


def test_a_micro_lender_keeps_four_times_the_rate_of_its_plan_or_of_the_law(book, lends_as):
    day = date(2025, 12, 15)
    lends_as("micro_lender")
    assert caps(limits_on(book=book, on=date(2026, 1, 1)))["CN-CAP-02"] == Decimal("0.24")
    lends_as("micro_lender", lpr_cap_from=date(2026, 12, 1))
    operations.add_parameter(fields=LPR, acting_user=_system())
    by_plan = limits_on(book=book, on=date(2026, 12, 1))
    assert caps(by_plan)["CN-CAP-02"] == Decimal("0.140")
    of_a_month = limits_on(book=book, on=date(2026, 12, 1), term_months=1)
    assert caps(of_a_month)["CN-CAP-02"] == Decimal("0.24")
    with pytest.raises(DaihouError) as refused:
        limits_on(book=book, on=date(2028, 1, 10))
    assert refused.value.params["name"] == "lpr.one_year"
    assert "CN-CAP-02" not in caps(limits_on(book=book, on=day))


def test_a_private_lender_is_never_without_a_cap(book, lends_as):
    lends_as("private")
    limits = limits_on(book=book, on=date(2026, 9, 1), contracted_on=date(2025, 12, 15))
    assert caps(limits)["CN-CAP-03"] == Decimal("0.120")
    for contracted_on in (date(2020, 6, 1), date(2025, 11, 15)):
        with pytest.raises(DaihouError) as refused:
            limits_on(book=book, on=date(2026, 9, 1), contracted_on=contracted_on)
        assert refused.value.code == "parameter.not_in_force"


def test_the_newest_profile_counts_and_a_products_own_goes_first(book, lends_as):
    product = book.products.create(code="P1")
    lends_as("bank", valid_from=date(2024, 1, 1))
    lends_as("consumer_finance", valid_from=date(2025, 1, 1))
    lends_as("private", valid_from=date(2025, 6, 1), product=product)

    def found(on, **more):
        return queries.profile_on(book=book, on=on, **more).lender_type

    assert found(date(2024, 12, 31)) == "bank"
    assert found(date(2025, 1, 1)) == "consumer_finance"
    assert found(date(2025, 5, 31), product=product) == "consumer_finance"
    assert found(date(2025, 6, 1), product=product) == "private"


def test_class_and_limitation_rules_come_from_rows(db):
    rules = class_rules_on(jurisdiction="CN", on=date(2023, 7, 1))
    assert rules.after_days == (0, 90, 270, 360)
    assert (rules.observation_months, rules.cure_months, rules.technical_days) == (12, 6, 7)
    assert limitation_rules_on(jurisdiction="CN", on=date(2026, 1, 1)).years == 3
    with pytest.raises(DaihouError):
        class_rules_on(jurisdiction="CN", on=date(2023, 6, 30))


def test_a_row_is_added_by_another_than_who_asked(make_user):
    maker, checker = (make_user("compliance", username=name) for name in ("maker", "checker"))
    asked = operations.request_parameter(fields=LPR, reason="published today", acting_user=maker)
    assert not Parameter.objects.filter(valid_from=date(2026, 11, 20)).exists()
    with pytest.raises(ApprovalRefused):
        approvals.decide(approval=asked, verdict="approved", reason="mine", acting_user=maker)
    approvals.decide(approval=asked, verdict="approved", reason="checked", acting_user=checker)
    found = parameter_on(name="lpr.one_year", jurisdiction="CN", on=date(2026, 11, 20))
    assert (found.value, found.valid_through) == ({"rate": "0.035"}, date(2026, 12, 20))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"source": "  "}, "parameter.source_missing"),
        ({"source": "x" * 257}, "parameter.source_too_long"),
        ({"confidence": "sure"}, "parameter.confidence_unknown"),
        ({"name": "LPR"}, "parameter.name_invalid"),
        ({"jurisdiction": "china"}, "parameter.name_invalid"),
        ({"valid_from": "tomorrow"}, "parameter.day_invalid"),
        ({"valid_through": "2026-11-19"}, "parameter.span_backwards"),
        ({"value": {}}, "parameter.value_missing"),
        ({"value": {"interest": "0.03"}}, "parameter.form_differs"),
        ({"value": 3}, "parameter.form_differs"),
    ],
)
def test_a_row_that_nobody_could_read_is_refused_before_it_is_asked_for(db, wrong, code):
    with pytest.raises(DaihouError) as refused:
        operations.add_parameter(fields={**LPR, **wrong}, acting_user=_system())
    assert refused.value.code == code
    assert "<" not in describe(refused.value).message_en


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"lender_type": "shark"}, "profile.lender_type_unknown"),
        ({"product_class": "yacht"}, "profile.product_class_unknown"),
        ({"jurisdiction": "?"}, "parameter.name_invalid"),
    ],
)
def test_a_profile_of_no_known_kind_is_refused(book, wrong, code):
    given = {"jurisdiction": "CN", "lender_type": "bank", **wrong}
    with pytest.raises(DaihouError) as refused:
        operations.set_profile(
            book=book, valid_from=date(2026, 1, 1), acting_user=_system(), **given
        )
    assert refused.value.code == code


def _system():
    from daihou.web.access.queries import system_user

    return system_user()
