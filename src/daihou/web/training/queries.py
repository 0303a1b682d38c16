"""How collectors stand: certificates, checks, and what the guard has to know of one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from daihou.web.access.models import RoleGrant, User
from daihou.web.access.queries import PERMISSIONS
from daihou.web.ledger.models import Book
from daihou.web.training.models import Certificate, CheckKind, Course, Exam, StaffCheck

EXPIRY_NEAR_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``certified_through`` is the day on which the first of the required certificates ends.

    None where one was never passed, is not in force yet or was withdrawn.
    """

    user: User
    certified_through: date | None
    missing: tuple[Course, ...]
    is_record_clean: bool
    is_confidentiality_signed: bool

    def may_collect(self, *, on: date) -> bool:
        return (
            self.certified_through is not None
            and on <= self.certified_through
            and self.is_record_clean
            and self.is_confidentiality_signed
        )

    def days_left(self, *, on: date) -> int | None:
        """Count the days until the first certificate ends."""
        return None if self.certified_through is None else (self.certified_through - on).days


def standings(*, users: Iterable[User], on: date) -> tuple[Standing, ...]:
    """Tell how each user stands on a day, in the order given; three queries for all."""
    people = list(users)
    courses = list(Course.objects.filter(is_required=True).order_by("code"))
    through = _through(people, on=on)
    checks = _checks(people)
    found = []
    for user in people:
        ends = {course.pk: through.get((user.pk, course.pk)) for course in courses}
        days = [each for each in ends.values() if each is not None]
        missing = tuple(course for course in courses if ends[course.pk] is None)
        found.append(
            Standing(
                user=user,
                certified_through=None if missing or not days else min(days),
                missing=missing,
                is_record_clean=checks[user.pk].get(CheckKind.CLEAN_RECORD, False),
                is_confidentiality_signed=checks[user.pk].get(CheckKind.CONFIDENTIALITY, False),
            )
        )
    return tuple(found)


def collectors(*, book: Book) -> QuerySet[User]:
    """Query the active users who may work on cases of a book."""
    granted = RoleGrant.objects.filter(
        Q(book_name="") | Q(book_name=book.name), role__in=PERMISSIONS["case.work"]
    )
    return User.objects.filter(pk__in=granted.values("user_id"), is_active=True).order_by(
        "username"
    )


def certificates(*, user: User) -> QuerySet[Certificate]:
    """Query a user's certificates, newest first, also those that were withdrawn."""
    found = Certificate.objects.filter(user=user).select_related("course", "withdrawn")
    return found.order_by("-issued_on", "-pk")


def exams(*, user: User) -> QuerySet[Exam]:
    """Query the papers a user was handed, newest first."""
    found = Exam.objects.filter(user=user).select_related("course", "result")
    return found.order_by("-started_at")


def checks(*, user: User) -> QuerySet[StaffCheck]:
    """Query what was checked of a user, newest first."""
    return StaffCheck.objects.filter(user=user).order_by("-pk")


def standing(*, user: User, on: date) -> Standing:
    """Tell how one user stands on a day."""
    return standings(users=[user], on=on)[0]


def _through(people: list[User], *, on: date) -> dict[tuple[int, int], date]:
    found: dict[tuple[int, int], date] = {}
    rows = Certificate.objects.filter(
        user__in=people, issued_on__lte=on, withdrawn__isnull=True, course__is_required=True
    ).values_list("user_id", "course_id", "valid_through")
    for user_id, course_id, valid_through in rows:
        key = (user_id, course_id)
        found[key] = max(found.get(key, valid_through), valid_through)
    return {key: day for key, day in found.items() if day >= on}


def _checks(people: list[User]) -> dict[int, dict[str, bool]]:
    latest: dict[int, dict[str, bool]] = defaultdict(dict)
    rows = StaffCheck.objects.filter(user__in=people).order_by("id")
    for user_id, kind, is_good in rows.values_list("user_id", "kind", "is_good"):
        latest[user_id][kind] = is_good
    return latest
