"""Chunks are packed and unpacked by many threads at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from allmende.store.codec import pack, unpack
from allmende.store.points import INTEGERS, Points

THREADS, TIMES, SIZE = 8, 150, 4_000


def points_of(seed: int) -> Points:
    """Give points whose columns are hard to pack."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: random.integers(0, 1 << 40, SIZE) for name in INTEGERS}
    return Points(**columns, number=random.normal(0, 50, SIZE))


def test_threads_that_pack_at_once_get_their_own_bytes() -> None:
    chunks = [points_of(seed) for seed in range(THREADS)]
    alone = [pack(chunk) for chunk in chunks]

    def work(number: int) -> bool:
        packed = [pack(chunks[number]) for _ in range(TIMES)]
        return all(body == alone[number] for body in packed)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(work, range(THREADS)))
    for chunk, body in zip(chunks, alone, strict=True):
        again = unpack(body)
        assert all((getattr(again, name) == getattr(chunk, name)).all() for name in (*INTEGERS, "number"))
