"""The page on which personal data are asked for and taken: by its permission, once, with a mark."""

from django.urls import reverse

from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.ledger.operations import create_book
from tests.web.test_privacy import a_person


def test_an_export_is_asked_for_approved_and_taken_once_on_its_page(db, make_user, client):
    book = create_book(name="demo", currency="CNY", acting_user=system_user())
    a_person(source="demo")
    page = reverse("desk:personal_exports", args=[book.name])
    ask = reverse("desk:personal_export_ask", args=[book.name])
    client.force_login(make_user("compliance", username="asker"))
    sent = {"references": "p1\nnobody", "fields": ["phone"], "reason": "request of the court"}
    assert client.post(ask, sent | {"fields": []}).status_code == 409
    typed = client.post(ask, sent | {"references": "nobody"})
    assert (typed.status_code, "request of the court" in typed.content.decode()) == (409, True)
    assert client.post(ask, sent, follow=True).status_code == 200
    approval = Approval.objects.get()
    take = reverse("desk:personal_export_take", args=[book.name, approval.pk])
    assert take not in client.get(page).content.decode()
    assert client.post(take).status_code == 409
    approvals.decide(
        approval=approval, verdict="approved", reason="lawful", acting_user=make_user("manager")
    )
    assert take in client.get(page).content.decode()
    taken = client.post(take)
    assert taken["Cache-Control"] == "no-store"
    told = taken.content.decode("utf-8-sig")
    assert told.startswith(f"# asker · {approval.pk} · ")
    assert "13800138000" in told
    assert "张小明" not in told
    assert client.post(take).status_code == 409
    assert take not in client.get(page).content.decode()


def test_nobody_else_has_the_page_and_no_approval_of_another_book_opens_it(db, make_user, client):
    create_book(name="demo", currency="CNY", acting_user=system_user())
    client.force_login(make_user("manager"))
    assert client.get(reverse("desk:personal_exports", args=["demo"])).status_code == 403
    client.force_login(make_user("compliance", username="asker"))
    assert client.post(reverse("desk:personal_export_take", args=["demo", 1])).status_code == 404
