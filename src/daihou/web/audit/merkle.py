"""A Merkle log: hashes of leaves and nodes, roots, and proofs that anybody can check.

Units   A log of ``size`` leaves, numbered from 0; hashes are 32 bytes of SHA-256.
Shape   Pure functions; ``node(level, place)`` gives the hash of a whole subtree of 2 to the
        ``level`` leaves, the ``place``-th of its kind.
Errors  A proof that does not hold is False, never an exception.
Source  RFC 6962 section 2.1 (hashes, audit paths, consistency), RFC 9162 section 2.1.3.2 and
        2.1.4.2 (how they are checked).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

Node = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Appender:
    """Grow a log leaf by leaf; ``peaks`` are the whole subtrees it consists of, greatest first."""

    def __init__(self, *, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        assert len(peaks) == size.bit_count()
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add a leaf's hash; yield every whole subtree that it completes: level, place, hash."""
        place, level, digest = self.size, 0, leaf
        yield level, place, digest
        while place % 2:
            digest = node_hash(self._peaks.pop(), digest)
            place, level = place // 2, level + 1
            yield level, place, digest
        self._peaks.append(digest)
        self.size += 1

    @property
    def root(self) -> bytes:
        return _folded(self._peaks)


def peak_places(*, size: int) -> list[tuple[int, int]]:
    """Name the whole subtrees of a log of this size: level and place, greatest first.

    >>> peak_places(size=6)
    [(2, 0), (1, 2)]
    """
    found, begun = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, begun >> level))
            begun += 1 << level
    return found


def root_of(*, leaves: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of leaves."""
    log = Appender()
    for leaf in leaves:
        for _ in log.append(leaf):
            pass
    return log.root


def range_hash(*, node: Node, begin: int, end: int) -> bytes:
    """Return the hash over leaves ``begin`` until before ``end``, ``begin`` on a subtree's edge."""
    peaks, place = [], begin
    for level, _ in peak_places(size=end - begin):
        peaks.append(node(level, place >> level))
        place += 1 << level
    return _folded(peaks)


def inclusion_proof(*, node: Node, leaf: int, size: int) -> list[bytes]:
    """Prove that a leaf stands at its number in the log of a size: the audit path, from below."""
    assert 0 <= leaf < size
    path, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _left(end - begin)
        if leaf < middle:
            path.append(range_hash(node=node, begin=middle, end=end))
            end = middle
        else:
            path.append(range_hash(node=node, begin=begin, end=middle))
            begin = middle
    return path[::-1]


def includes(
    *, leaf: int, leaf_digest: bytes, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Check that a leaf stands at its number under a root."""
    if not 0 <= leaf < size:
        return False
    place, last, digest = leaf, size - 1, leaf_digest
    for beside in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            digest = node_hash(beside, digest)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == root


def consistency_proof(*, node: Node, old: int, size: int) -> list[bytes]:
    """Prove that the log of ``old`` leaves is the beginning of the one of ``size``."""
    assert 0 < old <= size
    if old == size:
        return []
    path, begin, end, is_whole = [], 0, size, True
    while old != end:
        middle = begin + _left(end - begin)
        if old <= middle:
            path.append(range_hash(node=node, begin=middle, end=end))
            end = middle
        else:
            path.append(range_hash(node=node, begin=begin, end=middle))
            begin, is_whole = middle, False
    if not is_whole:
        path.append(range_hash(node=node, begin=begin, end=end))
    return path[::-1]


def is_consistent(
    *, old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Check that the log of ``old`` leaves is the beginning of the one of ``size``."""
    if old == size:
        return not path and old_root == root
    if not 0 < old < size or not path:
        return False
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    place, last = old - 1, size - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            before, after = node_hash(beside, before), node_hash(beside, after)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _left(size: int) -> int:
    """Return the greatest power of two that is less than a size."""
    return 1 << (size - 1).bit_length() - 1


def _folded(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    digest = peaks[-1]
    for peak in reversed(peaks[:-1]):
        digest = node_hash(peak, digest)
    return digest
