"""Add dated parameters and profiles: asked for by one person of compliance, decided by another."""

import re
from datetime import date
from typing import Any

from django.db import transaction

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Product
from daihou.web.parameters.models import (
    Confidence,
    LenderType,
    LendingProfile,
    Parameter,
    ProductClass,
)

KIND = "parameter.change"
PROFILE_KIND = "profile.change"
NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
SOURCE_LONGEST = 256


def request_parameter(
    *, fields: dict[str, Any], reason: str, acting_user: User, book: Book | None = None
) -> Approval:
    """Ask for a row. ``fields`` as ``add_parameter`` takes them, days as ISO texts.

    :raises DaihouError: as ``add_parameter``; :raises ApprovalRefused: as ``approvals.request``.
    """
    checked = _checked(**fields)
    return approvals.request(
        kind=KIND,
        book=book,
        target_type="parameter",
        target_id=f"{checked['jurisdiction']}/{checked['name']}",
        payload={
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in checked.items()
        },
        reason=reason,
        acting_user=acting_user,
    )


@transaction.atomic
def add_parameter(*, fields: dict[str, Any], acting_user: User) -> Parameter:
    """Add a row; rows before it stay as they were.

    :raises DaihouError: ``parameter.name_invalid``, ``parameter.source_missing``,
        ``parameter.source_too_long``, ``parameter.confidence_unknown``, ``parameter.day_invalid``,
        ``parameter.span_backwards``, ``parameter.value_missing``, ``parameter.form_differs``.
    """
    row = Parameter.objects.create(**_checked(**fields))
    audit.record(
        acting_user=acting_user,
        action="parameter.add",
        target_type="parameter",
        target_id=row.pk,
        details={
            "name": row.name,
            "jurisdiction": row.jurisdiction,
            "valid_from": row.valid_from.isoformat(),
        },
    )
    return row


def _checked(
    *,
    name: str,
    jurisdiction: str,
    valid_from: date | str,
    value: Any,
    source: str,
    confidence: str,
    rule_id: str = "",
    valid_through: date | str | None = None,
) -> dict[str, Any]:
    if not NAME.fullmatch(name) or not re.fullmatch(r"[A-Z]{2,16}", jurisdiction):
        raise DaihouError("parameter.name_invalid", name=name, jurisdiction=jurisdiction)
    if not source.strip():
        raise DaihouError("parameter.source_missing")
    if len(source) > SOURCE_LONGEST:
        raise DaihouError("parameter.source_too_long", most=SOURCE_LONGEST)
    if confidence not in Confidence.values:
        raise DaihouError("parameter.confidence_unknown", known=", ".join(Confidence.values))
    if value is None or value in ({}, ""):
        raise DaihouError("parameter.value_missing")
    begins, ends = _day(valid_from), _day(valid_through) if valid_through else None
    if ends is not None and ends < begins:
        raise DaihouError("parameter.span_backwards")
    _check_form(name=name, jurisdiction=jurisdiction, value=value)
    return {
        "name": name,
        "jurisdiction": jurisdiction,
        "valid_from": begins,
        "valid_through": ends,
        "value": value,
        "rule_id": rule_id,
        "source": source.strip(),
        "confidence": confidence,
    }


def _day(given: date | str) -> date:
    try:
        return given if isinstance(given, date) else date.fromisoformat(given)
    except ValueError as exception:
        raise DaihouError("parameter.day_invalid", text=given) from exception


def _check_form(*, name: str, jurisdiction: str, value: Any) -> None:
    """Refuse a value that the readers of this parameter could not read: its keys must be those."""
    before = Parameter.objects.filter(name=name, jurisdiction=jurisdiction).order_by("-pk").first()
    if before is None or not isinstance(before.value, dict):
        return
    optional = {"lender_types", "product_classes", "dated_by"}
    known: set[str] = set()
    for row in Parameter.objects.filter(name=name, jurisdiction=jurisdiction):
        known |= set(row.value)
    given = set(value) if isinstance(value, dict) else None
    if given is None or not given <= known | optional:
        raise DaihouError("parameter.form_differs", name=name, keys=", ".join(sorted(known)))


def carry_out(approval: Approval, user: User) -> None:
    """Add the row that was asked for."""
    add_parameter(fields=dict(approval.payload), acting_user=user)


def request_profile(
    *,
    book: Book,
    valid_from: date | str,
    jurisdiction: str,
    lender_type: str,
    reason: str,
    acting_user: User,
) -> Approval:
    """Ask for a book's profile; a product's comes with its version.

    :raises DaihouError: as ``set_profile``, ``parameter.day_invalid``.
    """
    _check_profile(jurisdiction=jurisdiction, lender_type=lender_type, product_class="")
    return approvals.request(
        kind=PROFILE_KIND,
        book=book,
        target_type="book",
        target_id=book.pk,
        payload={
            "valid_from": _day(valid_from).isoformat(),
            "jurisdiction": jurisdiction,
            "lender_type": lender_type,
        },
        reason=reason,
        acting_user=acting_user,
    )


def carry_out_profile(approval: Approval, user: User) -> None:
    """Give the book the profile that was asked for."""
    assert approval.book is not None
    asked = approval.payload
    set_profile(
        book=approval.book,
        valid_from=date.fromisoformat(asked["valid_from"]),
        jurisdiction=asked["jurisdiction"],
        lender_type=asked["lender_type"],
        acting_user=user,
    )


def _check_profile(*, jurisdiction: str, lender_type: str, product_class: str) -> None:
    if lender_type not in LenderType.values:
        raise DaihouError("profile.lender_type_unknown", known=", ".join(LenderType.values))
    if product_class not in ProductClass.values:
        known = ", ".join(filter(None, ProductClass.values))
        raise DaihouError("profile.product_class_unknown", known=known)
    if not re.fullmatch(r"[A-Z]{2,16}", jurisdiction):
        raise DaihouError("parameter.name_invalid", name="jurisdiction", jurisdiction=jurisdiction)


@transaction.atomic
def set_profile(
    *,
    book: Book,
    valid_from: date,
    jurisdiction: str,
    lender_type: str,
    acting_user: User,
    product: Product | None = None,
    product_class: str = "",
    lpr_cap_from: date | None = None,
) -> LendingProfile:
    """Say under which law and as what kind of lender a book or product lends, from a day on.

    :raises DaihouError: ``profile.lender_type_unknown``, ``profile.product_class_unknown``,
        ``parameter.name_invalid``.
    """
    _check_profile(jurisdiction=jurisdiction, lender_type=lender_type, product_class=product_class)
    Book.objects.select_for_update().get(pk=book.pk)
    row = LendingProfile.objects.create(
        book=book,
        product=product,
        valid_from=valid_from,
        jurisdiction=jurisdiction,
        lender_type=lender_type,
        product_class=product_class,
        lpr_cap_from=lpr_cap_from,
        added_by=acting_user,
    )
    audit.record(
        acting_user=acting_user,
        action="profile.set",
        target_type="book" if product is None else "product",
        target_id=book.pk if product is None else product.pk,
        details={"lender_type": lender_type, "valid_from": valid_from.isoformat()},
    )
    return row
