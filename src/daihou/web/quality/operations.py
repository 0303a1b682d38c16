"""Take up a sample, mark it, appeal, decide; put a score sheet in force.

Nobody reviews herself, decides on an appeal against her own review, or reviews a sample twice.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.contacts.models import Permit
from daihou.web.quality.models import (
    Appeal,
    AppealDecision,
    Flag,
    Review,
    Sample,
    ScoreSheet,
)
from daihou.web.quality.queries import sheet_on

TEXT_LONGEST = 500


def ask_for_review(*, permit: Permit, on: date, acting_user: User) -> Sample:
    """Put a contact on the listening list by hand.

    :raises DaihouError: ``quality.drawn_already``.
    """
    try:
        with transaction.atomic():
            made = Sample.objects.create(
                book_id=permit.book_id,
                permit=permit,
                collector_id=permit.acting_user_id,
                flags=[Flag.ASKED],
                drawn_on=on,
            )
            _audit("quality.ask", made.pk, acting_user, {"permit": permit.pk})
    except IntegrityError as exception:
        raise DaihouError("quality.drawn_already") from exception
    return made


def take(*, sample: Sample, acting_user: User) -> Sample:
    """Take up a sample to listen to.

    :raises DaihouError: ``quality.own_contact``, ``quality.taken``.
    """
    with transaction.atomic():
        found = _locked(sample, acting_user)
        if found.reviewer_id not in {None, acting_user.pk}:
            raise DaihouError("quality.taken")
        found.reviewer = acting_user
        found.save(update_fields=["reviewer"])
        _audit("quality.take", found.pk, acting_user, {})
    return found


def set_calibration(*, sample: Sample, acting_user: User) -> None:
    """Let several reviewers mark one contact, each without seeing the others' marks."""
    with transaction.atomic():
        found = Sample.objects.select_for_update().get(pk=sample.pk)
        found.is_calibration = True
        found.save(update_fields=["is_calibration"])
        _audit("quality.calibrate", found.pk, acting_user, {})


def review(
    *, sample: Sample, marks: Mapping[str, int], remark: str, on: date, acting_user: User
) -> Review:
    """Mark a contact by the sheet in force.

    :raises DaihouError: ``quality.own_contact``, ``quality.taken``, ``quality.reviewed``,
        ``quality.marks_incomplete``, ``quality.no_sheet``.
    """
    sheet = sheet_on(on)
    try:
        with transaction.atomic():
            found = _locked(sample, acting_user)
            if not found.is_calibration and found.reviewer_id not in {None, acting_user.pk}:
                raise DaihouError("quality.taken")
            if not found.is_calibration and found.reviews.exists():
                raise DaihouError("quality.reviewed")
            made = Review.objects.create(
                sample=found, reviewer=acting_user, **_marked(sheet, marks, remark)
            )
            _audit("quality.review", made.pk, acting_user, {"passed": made.is_passed})
    except IntegrityError as exception:
        raise DaihouError("quality.reviewed") from exception
    return made


def _marked(sheet: ScoreSheet, marks: Mapping[str, int], remark: str) -> dict[str, Any]:
    """Add up the points; a critical item with fewer than its points fails the contact."""
    most = {each["code"]: each["points"] for each in sheet.items}
    if marks.keys() != most.keys() or any(not 0 <= marks[code] <= most[code] for code in most):
        raise DaihouError("quality.marks_incomplete")
    missed = [
        each["code"]
        for each in sheet.items
        if each["is_critical"] and marks[each["code"]] < each["points"]
    ]
    points, points_most = sum(marks.values()), sum(most.values())
    return {
        "sheet": sheet,
        "marks": dict(marks),
        "points": points,
        "points_most": points_most,
        "is_passed": not missed and points * 100 >= sheet.pass_percent * points_most,
        "missed_critical": missed,
        "remark": remark.strip()[:TEXT_LONGEST],
    }


def appeal(*, review: Review, reason: str, acting_user: User) -> Appeal:
    """Disagree with the review of one's own contact.

    :raises DaihouError: ``quality.not_hers``, ``quality.reason_missing``, ``quality.appealed``.
    """
    if review.sample.collector_id != acting_user.pk:
        raise DaihouError("quality.not_hers")
    reason = _reason(reason)
    try:
        with transaction.atomic():
            made = Appeal.objects.create(review=review, reason=reason, made_by=acting_user)
            _audit("quality.appeal", review.pk, acting_user, {})
    except IntegrityError as exception:
        raise DaihouError("quality.appealed") from exception
    return made


def decide_appeal(
    *, appeal: Appeal, marks: Mapping[str, int] | None, reason: str, acting_user: User
) -> AppealDecision:
    """Uphold an appeal with new marks, by the sheet of the review, or refuse it (no marks).

    :raises DaihouError: ``quality.own_review``, ``quality.own_contact``,
        ``quality.reason_missing``, ``quality.decided``, ``quality.marks_incomplete``.
    """
    first = appeal.review
    if acting_user.pk == first.reviewer_id:
        raise DaihouError("quality.own_review")
    if acting_user.pk == first.sample.collector_id:
        raise DaihouError("quality.own_contact")
    reason = _reason(reason)
    try:
        with transaction.atomic():
            made = AppealDecision.objects.create(
                appeal=appeal,
                is_upheld=marks is not None,
                reason=reason,
                decided_by=acting_user,
            )
            if marks is not None:
                Review.objects.create(
                    sample=first.sample,
                    reviewer=acting_user,
                    follows=first,
                    **_marked(first.sheet, marks, reason),
                )
            _audit("quality.decide", first.pk, acting_user, {"is_upheld": made.is_upheld})
    except IntegrityError as exception:
        raise DaihouError("quality.decided") from exception
    return made


def put_sheet(
    *,
    items: Sequence[Mapping[str, Any]],
    pass_percent: int,
    effective_on: date,
    today: date,
    acting_user: User,
) -> ScoreSheet:
    """Put a score sheet in force from a day that has not begun.

    :raises DaihouError: ``quality.sheet_incomplete``, ``quality.sheet_in_past``,
        ``quality.sheet_repeated``.
    """
    codes = [each["code"] for each in items]
    whole = all(each["zh"].strip() and each["en"].strip() and each["points"] > 0 for each in items)
    if not items or not whole or len(set(codes)) < len(codes) or not 0 < pass_percent <= 100:
        raise DaihouError("quality.sheet_incomplete")
    if effective_on <= today:
        raise DaihouError("quality.sheet_in_past")
    try:
        with transaction.atomic():
            made = ScoreSheet.objects.create(
                effective_on=effective_on,
                items=[dict(each) for each in items],
                pass_percent=pass_percent,
                made_by=acting_user,
            )
            _audit("quality.sheet", made.pk, acting_user, {"items": len(codes)})
    except IntegrityError as exception:
        raise DaihouError("quality.sheet_repeated") from exception
    return made


def _locked(sample: Sample, acting_user: User) -> Sample:
    found = Sample.objects.select_for_update().get(pk=sample.pk)
    if found.collector_id == acting_user.pk:
        raise DaihouError("quality.own_contact")
    return found


def _reason(text: str) -> str:
    reason = text.strip()[:TEXT_LONGEST]
    if not reason:
        raise DaihouError("quality.reason_missing")
    return reason


def _audit(action: str, target: int, user: User, details: Mapping[str, object]) -> None:
    audit.record(
        acting_user=user, action=action, target_type="quality", target_id=target, details=details
    )
