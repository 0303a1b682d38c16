"""Training: how everybody stands, one's own exams, the papers, the questions of a course."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.reading import sent_by
from daihou.web.training import operations, queries
from daihou.web.training.models import Certificate, CheckKind, Course, Exam, Question

OPTIONS_MOST = 5


@require_safe
@book_page("training.view")
def standings(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today = timezone.localdate()
    rows = queries.standings(users=queries.collectors(book=sight.book), on=today)
    ready = sum(each.may_collect(on=today) for each in rows)
    context = {
        "rows": [
            {
                "standing": each,
                "ready": each.may_collect(on=today),
                "left": each.days_left(on=today),
            }
            for each in rows
        ],
        "ready": ready,
        "courses": _courses(),
        "near": queries.EXPIRY_NEAR_DAYS,
        "today": today,
        "may_take": access.may(user=user_of(request), permission="training.take"),
        "may_change": _may_change(request, sight),
    }
    return show(request, "desk/training/standings.html", context, sight=sight, page="training")


@require_safe
@book_page("training.take")
def own(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today, user = timezone.localdate(), user_of(request)
    context = {
        "standing": queries.standing(user=user, on=today),
        "courses": _courses(),
        "certificates": queries.certificates(user=user),
        "exams": queries.exams(user=user),
        "today": today,
    }
    return show(request, "desk/training/own.html", context, sight=sight, page="training")


@require_POST
@book_page("training.take")
def start(request: HttpRequest, *, sight: Sight, code: str) -> HttpResponse:
    found = _course(code)
    made: list[Exam] = []
    if attempt(
        request,
        lambda: made.append(
            operations.start_exam(course=found, user=user_of(request), now=timezone.now())
        ),
        done=_("The paper is handed out; the clock runs."),
    ):
        return redirect("desk:exam", sight.book.name, made[0].pk)
    return redirect("desk:training_own", sight.book.name)


@require_http_methods(["GET", "HEAD", "POST"])
@book_page("training.take")
def paper(request: HttpRequest, *, sight: Sight, exam_id: int) -> HttpResponse:
    exam = (
        Exam.objects.filter(pk=exam_id, user=user_of(request))
        .select_related("course", "result", "user")
        .first()
    )
    if exam is None:
        raise Http404
    refused = ""
    if request.method == "POST":
        try:
            operations.hand_in(exam=exam, answers=_answers(request), now=timezone.now())
            return redirect("desk:exam", sight.book.name, exam.pk)
        except DaihouError as error:
            refused = line_of(error)
    result = getattr(exam, "result", None)
    context = {
        "exam": exam,
        "title": _title(exam.course),
        "result": result,
        "refused": refused,
        "questions": _shown(exam),
        "expired": result is None and timezone.now() > exam.due_at,
    }
    return show(request, "desk/training/paper.html", context, sight=sight, page="training")


def _answers(request: HttpRequest) -> dict[int, int]:
    return {
        int(name.removeprefix("q")): int(place)
        for name, place in request.POST.items()
        if name.startswith("q")
        and isinstance(place, str)
        and (name[1:] + place).isascii()
        and name[1:].isdigit()
        and place.isdigit()
        and len(name) + len(place) < 20
    }


def _shown(exam: Exam) -> list[dict[str, Any]]:
    """Give each question with its options in the order of the paper, in the page's language."""
    number = _language_place()
    questions = Question.objects.in_bulk([each["question"] for each in exam.paper])
    result = getattr(exam, "result", None)
    answers = result.answers if result else {}
    shown = []
    for each in exam.paper:
        question = questions[each["question"]]
        answer = answers.get(str(question.pk))
        shown.append(
            {
                "pk": question.pk,
                "text": (question.text_zh, question.text_en)[number],
                "options": [
                    {
                        "text": question.options[place][number],
                        "is_right": place == question.right,
                        "is_chosen": answer == position,
                    }
                    for position, place in enumerate(each["order"])
                ],
            }
        )
    return shown


