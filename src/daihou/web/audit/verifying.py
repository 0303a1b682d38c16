"""Check an export or a proof against a published head; no database, no secrets.

Finds a row that was changed or taken out, a tail that was cut, a log that was written anew, and a
permit that the guard decides otherwise from what was kept with it.
Errors  ``audit.export_malformed``, ``audit.head_malformed``; what is found is told as ``Finding``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from daihou.collect import codec
from daihou.collect.codec import Decided, RedecisionDiffers
from daihou.collect.packs import RuleSet
from daihou.core.codec import CodecRefused
from daihou.errors import DaihouError
from daihou.web.audit import documents, merkle, signing
from daihou.web.audit.documents import FORMAT, SignedHead

DECIDED = frozenset({"permit", "refusal"})
SHOWN_MOST = 20  # Findings of one kind; a log written anew would tell of every row.
_HEAD_FIELDS = frozenset(each.name for each in fields(SignedHead))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault: ``code`` has its line in the messages, ``params`` fill it."""

    code: str
    params: Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class Report:
    """What was checked. ``rows``: written out and unchanged; ``after``: newer than the head."""

    leaves: int = 0
    rows: int = 0
    permits: int = 0
    refusals: int = 0
    after: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.findings

    def add(self, code: str, **params: object) -> None:
        if sum(found.code == code for found in self.findings) < SHOWN_MOST:
            self.findings.append(Finding(code=code, params=params))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    number: int
    said: int  # The place that the export gives it.
    book_id: int | None
    digest: bytes
    row: Mapping[str, Any] | None
    is_shown: bool


