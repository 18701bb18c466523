"""RFC 9162 read literally, by recursion over lists of entries: slow, and written apart from the program."""

import hashlib


def split(count: int) -> int:
    """Give the largest power of two below a number."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def head(entries: list[bytes]) -> bytes:
    """Give the Merkle tree hash (2.1.1)."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\1" + head(entries[:k]) + head(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """Give the inclusion proof (2.1.3.1)."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), head(entries[k:])]
    return [*path(m - k, entries[k:]), head(entries[:k])]


def proof(m: int, entries: list[bytes], whole: bool = True) -> list[bytes]:
    """Give the consistency proof (2.1.4.1)."""
    if m == len(entries):
        return [] if whole else [head(entries)]
    k = split(len(entries))
    if m <= k:
        return [*proof(m, entries[:k], whole), head(entries[k:])]
    return [*proof(m - k, entries[k:], False), head(entries[:k])]