@require_safe
@book_page("training.change")
def course(request: HttpRequest, *, sight: Sight, code: str) -> HttpResponse:
    found = _course(code)
    context = {
        "course": found,
        "title": _title(found),
        "questions": list(found.questions.filter(retired_at__isnull=True).order_by("pk")),
        "option_numbers": range(1, OPTIONS_MOST + 1),
    }
    return show(request, "desk/training/course.html", context, sight=sight, page="training")


@require_POST
@book_page("training.change")
def add_question(request: HttpRequest, *, sight: Sight, code: str) -> HttpResponse:
    found, sent = _course(code), sent_by(request, sight)
    pairs = [
        (sent.text(f"zh_{number}"), sent.text(f"en_{number}"))
        for number in range(1, OPTIONS_MOST + 1)
    ]
    attempt(
        request,
        lambda: operations.add_question(
            course=found,
            texts=(sent.text("text_zh"), sent.text("text_en")),
            options=[pair for pair in pairs if any(pair)],
            right=sent.number("right") - 1,
            acting_user=user_of(request),
        ),
        done=_("The question is in the papers to come."),
    )
    return redirect("desk:course", sight.book.name, code)


@require_POST
@book_page("training.change")
def retire(request: HttpRequest, *, sight: Sight, question_id: int) -> HttpResponse:
    found = Question.objects.filter(pk=question_id).select_related("course").first()
    if found is None:
        raise Http404
    operations.retire_question(question=found, now=timezone.now(), acting_user=user_of(request))
    return redirect("desk:course", sight.book.name, found.course.code)


@require_safe
@book_page("training.view")
def person(request: HttpRequest, *, sight: Sight, user_id: int) -> HttpResponse:
    found, today = _person(sight, user_id), timezone.localdate()
    context = {
        "person": found,
        "standing": queries.standing(user=found, on=today),
        "certificates": queries.certificates(user=found),
        "exams": queries.exams(user=found),
        "checks": queries.checks(user=found),
        "kinds": CheckKind,
        "courses": _courses(),
        "today": today,
        "may_change": _may_change(request, sight) and found.pk != user_of(request).pk,
    }
    return show(request, "desk/training/person.html", context, sight=sight, page="training")


@require_POST
@book_page("training.change")
def record(request: HttpRequest, *, sight: Sight, user_id: int) -> HttpResponse:
    found, sent = _person(sight, user_id), sent_by(request, sight)

    def put() -> None:
        shared: dict[str, Any] = {
            "user": found,
            "evidence": sent.text("evidence"),
            "today": timezone.localdate(),
            "acting_user": user_of(request),
        }
        if sent.text("course"):
            course = _course(sent.text("course"))
            operations.record_certificate(course=course, issued_on=sent.day("on"), **shared)
        else:
            operations.record_check(
                kind=sent.text("kind"),
                is_good=sent.text("is_good") == "yes",
                on=sent.day("on"),
                **shared,
            )

    attempt(request, put, done=_("It is on record."))
    return redirect("desk:training_person", sight.book.name, found.pk)


@require_POST
@book_page("training.change")
def withdraw(request: HttpRequest, *, sight: Sight, certificate_id: int) -> HttpResponse:
    found = Certificate.objects.filter(pk=certificate_id).select_related("user").first()
    if found is None:
        raise Http404
    person = _person(sight, found.user_id)
    attempt(
        request,
        lambda: operations.withdraw_certificate(
            certificate=found,
            reason=sent_by(request, sight).text("reason"),
            acting_user=user_of(request),
        ),
        done=_("The certificate counts no more."),
    )
    return redirect("desk:training_person", sight.book.name, person.pk)


def _may_change(request: HttpRequest, sight: Sight) -> bool:
    return may(request, sight, "training.change")


def _courses() -> list[dict[str, Any]]:
    return [{"course": each, "title": _title(each)} for each in Course.objects.order_by("code")]


def _title(course: Course) -> str:
    return (course.title_zh, course.title_en)[_language_place()]


def _language_place() -> int:
    return 0 if (get_language() or "").startswith("zh") else 1


def _course(code: str) -> Course:
    found = Course.objects.filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _person(sight: Sight, user_id: int) -> User:
    found = queries.collectors(book=sight.book).filter(pk=user_id).first()
    if found is None:
        raise Http404
    return found
