"""Goal: whoever has an export and a head finds what was changed, cut, taken out or written anew."""

import json
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from hypothesis import given, strategies

from benchmarks import contact_people as people
from daihou.cli.main import run
from daihou.collect import guard
from daihou.collect.facts import StopKind
from daihou.collect.guard import Decision
from daihou.collect.requests import Outcome
from daihou.web.access.models import User
from daihou.web.audit import documents, exporting, merkle, sealing, signing, verifying
from daihou.web.audit.models import AuditRow, Leaf, Unsealed
from daihou.web.contacts import operations, stops
from daihou.web.contacts.errors import ContactRefused
from daihou.web.contacts.models import Outcome as OutcomeRow, Permit
from daihou.web.ledger.models import Book
from daihou.web.postgres import connections

AT = people.MORNING


def log_of(size, seed=b""):
    nodes, log = {}, merkle.Appender()
    for number in range(size):
        for level, place, digest in log.append(merkle.leaf_hash(seed + bytes([number % 251]))):
            nodes[level, place] = digest
    return log, lambda level, place: nodes[level, place]


def plain_root(leaves):
    """The definition of RFC 6962 section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return merkle.node_hash(plain_root(leaves[:left]), plain_root(leaves[left:]))


@given(size=strategies.integers(1, 130), data=strategies.data())
def test_proofs_of_a_log_hold_and_hold_for_nothing_else(size, data):
    log, node = log_of(size)
    leaves = [node(0, number) for number in range(size)]
    assert log.root == plain_root(leaves) == merkle.root_of(leaves=leaves)
    leaf = data.draw(strategies.integers(0, size - 1))
    path = merkle.inclusion_proof(node=node, leaf=leaf, size=size)
    fits = {"leaf": leaf, "leaf_digest": leaves[leaf], "size": size, "path": path}
    assert merkle.includes(**fits, root=log.root)
    assert not merkle.includes(**fits, root=bytes(32))
    assert not merkle.includes(**{**fits, "leaf_digest": bytes(32)}, root=log.root)
    assert not merkle.includes(**{**fits, "path": [*path, bytes(32)]}, root=log.root)
    old = data.draw(strategies.integers(1, size))
    old_root = plain_root(leaves[:old])
    trail = merkle.consistency_proof(node=node, old=old, size=size)
    grown = {"old": old, "size": size, "root": log.root, "path": trail}
    assert merkle.is_consistent(**grown, old_root=old_root)
    assert not merkle.is_consistent(**grown, old_root=bytes(32))
    other, _ = log_of(size, seed=b"other")
    assert not merkle.is_consistent(**{**grown, "root": other.root}, old_root=old_root)


def test_the_hashes_are_those_of_the_standard():
    assert merkle.EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")
    assert merkle.leaf_hash(b"").hex().startswith("6e340b9cffb37a98")  # RFC 6962 test vectors.


@pytest.fixture
def log(scratch_database, django_db_blocker, tmp_path):
    """A sealed log of two books: calls, outcomes, a refusal, a stop."""
    with django_db_blocker.unblock():
        made = [people.make(count=2, name=name, first=n * 100) for n, name in enumerate("ab")]
        for each in made:
            work(each)
        seal()
        head = exporting.newest_head()
        book = Book.objects.get(name="a")
        path = tmp_path / "export.jsonl"
        exporting.export(path=path, book=book, acting_user=User.objects.get(pk=made[0].user_id))
        yield made[0], path, head


def work(made):
    caller = User.objects.get(pk=made.user_id)
    contact = people.contact_of(made=made, number=0)
    for hour in range(4):
        at = AT + timedelta(hours=hour)
        try:
            permit = operations.ask(contact=contact, acting_user=caller, at=at)
        except ContactRefused:
            continue
        operations.record_outcome(
            permit=permit,
            outcome=Outcome.EFFECTIVE,
            at=at,
            acting_user=caller,
            details={"note": "n"},
        )
    stops.order(
        party=people.contact_of(made=made, number=1).party,
        kind=StopKind.HOLD,
        at=AT,
        acting_user=caller,
        book=contact.book,
    )


def seal():
    while sealing.seal_waiting(most=7):
        pass


def codes(path, head):
    return sorted({finding.code for finding in verifying.verify(path=path, head=head).findings})


def rewritten(path, change):
    """Write an export again, each line as ``change(number, line)`` gives it; None leaves it out."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    kept = [changed for n, line in enumerate(lines) if (changed := change(n, line)) is not None]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in kept) + "\n")