def read_head(*, path: Path) -> SignedHead:
    """Read a published head.

    :raises DaihouError: ``audit.head_malformed``; an OSError as it is.
    """
    try:
        return _head(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as exception:
        raise DaihouError("audit.head_malformed", file=path) from exception


def verify(*, path: Path, head: SignedHead) -> Report:
    """Check an export against a head that was published at its end or before.

    :raises DaihouError: ``audit.export_malformed``; an OSError as it is.
    """
    try:
        with path.open(encoding="utf-8") as file:
            begin = json.loads(file.readline())
            if begin["format"] != FORMAT:
                raise DaihouError("audit.export_malformed", file=path, line=1)
            return _checked(_lines(file, path), begin, head)
    except (ValueError, KeyError, TypeError) as exception:
        raise DaihouError("audit.export_malformed", file=path, line=1) from exception


def verify_proof(*, path: Path, head: SignedHead) -> Report:
    """Check the proof of one row against the head it was made for.

    :raises DaihouError: ``audit.export_malformed``; an OSError as it is.
    """
    report = Report()
    if not signing.is_signed(head=head):
        report.add("audit.head_signature", size=head.size)
    try:
        proof = json.loads(path.read_text(encoding="utf-8"))
        row, book_id = proof["row"], proof["book"]
        digest, number = bytes.fromhex(proof["digest"]), int(proof["leaf"])
        trail = [bytes.fromhex(each) for each in proof["path"]]
    except (ValueError, KeyError, TypeError) as exception:
        raise DaihouError("audit.export_malformed", file=path, line=1) from exception
    if documents.digest_of(row) != digest:
        report.add("audit.row_changed", row=_named(row), leaf=number)
    leaf = documents.leaf_of(book_id=book_id, digest=digest)
    root = bytes.fromhex(head.root)
    if not merkle.includes(leaf=number, leaf_digest=leaf, size=head.size, path=trail, root=root):
        report.add("audit.not_included", row=_named(row), leaf=number)
    report.leaves, report.rows = head.size, 1
    return report


def verify_growth(*, old: SignedHead, new: SignedHead, path: list[str]) -> bool:
    """Check that the log of an older head is the beginning of the newer one's."""
    return (
        signing.is_signed(head=old)
        and signing.is_signed(head=new)
        and merkle.is_consistent(
            old=old.size,
            old_root=bytes.fromhex(old.root),
            size=new.size,
            root=bytes.fromhex(new.root),
            path=[bytes.fromhex(digest) for digest in path],
        )
    )


def _checked(lines: Iterator[_Line], begin: Mapping[str, Any], head: SignedHead) -> Report:
    report, log = Report(), merkle.Appender()
    book_id = begin["book"]["id"] if begin["book"] else None
    is_whole = begin["book"] is None
    root_at_head = b""
    rules: dict[str, RuleSet] = {}
    is_in_place = True
    for line in lines:
        if is_in_place and line.said != line.number:  # All that follow are out of place with it.
            is_in_place = False
            report.add("audit.place_wrong", leaf=line.number, said=line.said)
        if log.size == head.size:
            root_at_head = log.root
        for _ in log.append(documents.leaf_of(book_id=line.book_id, digest=line.digest)):
            pass
        if not line.is_shown and (is_whole or line.book_id == book_id):
            report.add("audit.row_missing", leaf=line.number)
        elif line.is_shown:
            _check_row(report, line, rules)
    if log.size == head.size:
        root_at_head = log.root
    report.leaves, report.after = log.size, max(0, log.size - head.size)
    _check_head(report, head, log, root_at_head)
    if _head(begin["head"]) != head and report.after == 0 and report.is_good:
        report.add("audit.head_differs", size=head.size)
    return report


def _check_head(report: Report, head: SignedHead, log: merkle.Appender, root: bytes) -> None:
    if not signing.is_signed(head=head):
        report.add("audit.head_signature", size=head.size)
    if log.size < head.size:
        report.add("audit.tail_cut", found=log.size, wanted=head.size)
    elif root.hex() != head.root:
        report.add("audit.rewritten", size=head.size)


def _check_row(report: Report, line: _Line, rules: dict[str, RuleSet]) -> None:
    row = line.row
    if row is None:
        report.add("audit.row_missing", leaf=line.number)
        return
    if documents.digest_of(row) != line.digest:
        report.add("audit.row_changed", row=_named(row), leaf=line.number)
        return
    report.rows += 1
    if row["source"] == "ruleset":
        text = row["fields"]["rules"]
        rules[row["fields"]["digest"]] = codec.from_text(RuleSet, text)
    elif row["source"] in DECIDED:
        _decide_again(report, row, rules)


def _decide_again(report: Report, row: Mapping[str, Any], rules: Mapping[str, RuleSet]) -> None:
    """Decide again from what was kept, and hold the row's own columns against it."""
    is_permit = row["source"] == "permit"
    said = row["fields"]
    try:
        decision = codec.redecide(kept=said["kept"], rules=rules)
        decided = codec.from_text(Decided, said["kept"])
    except (RedecisionDiffers, CodecRefused) as fault:
        report.add("audit.decided_otherwise", row=_named(row), why=fault.code)
        return
    request = decided.request
    columns = {
        "channel": request.channel.value,
        "purpose": request.purpose.value,
        "recipient": request.recipient.value,
        "recipient_key": request.recipient_key,
        "address_key": request.address_key,
        "debt_keys": list(request.debt_keys),
        "at": documents.instant(request.at),
        "jurisdiction": decided.facts.jurisdiction,
    }
    if decision.is_allowed != is_permit:
        report.add("audit.decided_otherwise", row=_named(row), why="audit.not_allowed")
    elif wrong := [name for name, value in columns.items() if said[name] != value]:
        report.add("audit.decided_otherwise", row=_named(row), why=f"audit.column_{wrong[0]}")
    elif is_permit:
        report.permits += 1
    else:
        report.refusals += 1


def _lines(file: Iterator[str], export: Path) -> Iterator[_Line]:
    number = 0
    for place, text in enumerate(file, start=2):
        try:
            line = json.loads(text)
            pairs = line.get("others")
            is_shown = pairs is None
            found = [(line["book"], line["digest"])] if pairs is None else pairs
            said = line.get("leaf", number)  # An older export names no places.
            for place_in_line, (book_id, digest) in enumerate(found):
                yield _Line(
                    number=number,
                    said=said + place_in_line,
                    book_id=book_id,
                    digest=bytes.fromhex(digest),
                    row=line["row"] if is_shown else None,
                    is_shown=is_shown,
                )
                number += 1
        except (ValueError, KeyError, TypeError, AttributeError) as exception:
            raise DaihouError("audit.export_malformed", file=export, line=place) from exception


def _head(said: Mapping[str, Any]) -> SignedHead:
    if set(said) != _HEAD_FIELDS or not isinstance(said["size"], int):
        raise ValueError("no head")
    return SignedHead(**said)


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['source']} {row['id']}"
