"""The sealer: take what waits, chain it into the log, sign the new head. One at a time.

What a transaction wrote is seen only after it committed, and taken away by row: one that commits
late is sealed late, and never left out. Rows of one person were written under her lock, so their
order in the log is that of their commits.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.utils import timezone

from daihou.web.audit import documents, merkle, signing, sources
from daihou.web.audit.models import Head, Leaf, Node

SEAL_LOCK = 0x7365616C  # "seal"
BATCH_MOST = 2_000
_TAKE = """
DELETE FROM audit_unsealed WHERE id IN (
    SELECT id FROM audit_unsealed ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, source, row_id
"""


@transaction.atomic
def seal_waiting(*, most: int = BATCH_MOST) -> int:
    """Seal up to ``most`` rows that wait; return how many. Another sealer at work: none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
        row = cursor.fetchone()
        if row is None or not row[0]:
            return 0
        cursor.execute(_TAKE, [most])
        taken = [(source, row_id) for _, source, row_id in sorted(cursor.fetchall())]
    if not taken:
        return 0
    _append(taken)
    return len(taken)


def peaks_of(*, size: int) -> list[bytes]:
    """Read the whole subtrees that a log of a size consists of, greatest first."""
    wanted = merkle.peak_places(size=size)
    found = nodes_at(places=wanted)
    return [found[place] for place in wanted]


def nodes_at(*, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Read hashes of whole subtrees."""
    by_level: dict[int, list[int]] = defaultdict(list)
    for level, place in places:
        by_level[level].append(place)
    return {
        (level, node.place): bytes(node.digest)
        for level, wanted in by_level.items()
        for node in Node.objects.filter(level=level, place__in=wanted)
    }


def _append(taken: Sequence[tuple[str, int]]) -> None:
    last = Head.objects.order_by("-size").first()
    size = last.size if last else 0
    log = merkle.Appender(size=size, peaks=peaks_of(size=size))
    leaves, nodes = [], []
    for number, (leaf, leaf_hash) in enumerate(_leaves(taken, size), start=size):
        assert leaf.number == number
        leaves.append(leaf)
        nodes += [
            Node(level=level, place=place, digest=digest)
            for level, place, digest in log.append(leaf_hash)
        ]
    Leaf.objects.bulk_create(leaves, batch_size=1_000)
    Node.objects.bulk_create(nodes, batch_size=1_000)
    at = timezone.now()
    head = signing.sign(size=log.size, root=log.root, at=documents.instant(at))
    Head.objects.create(
        size=log.size,
        root=log.root,
        at=at,
        key_id=head.key_id,
        public_key=bytes.fromhex(head.public_key),
        signature=bytes.fromhex(head.signature),
    )


def _leaves(taken: Sequence[tuple[str, int]], size: int) -> Iterable[tuple[Leaf, bytes]]:
    by_source: dict[str, list[int]] = defaultdict(list)
    for source, row_id in taken:
        by_source[source].append(row_id)
    described = {
        source: sources.describe(name=source, row_ids=ids) for source, ids in by_source.items()
    }
    for number, (source, row_id) in enumerate(taken, start=size):
        row = described[source][row_id]
        digest = documents.digest_of(row.document)
        leaf = Leaf(number=number, source=source, row_id=row_id, book_id=row.book_id, digest=digest)
        yield leaf, documents.leaf_of(book_id=row.book_id, digest=digest)
