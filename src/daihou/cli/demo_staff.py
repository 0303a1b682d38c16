"""The invented staff of the demo's desk: two teams, their lead, a pair for visits, who checks them.

Imported only once the database is there. Everybody who speaks with people passed her exams here,
and somebody else looked at her record.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from daihou.web.access import operations as access
from daihou.web.access.models import User
from daihou.web.cases import staffing
from daihou.web.training import operations as training
from daihou.web.training.models import CheckKind, Course, Exam, Question

CAPACITY: Final = 400
SHOWN_BEFORE: Final = "as shown the first time; daihou user password {name}"
EARLY, LATE = "早期组 early", "中后期组 late"
STAGES: Final = {EARLY: ("M0", "M1"), LATE: ("M2", "M3", "M4", "M5", "M6", "M6+")}
EXAM_DAYS_AGO: Final = 120
NEARLY_OVER_DAYS_AGO: Final = 350  # Of a year: the one whose certificate ends soon.


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """``team`` is empty for who works no cases; ``speaks``: has to be certified."""

    username: str
    name: str
    role: str
    team: str = ""
    speaks: bool = False
    exam_days_ago: int = EXAM_DAYS_AGO


POSTS: Final = (
    Post(username="demo-collector", name="林晓", role="collector", team=EARLY, speaks=True),
    Post(
        username="demo-collector-2",
        name="方宁",
        role="collector",
        team=EARLY,
        speaks=True,
        exam_days_ago=NEARLY_OVER_DAYS_AGO,
    ),
    Post(username="demo-collector-3", name="顾安", role="collector", team=LATE, speaks=True),
    Post(username="demo-collector-4", name="沈悦", role="collector", team=LATE, speaks=True),
    Post(username="demo-lead", name="韩青", role="team_lead", speaks=True),
    Post(username="demo-field", name="石磊", role="field_collector", speaks=True),
    Post(username="demo-field-2", name="白桦", role="field_collector", speaks=True),
    Post(username="demo-quality", name="苏敏", role="quality"),
    Post(username="demo-quality-2", name="于静", role="quality"),  # Decides appeals of the first.
    Post(username="demo-compliance", name="严正", role="compliance"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    user: str
    password: str
    role: str


def known() -> list[LogIn]:
    """List the staff where it was hired before; how to log in was shown then."""
    if not User.objects.filter(username=POSTS[0].username).exists():
        return []
    return [
        LogIn(user=post.username, password=SHOWN_BEFORE.format(name=post.username), role=post.role)
        for post in POSTS
    ]


def hire(*, at: datetime, acting_user: User) -> list[LogIn]:
    """Add everybody, let them sit their exams, set up the teams; return how to log in."""
    made = {}
    log_ins = []
    for post in POSTS:
        user, password = access.add_user(
            username=post.username,
            display_name=post.name,
            roles=[post.role],
            acting_user=acting_user,
        )
        made[post.username] = user
        log_ins.append(LogIn(user=post.username, password=password, role=post.role))
    for post in POSTS:
        if post.speaks:
            _prepare(
                made[post.username],
                at=at - timedelta(days=post.exam_days_ago),
                checked_by=made["demo-quality"],
            )
    _set_up_teams(made, acting_user=acting_user)
    return log_ins


def _set_up_teams(staff: dict[str, User], *, acting_user: User) -> None:
    teams = {
        name: staffing.put_team(
            name=name, lead=staff["demo-lead"], stages=stages, acting_user=acting_user
        )
        for name, stages in STAGES.items()
    }
    for post in POSTS:
        if post.team:
            staffing.put_collector(
                user=staff[post.username],
                team=teams[post.team],
                capacity=CAPACITY,
                languages=["zh"],
                acting_user=acting_user,
            )


def _prepare(user: User, *, at: datetime, checked_by: User) -> None:
    """Let somebody pass every exam that is asked of her, and put her checks on file."""
    for course in Course.objects.filter(is_required=True).order_by("pk"):
        exam = training.start_exam(course=course, user=user, now=at)
        training.hand_in(exam=exam, answers=_answers(exam), now=at + timedelta(minutes=12))
    for kind in CheckKind:
        training.record_check(
            user=user,
            kind=kind.value,
            is_good=True,
            on=at.date(),
            evidence=f"示例档案 {user.pk}-{kind.value}",
            today=at.date(),
            acting_user=checked_by,
        )


def _answers(exam: Exam) -> dict[int, int]:
    """Answer a paper as somebody does who has learnt: everything right."""
    right = dict(Question.objects.filter(course=exam.course).values_list("pk", "right"))
    return {each["question"]: each["order"].index(right[each["question"]]) for each in exam.paper}
