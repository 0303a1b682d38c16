"""Goal: only what two people agreed on is said. Method: the operations, then the pages."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from daihou.errors import DaihouError
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.channels import house, letters, rendering, sending, templates
from daihou.web.channels.models import Letter, Template, TemplateVersion
from tests.web.channel_site import NOW, book, message, opened

__all__ = ["book"]
PAGES = ("templates", "reach", "reach_accounts")


def own(book, **given):
    told = {
        "key": "overdue",
        "name": "逾期",
        "channel": "sms",
        "purpose": "collection",
        "language": "zh",
    } | given
    return templates.add_template(book=book, acting_user=system_user(), **told)


def save(template, body, **more):
    return templates.save(template=template, body=body, acting_user=system_user(), **more)


def test_what_the_house_says_is_clean_and_says_who_writes(db):
    texts = list(house.house_texts())
    assert TemplateVersion.objects.filter(state="approved").count() == len(texts)
    for text in texts:
        templates.check(text=text.wording, channel=text.channel)
    with override("en"):
        assert all(each.title.isascii() for each in Template.objects.all())
    for version in TemplateVersion.objects.select_related("template"):
        assert version.names_institution, version.template
        if version.template.channel == "push":
            assert not version.carries_debt_facts
        elif version.template.purpose in {"reminder", "collection", "statutory_notice"}:
            assert version.names_creditor, version.template


def test_a_text_is_used_once_a_second_person_approved_it(book, make_user):
    maker, checker = make_user("manager"), make_user("compliance")
    template = own(book)
    first = save(template, "{institution}代表{creditor}：应还{overdue_amount}。{opt_out}")
    assert (first.version_no, first.has_opt_out, first.carries_debt_facts) == (1, True, True)
    assert save(template, "{institution}：{creditor}应还{overdue_amount}").pk == first.pk
    first.refresh_from_db()
    asked = templates.submit(version=first, reason="own words", acting_user=maker)
    with pytest.raises(DaihouError) as refused:
        save(template, "another")
    assert refused.value.code == "template.submitted_already"
    house_version = rendering.choose(book=book, key="overdue", channel="sms", language="zh")
    assert house_version.template.book is None
    approvals.decide(approval=asked, verdict="approved", reason="good", acting_user=checker)
    chosen = rendering.choose(book=book, key="overdue", channel="sms", language="zh")
    assert chosen.pk == first.pk

    second = save(template, "{institution}：请致电{service_phone}，{creditor}")
    assert (second.version_no, second.carries_debt_facts) == (2, False)
    asked = templates.submit(version=second, reason="shorter", acting_user=maker)
    approvals.decide(approval=asked, verdict="refused", reason="no", acting_user=checker)
    second.refresh_from_db()
    assert second.state == "draft"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("不还钱就等着坐牢", "template.wording_forbidden"),
        ("{secret}", "template.slot_unknown"),
        ("{due_amount!r}", "template.braces_wrong"),
        ("{due_amount", "template.braces_wrong"),
        ("   ", "template.body_missing"),
        ("请还款" * 200, "template.too_many_parts"),
    ],
)
def test_what_may_not_be_written_is_not_saved(book, body, code):
    with pytest.raises(DaihouError) as refused:
        save(own(book), body)
    assert refused.value.code == code
    assert not TemplateVersion.objects.filter(template__book=book).exists()


def test_an_approved_text_never_changes(book):
    from django.db import DatabaseError, transaction

    version = TemplateVersion.objects.filter(state="approved").first()
    for changed in ({"body": "x"}, {"state": "draft"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            TemplateVersion.objects.filter(pk=version.pk).update(**changed)


def test_letters_go_out_in_batches_and_come_back(book, make_user):
    with opened(book, only="letters") as (_, accounts):
        sending.send(sending=message(book, "letters"), now=NOW)
        by = make_user("finance")
        batch = letters.make_batch(account=accounts["letters"], on=NOW.date(), acting_user=by)
        packed = letters.pack(batch=batch, acting_user=by)
        assert packed == letters.pack(batch=batch, acting_user=by)
        with pytest.raises(DaihouError):
            letters.mark(batch=batch, state="posted", at=NOW, acting_user=by)
        letters.mark(batch=batch, state="printed", at=NOW, acting_user=by)
        letters.mark(batch=batch, state="posted", at=NOW, acting_user=by)
        letters.tell(letter=Letter.objects.get(), is_returned=True, at=NOW, acting_user=by)
    from io import BytesIO
    from zipfile import ZipFile

    with ZipFile(BytesIO(packed)) as files:
        listed = files.read("manifest.csv").decode("utf-8-sig")
        assert "世纪大道1号" in listed
        assert files.read("00001-p1.pdf").startswith(b"%PDF")
    assert book.accounts.get(provider="letters").deliveries.get().told == "returned"


def test_the_pages_show_and_change_what_they_may(book, make_user, client):
    manager, admin = make_user("manager"), make_user("admin")
    with opened(book):
        client.force_login(manager)
        for name in PAGES[:2]:
            assert client.get(reverse(f"desk:{name}", args=[book.name])).status_code == 200
        assert client.get(reverse("desk:reach_accounts", args=[book.name])).status_code == 403
        shown = Template.objects.get(key="due-3", channel="sms", language="zh")
        page = reverse("desk:template", args=[book.name, shown.pk])
        assert client.get(page, {"loan": "nobody"}).status_code == 200
        act = reverse("desk:template_act", args=[book.name, shown.pk])
        assert client.post(act, {"deed": "save", "body": "x"}).status_code == 403
        answer = client.post(act, {"deed": "own"})
        own_page = answer.url
        made = Template.objects.get(book=book)
        act = reverse("desk:template_act", args=[book.name, made.pk])
        version = made.versions.get()
        client.post(act, {"deed": "save", "body": "{institution}：{creditor}，{due_amount}"})
        client.post(act, {"deed": "submit", "version": version.pk, "reason": "ours"})
        version.refresh_from_db()
        assert (version.state, version.names_creditor) == ("submitted", True)
        assert client.get(own_page).status_code == 200
        client.force_login(admin)
        assert client.get(reverse("desk:reach_accounts", args=[book.name])).status_code == 200
        told = {"username": manager.username, "number": "1001"}
        client.post(reverse("desk:reach_extension", args=[book.name]), told)
        manager.refresh_from_db()
        assert manager.extension.number == "1001"
