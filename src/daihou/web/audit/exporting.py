"""Write the log for somebody who has no database: rows of a book, digests of all others, a head.

JSON lines. The first says what the file is, and its head. Then one line for each leaf in order:
``{"leaf", "book", "digest", "row"}`` with the row as it stands now (``null`` where it is gone), or,
for rows of other books, ``{"leaf", "others": [[book, digest], …]}`` with the place of the first.
Errors: ``audit.empty_log``.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import merkle, operations, sealing, sources
from daihou.web.audit.documents import FORMAT, PROOF_FORMAT, SignedHead, instant
from daihou.web.audit.models import Head, Leaf
from daihou.web.ledger.models import Book

BATCH = 1_000


def newest_head() -> SignedHead:
    """Return the head of the whole log.

    :raises DaihouError: ``audit.empty_log``.
    """
    found = Head.objects.order_by("-size").first()
    if found is None:
        raise DaihouError("audit.empty_log")
    return signed(head=found)


def signed(*, head: Head) -> SignedHead:
    """Return a kept head as it is published."""
    return SignedHead(
        size=head.size,
        root=bytes(head.root).hex(),
        at=instant(head.at),
        key_id=head.key_id,
        public_key=bytes(head.public_key).hex(),
        signature=bytes(head.signature).hex(),
    )


def export(*, path: Path, book: Book | None, acting_user: User) -> SignedHead:
    """Write the log up to its newest head; without a book every row is written out."""
    head = newest_head()
    begin: dict[str, Any] = {"format": FORMAT, "head": asdict(head)}
    begin["book"] = {"id": book.pk, "name": book.name} if book else None
    with path.open("w", encoding="utf-8") as file:
        for line in (begin, *_lines(head.size, book)):
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    operations.record(
        acting_user=acting_user,
        action="audit.export",
        target_type="book" if book else "installation",
        target_id=book.pk if book else "",
        details={"size": head.size},
    )
    return head


def proof_of(*, source: str, row_id: int) -> dict[str, Any]:
    """Prove one row: the row, its leaf, and the audit path to the newest head.

    :raises DaihouError: ``audit.empty_log``, ``audit.not_sealed``.
    """
    head = newest_head()
    leaf = Leaf.objects.filter(source=source, row_id=row_id, number__lt=head.size).first()
    if leaf is None:
        raise DaihouError("audit.not_sealed", row=f"{source} {row_id}")
    path = merkle.inclusion_proof(node=_node, leaf=leaf.number, size=head.size)
    return {
        "format": PROOF_FORMAT,
        "leaf": leaf.number,
        "book": leaf.book_id,
        "digest": bytes(leaf.digest).hex(),
        "row": sources.describe(name=source, row_ids=[row_id])[row_id].document,
        "path": [digest.hex() for digest in path],
        "head": asdict(head),
    }


def growth_of(*, old: int) -> list[str]:
    """Prove that the newest head only grew from an older one of ``old`` leaves.

    :raises DaihouError: ``audit.empty_log``, ``audit.size_unknown``.
    """
    head = newest_head()
    if not 0 < old <= head.size:
        raise DaihouError("audit.size_unknown", size=old)
    proof = merkle.consistency_proof(node=_node, old=old, size=head.size)
    return [digest.hex() for digest in proof]


def _lines(size: int, book: Book | None) -> Iterator[Mapping[str, Any]]:
    for begin in range(0, size, BATCH):
        leaves = list(
            Leaf.objects.filter(number__gte=begin, number__lt=min(size, begin + BATCH)).order_by(
                "number"
            )
        )
        yield from _batch(leaves, book)


def _batch(leaves: Sequence[Leaf], book: Book | None) -> Iterator[Mapping[str, Any]]:
    public = sources.public_names()
    shown: dict[str, list[int]] = defaultdict(list)
    for leaf in leaves:
        if book is None or leaf.book_id == book.pk or leaf.source in public:
            shown[leaf.source].append(leaf.row_id)
    rows = {name: sources.describe(name=name, row_ids=ids) for name, ids in shown.items()}
    others: list[list[Any]] = []
    others_from = 0
    for leaf in leaves:
        row = rows.get(leaf.source, {}).get(leaf.row_id)
        if row is None:
            if others and leaf.number != others_from + len(others):  # One between them is gone.
                yield {"leaf": others_from, "others": others}
                others = []
            others_from = others_from if others else leaf.number
            others.append([leaf.book_id, bytes(leaf.digest).hex()])
            continue
        if others:
            yield {"leaf": others_from, "others": others}
            others = []
        is_there = row.document["fields"] is not None
        yield {
            "leaf": leaf.number,
            "book": leaf.book_id,
            "digest": bytes(leaf.digest).hex(),
            "row": row.document if is_there else None,
        }
    if others:
        yield {"leaf": others_from, "others": others}


def _node(level: int, place: int) -> bytes:
    return sealing.nodes_at(places=[(level, place)])[level, place]
