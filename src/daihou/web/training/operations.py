"""Hand out a paper, take it in, certify; record what was checked of a collector elsewhere."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from daihou.core.calendar import add_months
from daihou.core.terms import MonthEnd
from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.training.models import (
    Certificate,
    CertificateWithdrawn,
    CheckKind,
    Course,
    Exam,
    ExamResult,
    Question,
    StaffCheck,
)

EXAMS_A_DAY = 3
LATE = timedelta(minutes=1)  # Between pressing the button and arriving here.
TEXT_LONGEST = 200


def start_exam(*, course: Course, user: User, now: datetime) -> Exam:
    """Hand out a paper; one that is still open is given again.

    :raises DaihouError: ``exam.often_today``, ``exam.questions_few``.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        open_exam = Exam.objects.filter(
            course=course, user=user, result__isnull=True, due_at__gt=now
        ).first()
        if open_exam is not None:
            return open_exam
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        taken = Exam.objects.filter(course=course, user=user, started_at__gte=midnight).count()
        if taken >= EXAMS_A_DAY:
            raise DaihouError("exam.often_today", most=EXAMS_A_DAY)
        exam = Exam.objects.create(
            course=course,
            user=user,
            paper=_paper(course),
            started_at=now,
            due_at=now + timedelta(minutes=course.minutes),
        )
        _audit("exam.start", exam.pk, user, {"course": course.code})
    return exam


def _paper(course: Course) -> list[dict[str, object]]:
    """Draw questions, and shuffle the options of each: ``[{question, order}]``."""
    questions = list(course.questions.filter(retired_at__isnull=True))
    if len(questions) < course.question_count:
        raise DaihouError("exam.questions_few", course=course.code)
    chance = random.SystemRandom()
    return [
        {"question": each.pk, "order": chance.sample(range(len(each.options)), len(each.options))}
        for each in chance.sample(questions, course.question_count)
    ]


def hand_in(*, exam: Exam, answers: Mapping[int, int], now: datetime) -> ExamResult:
    """Mark a paper: ``answers`` gives, by question, the place of the option as it was shown.

    A question without answer is wrong; a paper that comes late fails. Who passes is certified from
    today. Handed in twice, the first counts.

    :raises DaihouError: ``exam.handed_in``.
    """
    course = exam.course
    right = _right_answers(exam)
    right_count = sum(answers.get(number) == place for number, place in right.items())
    is_passed = now <= exam.due_at + LATE and right_count * 100 >= course.pass_percent * len(right)
    try:
        with transaction.atomic():
            result = ExamResult.objects.create(
                exam=exam,
                answers={str(number): place for number, place in answers.items()},
                right_count=right_count,
                is_passed=is_passed,
                handed_in_at=now,
            )
            if is_passed:
                _certify(exam, on=timezone.localdate(now, ZoneInfo(settings.TIME_ZONE)))
            _audit(
                "exam.hand_in",
                exam.pk,
                exam.user,
                {"course": course.code, "right": right_count, "of": len(right)},
            )
    except IntegrityError as exception:
        raise DaihouError("exam.handed_in") from exception
    return result


def _right_answers(exam: Exam) -> dict[int, int]:
    questions = Question.objects.in_bulk([each["question"] for each in exam.paper])
    return {
        each["question"]: each["order"].index(questions[each["question"]].right)
        for each in exam.paper
    }


def _certify(exam: Exam, *, on: date) -> None:
    Certificate.objects.create(
        user=exam.user,
        course=exam.course,
        exam=exam,
        issued_on=on,
        valid_through=_valid_through(exam.course, issued_on=on),
        recorded_by=exam.user,
    )


def _valid_through(course: Course, *, issued_on: date) -> date:
    ends = add_months(from_on=issued_on, count=course.valid_months, month_end=MonthEnd.LAST_DAY)
    return ends - timedelta(days=1)


