"""Noise on counts: what its table promises, and that the same records are changed alike whatever their order."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from allmende.store.cellkey import (
    GREATEST_DEVIATION,
    LEAST_DEVIATION,
    Siphash,
    cell_keys,
    record_keys,
    table_of,
)
from allmende.store.points import Ints

SECRET = bytes(range(16))
DEVIATIONS = range(LEAST_DEVIATION, GREATEST_DEVIATION + 1)
COUNTS = arrays.arrays(np.int64, st.integers(1, 300), elements=st.integers(0, 60))


def test_the_hash_is_that_of_python() -> None:
    """Python hashes bytes by SipHash-1-3, under a secret of zeros where PYTHONHASHSEED is 0."""
    program = "import sys; print(sys.hash_info.algorithm, *(hash(bytes(range(n, n + 16))) for n in range(50)))"
    told = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, check=True
    )
    name, *wanted = told.stdout.decode().split()
    assert name == "siphash13"
    words = np.frombuffer(b"".join(bytes(range(n, n + 16)) for n in range(50)), np.uint64).reshape(-1, 2)
    assert Siphash(bytes(16)).of(words[:, 0], words[:, 1]).view(np.int64).tolist() == [int(word) for word in wanted]


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_the_table_keeps_its_promises(deviation: int) -> None:
    table, changes = table_of(deviation), np.arange(-deviation, deviation + 1)
    assert table.chances[0].tolist() == (changes == 0).astype(float).tolist(), "zero stays zero"
    for count, chances in enumerate(table.chances[1:], 1):
        told = count + changes[chances > 0]
        assert chances.sum() == pytest.approx(1)
        assert chances @ changes == pytest.approx(0, abs=1e-6)
        assert chances @ changes**2 == pytest.approx(deviation - 0.5)
        assert told.min() >= 0
        assert not {1, 2} & set(told.tolist())
    assert (table.chances[-1] > 0).all(), "above the table, every change can be"


@settings(max_examples=100, deadline=None)
@given(values=COUNTS, data=st.data(), deviation=st.sampled_from(DEVIATIONS))
def test_a_cell_is_changed_alike_in_every_order_and_never_far(
    values: Ints, data: st.DataObject, deviation: int
) -> None:
    cells = data.draw(arrays.arrays(np.int64, len(values), elements=st.integers(0, 9)))
    order = np.array(data.draw(st.permutations(range(len(values)))))
    ids = np.arange(len(values)) + (7 << 32)

    def told(chosen: Ints) -> Ints:
        keys = cell_keys(record_keys(SECRET, ids[chosen], values[chosen]), cells[chosen], 10)
        totals = np.bincount(cells[chosen], values[chosen], 10).astype(np.int64)
        return table_of(deviation).changed(totals, keys)

    totals = np.bincount(cells, values, 10)
    whole = told(np.arange(len(values)))
    assert (np.abs(whole - totals) <= deviation).all()
    assert (whole[totals == 0] == 0).all()
    assert not np.isin(whole, (1, 2)).any()
    assert told(order).tolist() == whole.tolist()
    alone = np.flatnonzero(cells == cells[0])
    assert told(alone)[cells[0]] == whole[cells[0]], "what else is in a table changes nothing"


@pytest.mark.parametrize("count", [1, 2, 4, 50, 10_000])
def test_many_cells_are_changed_as_often_as_the_table_says(count: int) -> None:
    many = 40_000
    ids, values = np.arange(many), np.full(many, count)
    keys = record_keys(SECRET, ids, values)
    changes = table_of(5).changed(values, keys) - count
    assert changes.mean() == pytest.approx(0, abs=0.05)
    assert changes.var() == pytest.approx(4.5, rel=0.05)
    others = record_keys(SECRET, ids, values + 1)
    assert np.corrcoef(keys, others)[0, 1] == pytest.approx(0, abs=0.02), "a corrected record is another one"
    assert np.corrcoef(keys[:-1], keys[1:])[0, 1] == pytest.approx(0, abs=0.02)
