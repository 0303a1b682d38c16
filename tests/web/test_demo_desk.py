"""Goal: a day at the demo's desk leaves what it says. Method: a small book, its last nights."""

import json
from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Min

from daihou.cli import demo, demo_staff
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.audit import exporting, sealing, verifying
from daihou.web.cases import timeline
from daihou.web.cases.models import Affordability, AssignmentRun, Case, Promise, Turn
from daihou.web.channels.models import Heard, Reminder
from daihou.web.complaints.models import Complaint, PaidClaim
from daihou.web.contacts.models import Outcome, Permit, Refusal, StopOrder
from daihou.web.ledger.models import Book, Event
from daihou.web.quality.models import Review, Sample
from daihou.web.training.models import ExamResult
from daihou.web.visits.models import Visit
from tests.database import scratch

LOANS, NIGHTS = 700, 6
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
LAST = date(2026, 11, 21)
COUNTED = (Permit, Refusal, Promise, Complaint, StopOrder, Visit, Sample, User)


@pytest.fixture(scope="module")
def done(running_database, django_db_blocker, tmp_path_factory):
    """Make the demo with a year of loans of which only the last nights are run."""
    with (
        pytest.MonkeyPatch.context() as patch,
        scratch(
            folder=tmp_path_factory.mktemp("desk"), monkeypatch=patch, blocker=django_db_blocker
        ),
    ):
        patch.setattr("django.utils.timezone.now", lambda: NOW)
        for name in demo.ROLES:
            demo._login(name, acting_user=system_user())
        demo._book_of_invented_loans(loans=LOANS, seed=1, ends_on=LAST, acting_user=system_user())
        patch.setattr(demo, "NIGHTS", NIGHTS)
        books, staff = demo._invented(loans=LOANS, seed=1, acting_user=system_user())
        yield books[0]["desk"], staff


def test_the_book_ends_the_day_before_and_everybody_can_log_in(done):
    assert Book.objects.get(name=demo.BOOK).business_date == LAST
    _, staff = done
    assert [each["user"] for each in staff] == [post.username for post in demo_staff.POSTS]
    assert not Event.objects.filter(recorded_at__gt=NOW).exists()
    for each in staff:
        assert User.objects.get(username=each["user"]).check_password(each["password"])


def test_who_speaks_with_people_passed_every_exam(done):
    speaking = [post for post in demo_staff.POSTS if post.speaks]
    passed = Counter(ExamResult.objects.filter(is_passed=True).values_list("exam__user", flat=True))
    assert len(passed) == len(speaking)
    assert len(set(passed.values())) == 1


def test_reminders_went_out_and_were_answered(done):
    told, _ = done
    assert Permit.objects.filter(purpose="reminder").count() == told["reminder"] > 0
    assert Heard.objects.filter(kind="receipt").exists()
    assert Heard.objects.filter(kind="opt_out").exists()
    assert Heard.objects.filter(kind="reply").exists()
    assert StopOrder.objects.filter(kind="opt_out", channels=["sms"]).exists()
    tomorrow = Reminder.objects.filter(on=LAST + timedelta(days=1))
    assert tomorrow.exists()
    assert set(tomorrow.values_list("state", flat=True)) == {"planned"}


def test_a_fourth_talk_in_a_day_is_refused_and_stands_in_the_case(done):
    over = [
        row
        for row in Refusal.objects.filter(channel="voice")
        if [each["rule_id"] for each in json.loads(row.kept)["decision"]["refusals"]]
        == ["CN-FREQ-01"]
    ]
    assert over
    spoken = Outcome.objects.filter(
        permit__case_number=over[0].case_number, outcome="effective", permit__channel="voice"
    )
    assert spoken.filter(permit__at__date=LAST).count() == 3
    case = Case.objects.get(pk=over[0].case_number)
    entries = timeline.timeline(case=case, limit=100).entries
    assert any(entry.source == "refusals" for entry in entries)


def test_promises_were_kept_broken_and_are_open(done):
    states = Counter(Promise.objects.values_list("state", flat=True))
    assert states["kept"] >= 1
    assert states["broken"] >= 1
    assert states["open"] >= 1


def test_a_case_opened_before_anybody_tried_to_reach_her(done):
    worked = Permit.objects.filter(purpose="collection").values("case_number")
    for each in worked.annotate(at=Min("at")):
        opened = Turn.objects.filter(case_id=each["case_number"]).aggregate(at=Min("at"))
        assert opened["at"] < each["at"]
    steps = Complaint.objects.get().steps.order_by("pk").values_list("at", flat=True)
    assert [at.astimezone(ZoneInfo(demo.TIME_ZONE)).date() for at in steps] == [LAST, LAST]


def test_what_else_a_desk_has_to_bear_is_there(done):
    told, _ = done
    complaint = Complaint.objects.get()
    assert complaint.due_on > LAST
    assert complaint.handler.username == "demo-compliance"
    assert Affordability.objects.count() == told["hardship_form"] == 1
    assert PaidClaim.objects.get().state == "open"
    assert StopOrder.objects.filter(kind="attorney").exists()
    states = Counter(Visit.objects.values_list("state", flat=True))
    assert (states["reported"], states["planned"]) == (1, told["visit_planned"])
    assert Sample.objects.count() == told["listening"] > 0
    assert Review.objects.count() == told["reviewed"]
    assert AssignmentRun.objects.latest("pk").report["spread"] is not None


def test_a_third_party_can_check_all_of_it(done, tmp_path):
    while sealing.seal_waiting():
        pass
    file = tmp_path / "log.jsonl"
    head = exporting.export(path=file, book=None, acting_user=system_user())
    report = verifying.verify(path=file, head=head)
    assert report.findings == []
    assert report.rows > Permit.objects.count()


def test_run_again_nothing_is_added(done):
    before = [model.objects.count() for model in COUNTED]
    books, staff = demo._invented(loans=LOANS, seed=1, acting_user=system_user())
    assert "desk" not in books[0]
    assert all("as shown" in each["password"] for each in staff)
    assert [model.objects.count() for model in COUNTED] == before
