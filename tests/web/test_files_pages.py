"""Goal: files are found, added, held and handed out by page, each to those who may."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from daihou.web.archive.models import File, FileView, Hold, HoldLift
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import demo_book, named_loan

PDF = b"%PDF-1.7\nsome pages"
FILES = "/books/demo/files/"


@pytest.fixture
def loan_ref(shown):
    return named_loan(demo_book()).loan_ref


def upload(client, loan_ref, name="合同.pdf", content=PDF):
    given = {"loan": loan_ref, "kind": "contract", "file": SimpleUploadedFile(name, content)}
    return client.post(f"{FILES}add/", given, follow=True)


def test_a_file_is_added_found_and_handed_out(enter, loan_ref):
    manager = enter("manager")
    answer = upload(manager, loan_ref)
    assert "The file is stored." in text_of(answer)
    assert "合同.pdf" in text_of(answer)
    file = File.objects.latest("pk")
    page = manager.get(f"{FILES}{file.pk}/")
    assert "10 years after the loan is settled" in text_of(page)
    got = manager.get(f"{FILES}{file.pk}/content/")
    assert b"".join(got.streaming_content) == PDF
    assert got.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert got.headers["Content-Type"] == "application/pdf"
    assert FileView.objects.filter(file=file).count() == 1
    assert "manager" in text_of(manager.get(f"{FILES}{file.pk}/"))


@pytest.mark.parametrize(
    ("language", "line"), [("en", "Web pages and scripts"), ("zh-hans", "不收网页和脚本")]
)
def test_a_refusal_is_said_in_the_language_of_the_page(enter, loan_ref, language, line):
    before = File.objects.count()
    answer = upload(enter("manager", language), loan_ref, "a.pdf", b"<html><script>1</script>")
    assert line in text_of(answer)
    assert File.objects.count() == before


def test_a_loan_that_is_not_there_takes_no_file(enter):
    assert "Say which loan" in text_of(upload(enter("manager"), "nobody"))


def test_only_compliance_holds(enter, shown, loan_ref):
    manager = enter("manager")
    upload(manager, loan_ref, "held.pdf", PDF + b"held")
    file = File.objects.latest("pk")
    assert "Place the hold" not in text_of(manager.get(f"{FILES}{file.pk}/"))
    assert manager.post(f"{FILES}{file.pk}/hold/", {"reason": "诉讼"}).status_code == 403
    compliance = enter("compliance")
    compliance.post(f"{FILES}{file.pk}/hold/", {"reason": "诉讼"})
    placed = Hold.objects.get(file=file)
    assert "诉讼" in text_of(manager.get(FILES))
    answer = compliance.post(f"{FILES}{file.pk}/remove/", {"reason": "x"}, follow=True)
    assert "on legal hold" in text_of(answer)
    compliance.post(f"{FILES}holds/{placed.pk}/lift/", {"reason": "结案"})
    assert HoldLift.objects.filter(hold=placed).exists()
    answer = compliance.post(f"{FILES}{file.pk}/remove/", {"reason": "x"}, follow=True)
    assert "has to be kept" in text_of(answer)


def test_a_whole_loan_is_held(enter, loan_ref):
    compliance = enter("compliance")
    assert "Hold all files of this loan" in text_of(compliance.get(f"{FILES}?loan={loan_ref}"))
    compliance.post(f"{FILES}hold/", {"loan": loan_ref, "reason": "检查"})
    assert Hold.objects.filter(reason="检查", target_type="loan").exists()


def test_who_may_not_see_personal_data_opens_no_file(enter, loan_ref):
    upload(enter("manager"), loan_ref)
    file = File.objects.latest("pk")
    analyst = enter("analyst")
    assert "Download" not in text_of(analyst.get(f"{FILES}{file.pk}/"))
    assert analyst.get(f"{FILES}{file.pk}/content/").status_code == 403
    assert not FileView.objects.filter(user__username="analyst").exists()


@pytest.mark.parametrize("name", ["funder", "agency", "other"])
def test_those_without_the_right_see_no_files(enter, name, loan_ref):
    upload(enter("manager"), loan_ref)
    file = File.objects.latest("pk")
    client = enter(name)
    for path in (FILES, f"{FILES}{file.pk}/", f"{FILES}{file.pk}/content/"):
        assert client.get(path).status_code in {403, 404}
    assert upload(client, loan_ref).status_code in {403, 404}


def test_names_that_mean_nothing_find_nothing(enter):
    for query in ("loan=%00", "q=%00", "loan=x&page=99", "q=" + "x" * 500):
        assert enter("manager").get(f"{FILES}?{query}").status_code == 200
    assert enter("manager").get(f"{FILES}999999/").status_code == 404
    assert reverse("desk:files", args=["demo"]) == FILES