def test_an_export_is_good_and_every_permit_is_decided_again(log):
    _, path, head = log
    report = verifying.verify(path=path, head=head)
    assert (report.findings, report.permits, report.refusals) == ([], 3, 1)
    assert report.leaves == head.size == Leaf.objects.count()
    others = [line for line in path.read_text().splitlines() if "others" in line]
    assert others  # Of the other book and of the installation there are digests only.
    assert "13800" not in path.read_text()


def test_what_is_done_to_an_export_is_found(log):
    _, path, head = log
    good = path.read_text()
    row_places = [n for n, line in enumerate(good.splitlines()) if '"source":"permit"' in line]
    place = row_places[1]

    def row_changed(n, line):
        if n == place:
            line["row"]["fields"]["at"] = "2026-11-20T09:00:00.000000+00:00"
        return line

    def row_emptied(n, line):
        return {**line, "row": None} if n == place else line

    def row_hidden(n, line):
        return {"others": [[line["book"], line["digest"]]]} if n == place else line

    def row_moved_to_another_book(n, line):
        return {"others": [[99, line["digest"]]]} if n == place else line

    def row_removed(n, line):
        return None if n == place else line

    def tail_cut(n, line):
        return line if n < len(good.splitlines()) - 2 else None

    def written_anew(n, line):
        if n == place:
            line["row"]["fields"]["at"] = "2026-11-20T09:00:00.000000+00:00"
            line["digest"] = documents.digest_of(line["row"]).hex()
        return line

    expected = {
        row_changed: ["audit.row_changed"],
        row_emptied: ["audit.row_missing"],
        row_hidden: ["audit.row_missing"],
        row_moved_to_another_book: ["audit.rewritten"],
        row_removed: ["audit.place_wrong", "audit.tail_cut"],
        tail_cut: ["audit.tail_cut"],
        written_anew: ["audit.decided_otherwise", "audit.rewritten"],
    }
    for change, found in expected.items():
        path.write_text(good)
        rewritten(path, change)
        assert codes(path, head) == found, change.__name__
    path.write_text(good)
    rewritten(path, row_removed)
    first = verifying.verify(path=path, head=head).findings[0]
    removed = json.loads(good.splitlines()[place])["leaf"]
    assert first.params == {"leaf": removed, "said": removed + 1}
    path.write_text(good)
    forged = replace(head, root="00" * 32)
    assert codes(path, forged) == ["audit.head_signature", "audit.rewritten"]


def test_what_is_done_to_the_database_is_found_even_by_its_owner(log, tmp_path):
    made, path, head = log
    permit = Permit.objects.filter(book_id=made.book_id).first()
    caller = User.objects.get(pk=made.user_id)
    book = Book.objects.get(pk=made.book_id)
    owner_says("UPDATE contacts_outcome SET outcome = 'busy' WHERE permit_id = %s", permit.pk)
    exporting.export(path=path, book=book, acting_user=caller)
    assert codes(path, head) == ["audit.row_changed"]
    owner_says("UPDATE contacts_outcome SET outcome = 'effective' WHERE permit_id = %s", permit.pk)
    outcome = OutcomeRow.objects.get(permit=permit)
    for table, column in (
        ("contacts_outcome", "permit_id"),
        ("contacts_slot", "permit_id"),
        ("contacts_outbox", "permit_id"),
        ("contacts_permit", "id"),
    ):
        owner_says(f"DELETE FROM {table} WHERE {column} = %s", permit.pk)
    exporting.export(path=path, book=book, acting_user=caller)
    report = verifying.verify(path=path, head=head)
    assert [finding.code for finding in report.findings] == ["audit.row_missing"] * 2
    owner_says("DELETE FROM audit_leaf WHERE source = 'outcome' AND row_id = %s", outcome.pk)
    exporting.export(path=path, book=book, acting_user=caller)
    assert "audit.tail_cut" in codes(path, head)


