"""The audit as a page: who did what, where it is sealed; the log with its head, checked at once."""

from django.urls import reverse

from daihou.web.access.queries import system_user
from daihou.web.audit import sealing, verifying
from daihou.web.audit.models import AuditRow, Leaf
from daihou.web.audit.operations import record
from daihou.web.ledger.operations import create_book


def test_an_auditor_finds_a_write_and_takes_the_log_with_its_head(db, make_user, client, tmp_path):
    book = create_book(name="demo", currency="CNY", acting_user=system_user())
    client.force_login(make_user("auditor"))
    page, row = reverse("desk:audit", args=[book.name]), AuditRow.objects.get(action="book.create")

    def shown(**asked):
        return client.get(page, asked).context["rows"]

    head, export = (
        reverse(f"desk:{name}", args=[book.name]) for name in ("audit_head", "audit_export")
    )
    assert [client.get(head).status_code, client.post(export).status_code] == [302, 302]
    assert [shown(action="book."), shown(target_type="book", target_id=book.pk)] == [
        [(row, None)]
    ] * 2
    assert [shown(action="book.", username="nobody"), shown(before=row.pk, action="book.")] == [
        []
    ] * 2
    assert shown(action="book.", through="2001-01-01") == []
    kept = {"is_good": True, "parts": {"a": None}}
    record(acting_user=system_user(), action="a.b", target_type="c", target_id=1, details=kept)
    text = client.get(page, {"action": "a.b"}).content.decode()
    assert all(f'mono">{said}<' in text for said in ("true", "{&quot;a&quot;: null}"))
    while sealing.seal_waiting():
        pass
    place = Leaf.objects.get(source="audit", row_id=row.pk).number
    assert shown(action="book.") == [(row, place)]

    files = [tmp_path / "log", tmp_path / "head"]
    files[1].write_bytes(client.get(head).content)
    files[0].write_bytes(b"".join(client.post(export).streaming_content))
    report = verifying.verify(path=files[0], head=verifying.read_head(path=files[1]))
    assert report.is_good
    assert AuditRow.objects.filter(action="audit.export", acting_user__username="auditor").exists()


def test_only_who_may_on_every_book_sees_it(db, make_user, client):
    book = create_book(name="demo", currency="CNY", acting_user=system_user())
    page = reverse("desk:audit", args=[book.name])
    for role, given, status in (
        ("auditor", {}, 200),
        ("auditor", {"book_name": "demo"}, 403),
        ("manager", {}, 403),
    ):
        name = f"{role}-{status}"
        client.force_login(make_user(role, username=name, **given))
        assert client.get(page).status_code == status, name
