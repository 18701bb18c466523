"""Which months of which datastreams have changed: for copies that are kept up to date, such as the lake."""

from collections.abc import Collection
from hashlib import blake2b

import msgspec
import numpy as np

from allmende.gate.door import Gate


class Held(msgspec.Struct, frozen=True):
    """What lies stored around a month of a datastream: a digest of it, and its last end in microseconds."""

    digest: str
    until: int


Months = dict[int, dict[int, Held]]


def month_of(micros: int) -> int:
    """Number the UTC month of an instant; January 1970 is 0."""
    return int(np.datetime64(micros, "us").astype("datetime64[M]").astype(np.int64))


def begin_of(month: int) -> int:
    """Give the first instant of a month, in microseconds."""
    return int(np.datetime64(month, "M").astype("datetime64[us]").astype(np.int64))


def months(gate: Gate, streams: Collection[int]) -> Months:
    """Give for each month the datastreams that have something in it, each with a digest of what is stored there.

    A digest that is the same means the same observations; another one may. No value can be told from it.
    """
    digests: dict[tuple[int, int], blake2b] = {}
    ends: dict[tuple[int, int], int] = {}
    for stamp in gate.store.stamps():
        if stamp.stream in streams:
            for month in range(month_of(stamp.first), month_of(stamp.last) + 1):
                key = (month, stamp.stream)
                digest = digests.setdefault(key, blake2b(digest_size=16))
                digest.update(f"{stamp.first} {stamp.last} {stamp.digest}\n".encode())
                ends[key] = max(stamp.until, ends.get(key, stamp.until))
    grouped: Months = {}
    for month, stream in sorted(digests):
        held = Held(digests[month, stream].hexdigest(), ends[month, stream])
        grouped.setdefault(month, {})[stream] = held
    return grouped