def owner_says(statement, *values):
    """Act as the owner of the tables who switches every trigger off."""
    with psycopg.connect(connections.current().owner.conninfo()) as connection:
        for table in ("outcome", "slot", "outbox", "permit"):
            connection.execute(f"ALTER TABLE contacts_{table} DISABLE TRIGGER USER")
        connection.execute("ALTER TABLE audit_leaf DISABLE TRIGGER USER")
        connection.execute(statement, values)


def test_a_permit_that_was_never_decided_so_is_found(log, monkeypatch):
    made, path, head = log
    book, caller = Book.objects.get(pk=made.book_id), User.objects.get(pk=made.user_id)
    monkeypatch.setattr(
        guard, "decide", lambda **_: Decision(is_allowed=True, refusals=(), passed=())
    )
    operations.ask(contact=people.contact_of(made=made, number=1), acting_user=caller, at=AT)
    monkeypatch.undo()
    seal()
    exporting.export(path=path, book=book, acting_user=caller)
    report = verifying.verify(path=path, head=head)
    assert [finding.code for finding in report.findings] == ["audit.decided_otherwise"]
    assert report.after > 0  # It stands after the older head, and is found none the less.


def test_a_row_is_proved_alone_and_heads_grow_from_one_another(log, tmp_path):
    made, _, head = log
    permit = Permit.objects.filter(book_id=made.book_id).first()
    path = tmp_path / "proof.json"
    proof = exporting.proof_of(source="permit", row_id=permit.pk)
    path.write_text(json.dumps(proof))
    assert verifying.verify_proof(path=path, head=head).is_good
    proof["row"]["fields"]["channel"] = "sms"
    path.write_text(json.dumps(proof))
    found = verifying.verify_proof(path=path, head=head).findings
    assert [finding.code for finding in found] == ["audit.row_changed"]
    work(made)
    seal()
    newest = exporting.newest_head()
    trail = exporting.growth_of(old=head.size)
    assert verifying.verify_growth(old=head, new=newest, path=trail)
    forged = signing.sign(size=head.size, root=bytes(32), at=head.at)
    assert not verifying.verify_growth(old=forged, new=newest, path=trail)


def test_what_commits_late_is_sealed_late_and_never_left_out(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        caller = User.objects.get(username="system")
        seal()
        before = Leaf.objects.count()
        with psycopg.connect(connections.current().application.conninfo()) as late:
            late.execute(
                "INSERT INTO audit_auditrow (acting_user_id, action, target_type, target_id,"
                " details) VALUES (%s, 'late.row', 'test', '1', '{}')",
                [caller.pk],
            )
            AuditRow.objects.create(acting_user=caller, action="early.row", target_type="test")
            seal()
            assert Leaf.objects.count() == before + 1
        seal()
        assert Leaf.objects.count() == before + 2
        rows = AuditRow.objects.in_bulk(Leaf.objects.values_list("row_id", flat=True))
        order = [rows[leaf.row_id].action for leaf in Leaf.objects.order_by("number")[before:]]
        assert order == ["early.row", "late.row"]
        assert not Unsealed.objects.exists()


def test_the_command_says_what_it_found_in_one_line_each(log, tmp_path, capfd):
    _, path, _ = log
    head = tmp_path / "head.json"

    def said(*words):
        with pytest.raises(SystemExit) as left:
            run(["audit", *map(str, words)])
        return left.value.code, *capfd.readouterr()

    code, out, _ = said("head", "--json")
    head.write_text(out)
    assert code == 0
    code, out, _ = said("export", path, "--book", "a", "--json")
    assert (code, json.loads(out)["head"]["size"]) == (0, json.loads(head.read_text())["size"])
    code, out, err = said("verify", path, head, "--json")
    assert (code, json.loads(out)["is_good"], err) == (0, True, "")
    number = Permit.objects.first().pk
    assert said("prove", "permit", number, tmp_path / "proof.json")[0] == 0
    assert said("verify", tmp_path / "proof.json", head)[0] == 0
    rewritten(path, lambda n, line: line if n < 3 else None)
    code, _, err = said("verify", path, head)
    lines = err.strip().splitlines()
    assert code == 1
    assert lines[0].startswith("older than this head, or its tail was cut: ")
    assert lines[-1] == "error[audit.failed]: the check failed: 1 findings"
    path.write_text("no log\n")
    assert "line 1: this is no export of a log" in said("verify", path, head)[2]