def record_certificate(
    *, user: User, course: Course, issued_on: date, evidence: str, today: date, acting_user: User
) -> Certificate:
    """Take over a certificate of an exam passed elsewhere.

    :raises DaihouError: ``training.evidence_missing``, ``training.own``, ``training.in_future``.
    """
    evidence = _checked(evidence, user=user, on=issued_on, today=today, acting_user=acting_user)
    with transaction.atomic():
        made = Certificate.objects.create(
            user=user,
            course=course,
            evidence=evidence,
            issued_on=issued_on,
            valid_through=_valid_through(course, issued_on=issued_on),
            recorded_by=acting_user,
        )
        _audit("certificate.record", made.pk, acting_user, {"user": user.pk, "course": course.code})
    return made


def withdraw_certificate(*, certificate: Certificate, reason: str, acting_user: User) -> None:
    """Let a certificate count no more, for instance after a breach.

    :raises DaihouError: ``training.reason_missing``, ``training.withdrawn``.
    """
    reason = reason.strip()[:TEXT_LONGEST]
    if not reason:
        raise DaihouError("training.reason_missing")
    try:
        with transaction.atomic():
            CertificateWithdrawn.objects.create(
                certificate=certificate, reason=reason, withdrawn_by=acting_user
            )
            _audit("certificate.withdraw", certificate.pk, acting_user, {})
    except IntegrityError as exception:
        raise DaihouError("training.withdrawn") from exception


def record_check(
    *,
    user: User,
    kind: str,
    is_good: bool,
    on: date,
    evidence: str,
    today: date,
    acting_user: User,
) -> StaffCheck:
    """Note what a check of a collector found; the latest of a kind counts.

    :raises DaihouError: ``training.kind_unknown``, ``training.evidence_missing``,
        ``training.own``, ``training.in_future``.
    """
    if kind not in CheckKind.values:
        raise DaihouError("training.kind_unknown", kind=kind)
    evidence = _checked(evidence, user=user, on=on, today=today, acting_user=acting_user)
    with transaction.atomic():
        made = StaffCheck.objects.create(
            user=user, kind=kind, is_good=is_good, on=on, evidence=evidence, recorded_by=acting_user
        )
        _audit(
            "staff_check.record",
            made.pk,
            acting_user,
            {"user": user.pk, "kind": kind, "is_good": is_good},
        )
    return made


def add_question(
    *,
    course: Course,
    texts: tuple[str, str],
    options: Sequence[tuple[str, str]],
    right: int,
    acting_user: User,
) -> Question:
    """Put a question, in both languages, into the papers of a course.

    :raises DaihouError: ``question.incomplete``, ``question.repeated``.
    """
    pairs = [[zh.strip(), en.strip()] for zh, en in options]
    complete = all(zh and en for zh, en in (*pairs, texts)) and 0 <= right < len(pairs)
    if not complete or len(pairs) < 2:
        raise DaihouError("question.incomplete")
    try:
        with transaction.atomic():
            made = Question.objects.create(
                course=course,
                text_zh=texts[0].strip(),
                text_en=texts[1].strip(),
                options=pairs,
                right=right,
            )
            _audit("question.add", made.pk, acting_user, {"course": course.code})
    except IntegrityError as exception:
        raise DaihouError("question.repeated") from exception
    return made


def retire_question(*, question: Question, now: datetime, acting_user: User) -> None:
    """Leave a question out of papers to come; those handed out keep it."""
    with transaction.atomic():
        Question.objects.filter(pk=question.pk, retired_at__isnull=True).update(retired_at=now)
        _audit("question.retire", question.pk, acting_user, {})


def _checked(evidence: str, *, user: User, on: date, today: date, acting_user: User) -> str:
    evidence = evidence.strip()[:TEXT_LONGEST]
    if not evidence:
        raise DaihouError("training.evidence_missing")
    if user.pk == acting_user.pk:
        raise DaihouError("training.own")
    if on > today:
        raise DaihouError("training.in_future")
    return evidence


def _audit(action: str, target: int, user: User, details: Mapping[str, object]) -> None:
    audit.record(
        acting_user=user,
        action=action,
        target_type=action.split(".", maxsplit=1)[0],
        target_id=target,
        details=details,
    )
