"""Merkle trees as in RFC 9162, section 2.1, kept in tiles of 256 hashes (C2SP tlog-tiles)."""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

HASH = 32
WIDTH = 256
TILE_BYTES = WIDTH * HASH
EMPTY_ROOT = hashlib.sha256(b"").digest()
# Gives the first hashes, at least as many as asked for, of a tile: level, place, number of hashes.
Tiles = Callable[[int, int, int], bytes]


def hash_leaf(entry: bytes) -> bytes:
    """Hash an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_pair(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into the node above them."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def folded(hashes: bytes) -> bytes:
    """Hash the nodes of a whole subtree, a power of two of them, up to its root."""
    sha = hashlib.sha256
    while len(hashes) > HASH:
        hashes = b"".join(
            [sha(b"\x01" + hashes[place : place + 2 * HASH]).digest() for place in range(0, len(hashes), 2 * HASH)]
        )
    return hashes


# Proofs near each other need the same parts of the same tiles.
_folded_again = lru_cache(16_384)(folded)


def width_of(size: int, level: int, place: int) -> int:
    """Count the hashes of a tile in a log of so many entries."""
    return max(0, min(WIDTH, (size >> (8 * level)) - place * WIDTH))


def extended(size: int, leaves: Sequence[bytes], tile: Tiles) -> dict[tuple[int, int], bytes]:
    """Add hashes of entries to a log; give the tiles that have changed, by level and place."""
    changed: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, list(leaves)
    while hashes:
        place, width = divmod(size, WIDTH)
        content = (tile(level, place, width)[: width * HASH] if width else b"") + b"".join(hashes)
        hashes = []
        for begin in range(0, len(content), TILE_BYTES):
            part = content[begin : begin + TILE_BYTES]
            changed[level, place + begin // TILE_BYTES] = part
            if len(part) == TILE_BYTES:
                hashes.append(folded(part))
        level, size = level + 1, size >> 8
    return changed


class Tree:
    """A log of ``size`` entries, seen through its tiles."""

    def __init__(self, size: int, tile: Tiles) -> None:
        self.size = size
        self._tile = tile
        self._read: dict[tuple[int, int], bytes] = {}

    def _hashes(self, level: int, place: int) -> bytes:
        found = self._read.get((level, place))
        if found is None:
            found = self._read[level, place] = self._tile(level, place, width_of(self.size, level, place))
        return found

    def node(self, begin: int, end: int) -> bytes:
        """Give the hash over the entries ``[begin, end)``, which is a node of this tree or of an earlier one."""
        count = end - begin
        if count & (count - 1) or begin % count:
            split = begin + (1 << ((count - 1).bit_length() - 1))
            return hash_pair(self.node(begin, split), self.node(split, end))
        level, rest = divmod(count.bit_length() - 1, 8)
        place, offset = divmod(begin >> (8 * level), WIDTH)
        return _folded_again(self._hashes(level, place)[offset * HASH : (offset + (1 << rest)) * HASH])

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the tree, or of an earlier state of it."""
        wanted = self.size if size is None else size
        return self.node(0, wanted) if wanted else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """Prove that an entry is in the log: the neighbours from the leaf up (RFC 9162, 2.1.3.1)."""
        path: list[bytes] = []
        begin, end = 0, self.size
        while end - begin > 1:
            split = begin + (1 << ((end - begin - 1).bit_length() - 1))
            if index < split:
                path.append(self.node(split, end))
                end = split
            else:
                path.append(self.node(begin, split))
                begin = split
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Prove that an earlier state is the beginning of this one (RFC 9162, 2.1.4.1)."""
        if old in (0, self.size):
            return []
        path: list[bytes] = []
        begin, end, whole = 0, self.size, True
        while old != end:
            split = begin + (1 << ((end - begin - 1).bit_length() - 1))
            if old <= split:
                path.append(self.node(split, end))
                end = split
            else:
                path.append(self.node(begin, split))
                begin, whole = split, False
        return [*([] if whole else [self.node(begin, end)]), *path[::-1]]


def _up(index: int, last: int) -> tuple[int, int]:
    """Climb from a node that stands alone on the right edge to the next that has a left neighbour."""
    while index and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def includes(root: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Check the proof that an entry stands at an index of the log with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last, found = size - 1, leaf
    for node in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            found = hash_pair(node, found)
            index, last = _up(index, last)
        else:
            found = hash_pair(found, node)
        index, last = index >> 1, last >> 1
    return last == 0 and found == root


def continues(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Check the proof that a log, given as size and root, is the beginning of another (RFC 9162, 2.1.4.2)."""
    if old[0] == new[0] or old[0] == 0:
        same = old[1] == new[1] if old[0] == new[0] else old[1] == EMPTY_ROOT
        return same and not path
    if old[0] > new[0] or not path:
        return False
    nodes = [old[1], *path] if old[0] & (old[0] - 1) == 0 else list(path)
    index, last = old[0] - 1, new[0] - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            before, after = hash_pair(node, before), hash_pair(node, after)
            index, last = _up(index, last)
        else:
            after = hash_pair(after, node)
        index, last = index >> 1, last >> 1
    return last == 0 and before == old[1] and after == new[1]
