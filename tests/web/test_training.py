"""Goal: who has not passed lately what the rules want, here or by evidence, is not certified."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from daihou.web.training import operations, provided, queries
from daihou.web.training.models import CheckKind, Course, ExamResult, Question
from tests.web.refusing import refusing

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def right_places(exam):
    questions = Question.objects.in_bulk([each["question"] for each in exam.paper])
    return {
        each["question"]: each["order"].index(questions[each["question"]].right)
        for each in exam.paper
    }


def pass_exam(user, code, *, now=NOW):
    exam = operations.start_exam(course=Course.objects.get(code=code), user=user, now=now)
    return operations.hand_in(exam=exam, answers=right_places(exam), now=now)


@pytest.fixture
def clerk(make_user):
    return make_user("quality")


@pytest.fixture
def ann(make_user):
    return make_user("collector")


def test_both_exams_and_both_checks_make_a_collector(db, ann, clerk):
    assert pass_exam(ann, "collections").is_passed
    assert not queries.standing(user=ann, on=TODAY).may_collect(on=TODAY)
    assert pass_exam(ann, "security").is_passed
    for kind in CheckKind.values:
        operations.record_check(
            user=ann,
            kind=kind,
            is_good=True,
            on=TODAY,
            evidence="HR-1",
            today=TODAY,
            acting_user=clerk,
        )
    found = queries.standing(user=ann, on=TODAY)
    assert found.may_collect(on=TODAY)
    assert found.certified_through == date(2027, 11, 19)
    assert found.days_left(on=TODAY) == 364
    assert not queries.standing(user=ann, on=date(2027, 11, 20)).may_collect(on=date(2027, 11, 20))


def test_a_check_that_found_something_counts_from_then_on(db, ann, clerk):
    for is_good in (True, False):
        operations.record_check(
            user=ann,
            kind="clean_record",
            is_good=is_good,
            on=TODAY,
            evidence="HR-2",
            today=TODAY,
            acting_user=clerk,
        )
    assert not queries.standing(user=ann, on=TODAY).is_record_clean


def test_a_paper_is_marked_by_what_was_shown(db, ann):
    course = Course.objects.get(code="collections")
    exam = operations.start_exam(course=course, user=ann, now=NOW)
    assert operations.start_exam(course=course, user=ann, now=NOW).pk == exam.pk
    assert len(exam.paper) == course.question_count
    right = right_places(exam)
    wrong = dict(list(right.items())[:7])
    result = operations.hand_in(exam=exam, answers=wrong, now=NOW)
    assert (result.right_count, result.is_passed) == (7, False)
    with refusing("exam.handed_in"):
        operations.hand_in(exam=exam, answers=right, now=NOW)
    with pytest.raises(DatabaseError, match=r"append_only|permission denied"), transaction.atomic():
        ExamResult.objects.update(is_passed=True)


def test_a_late_paper_fails_and_a_day_has_three(db, ann):
    course = Course.objects.get(code="security")
    for _ in range(3):
        exam = operations.start_exam(course=course, user=ann, now=NOW)
        late = exam.due_at + timedelta(minutes=2)
        assert not operations.hand_in(exam=exam, answers=right_places(exam), now=late).is_passed
    with refusing("exam.often_today"):
        operations.start_exam(course=course, user=ann, now=NOW)
    assert operations.start_exam(course=course, user=ann, now=NOW + timedelta(days=1)).pk


def test_a_certificate_from_elsewhere_needs_evidence_and_another_person(db, ann, clerk):
    course = Course.objects.get(code="security")
    given = {"course": course, "issued_on": date(2026, 1, 5), "today": TODAY}
    with refusing("training.own"):
        operations.record_certificate(user=clerk, evidence="x", acting_user=clerk, **given)
    with refusing("training.evidence_missing"):
        operations.record_certificate(user=ann, evidence=" ", acting_user=clerk, **given)
    made = operations.record_certificate(user=ann, evidence="C-1", acting_user=clerk, **given)
    assert made.valid_through == date(2027, 1, 4)
    missing = queries.standing(user=ann, on=TODAY).missing
    assert [each.code for each in missing] == ["collections"]
    operations.withdraw_certificate(certificate=made, reason="breach", acting_user=clerk)
    assert len(queries.standing(user=ann, on=TODAY).missing) == 2
    with refusing("training.withdrawn"):
        operations.withdraw_certificate(certificate=made, reason="again", acting_user=clerk)


def test_a_question_is_whole_in_both_languages_and_can_be_retired(db, clerk):
    course = Course.objects.get(code="security")
    texts = ("问题", "Question")
    with refusing("question.incomplete"):
        operations.add_question(
            course=course, texts=texts, options=[("是", "")], right=0, acting_user=clerk
        )
    options = [("是", "yes"), ("否", "no")]
    made = operations.add_question(
        course=course, texts=texts, options=options, right=1, acting_user=clerk
    )
    with refusing("question.repeated"):
        operations.add_question(
            course=course, texts=texts, options=options, right=1, acting_user=clerk
        )
    for question in course.questions.exclude(pk=made.pk):
        operations.retire_question(question=question, now=NOW, acting_user=clerk)
    with refusing("exam.questions_few"):
        operations.start_exam(course=course, user=clerk, now=NOW)


def told(user):
    """What the guard is told of a user, by the statement that it is read with."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {provided.SQL}", {"user_id": user.pk})
        (value,) = cursor.fetchone()
    value = json.loads(value) if isinstance(value, str) else value
    return provided.read(None, value).actor


def test_the_guard_is_told_what_the_pages_show(db, ann, clerk):
    nothing = {
        "certified_through": None,
        "has_clean_record": False,
        "signed_confidentiality": False,
    }
    assert told(ann) == nothing
    pass_exam(ann, "collections")
    assert told(ann) == nothing
    pass_exam(ann, "security", now=NOW - timedelta(days=20))
    for kind in CheckKind.values:
        operations.record_check(
            user=ann,
            kind=kind,
            is_good=True,
            on=TODAY,
            evidence="HR-1",
            today=TODAY,
            acting_user=clerk,
        )
    standing = queries.standing(user=ann, on=TODAY)
    assert told(ann) == {
        "certified_through": standing.certified_through,
        "has_clean_record": True,
        "signed_confidentiality": True,
    }
    assert standing.certified_through == date(2027, 10, 30)
    certificate = queries.certificates(user=ann).first()
    operations.withdraw_certificate(certificate=certificate, reason="breach", acting_user=clerk)
    assert told(ann)["certified_through"] is None
