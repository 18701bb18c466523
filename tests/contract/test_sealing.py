"""What is sealed stays what it was: cut into whole days, found by its number, corrected, deleted, and checked."""

import datetime as dt
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from allmende.gate.door import Gate, Grant
from allmende.gate.query import Arrival, Block, Correction, Order, Query, Within
from allmende.gate.query import Path as Property
from allmende.kernel.clock import DAY_MICROSECONDS, utc_now
from allmende.kernel.errors import Broken
from tests.contract.conftest import DELETE, MINUTE, NOON
from tests.program import PROGRAM, environment

Maker = Callable[..., int]
SECOND = 1_000_000
NIGHT = NOON // DAY_MICROSECONDS * DAY_MICROSECONDS
MOST = 2_048
BY_TIME = (Order(Property(("phenomenonTime",))),)
TELLS = "first, last, until, count, known_first, known_last, numbers, minimum, maximum, total"
ANYTHING = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"
SEALER = """
import sys
from allmende.gate.door import open_gate
gate = open_gate(sys.argv[1])
print("ready", flush=True)
while True:
    gate.seal()
"""


def block(stream: int, start: Any, number: Any = None) -> Block:
    """Give columns of values."""
    times = np.asarray(start, np.int64)
    values = np.arange(len(times)) % 50 / 2 if number is None else number
    return Block(datastream_id=stream, start=times, number=np.asarray(values, np.float64), source="tests")


def sql(gate: Gate, statement: str, *values: Any) -> list[Any]:
    """Run a statement past the gate."""
    written = statement if gate.store.engine.dialect.name == "sqlite" else statement.replace("?", "%s")  # type: ignore[attr-defined]
    with gate.store.engine.begin() as connection:  # type: ignore[attr-defined]
        result = connection.exec_driver_sql(written, values)
        return [tuple(row) for row in result] if result.returns_rows else []


def everything(gate: Gate, read: Grant, stream: int) -> list[tuple[int, int, Any]]:
    """Give number, time and result of all that a datastream has, by time, page by page."""
    found: list[tuple[int, int, Any]] = []
    query = Query(kind="Observations", within=Within("Datastreams", stream), order=BY_TIME, top=5_000)
    while True:
        page = gate.page(read, query)
        found += [(record.id, record.value.phenomenon_start, record.value.result) for record in page.records]
        if page.next_after is None:
            return found
        query = msgspec.structs.replace(query, after=page.next_after)


def faults(gate: Gate) -> list[str]:
    """Say what the doctor finds wrong."""
    return [fault.en for one in gate.audit() for fault in one.faults]


def chunks(gate: Gate, stream: int) -> list[Any]:
    """Give what is told beside the chunks of a datastream, by time."""
    return sql(gate, f"SELECT {TELLS} FROM sealed WHERE datastream_id = ? ORDER BY first", stream)


def test_chunks_are_whole_days_of_at_most_two_thousand(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    every = {"second": SECOND, "five minutes": 5 * MINUTE, "day": DAY_MICROSECONDS}
    made = {name: stream() for name in every}
    for name, step in every.items():
        gate.append(collect, block(made[name], NIGHT + np.arange(5_000) * step - 5_000 * DAY_MICROSECONDS))
    before = {name: everything(gate, read, number) for name, number in made.items()}
    assert gate.seal() == 15_000
    sizes = {name: [row[3] for row in chunks(gate, number)] for name, number in made.items()}
    # 2,016 are seven days of 288; in one day of seconds there is no turn of a day to cut at.
    assert sizes == {
        "second": [MOST, MOST, 904],
        "five minutes": [2_016, 2_016, 968],
        "day": [MOST, MOST, 904],
    }
    assert all(row[0] % DAY_MICROSECONDS == 0 for row in chunks(gate, made["five minutes"]))
    assert {name: everything(gate, read, number) for name, number in made.items()} == before
    assert faults(gate) == []


def test_points_of_one_time_stay_in_one_chunk(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream()
    crowd = [
        Arrival(datastream_id=number, phenomenon_start=NOON, result=float(n % 50), message=f"m{n}")
        for n in range(MOST + 500)
    ]
    around = [Arrival(datastream_id=number, phenomenon_start=NOON + n * MINUTE, result=1.0) for n in (-2, -1, 1, 2)]
    receipt = gate.append(collect, [*crowd, *around])
    before = everything(gate, read, number)
    gate.seal()
    assert [row[3] for row in chunks(gate, number)] == [2, MOST + 500, 2]
    assert everything(gate, read, number) == before
    assert {row[0] for row in before} == set(receipt.ids)
    assert faults(gate) == []


def test_late_values_touch_only_the_chunks_of_their_time(
    gate: Gate, collect: Grant, read: Grant, stream: Maker
) -> None:
    number = stream()
    gate.append(collect, block(number, NIGHT + np.arange(8_000) * 5 * MINUTE))
    gate.seal()
    kept = sql(gate, "SELECT id, body FROM sealed WHERE datastream_id = ? ORDER BY first", number)
    assert len(kept) == 4
    before = everything(gate, read, number)
    late = [NIGHT - MINUTE, *(NIGHT + 10 * DAY_MICROSECONDS + n * 5 * MINUTE + MINUTE for n in range(600))]
    receipt = gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=t, result=-7.0) for t in late])
    expected = sorted([*before, *zip(receipt.ids, late, [-7.0] * len(late), strict=True)], key=lambda row: row[1])
    assert everything(gate, read, number) == expected
    gate.seal()
    assert everything(gate, read, number) == expected
    rest = sql(gate, "SELECT id, body FROM sealed WHERE datastream_id = ? ORDER BY first", number)
    assert [row for row in kept if row in rest] == [kept[0], *kept[2:]]
    told = chunks(gate, number)
    assert all(here[1] < there[0] for here, there in itertools.pairwise(told))
    assert max(row[3] for row in told) <= MOST
    assert faults(gate) == []


def test_sealed_values_are_corrected_and_deleted_like_fresh_ones(
    gate: Gate, collect: Grant, read: Grant, stream: Maker
) -> None:
    number = stream()
    gate.append(collect, block(number, NIGHT + np.arange(8_000) * 5 * MINUTE))
    gate.seal()
    model = {row[0]: row for row in everything(gate, read, number)}
    ids = sorted(model)
    first, moved = ids[0], ids[3_000]
    gate.correct(collect, first, Correction(result=44.5), "tests")
    model[first] = (first, NIGHT, 44.5)
    gate.correct(collect, moved, Correction(phenomenon_start=NIGHT + 7 * MINUTE), "tests")
    model[moved] = (moved, NIGHT + 7 * MINUTE, model[moved][2])
    delete = gate.grant(DELETE)
    low, high = NIGHT + 6 * DAY_MICROSECONDS + 7 * MINUTE, NIGHT + 22 * DAY_MICROSECONDS + 7 * MINUTE
    gone = {one for one, row in model.items() if low <= row[1] < high} | {ids[-1]}
    assert gate.remove(delete, number, since=low, until=high) == len(gone) - 1
    assert gate.remove(delete, number, ids=[ids[-1], first + 1_000_000]) == 1
    expected = sorted((row for one, row in model.items() if one not in gone), key=lambda row: row[1])
    for _ in range(2):
        assert everything(gate, read, number) == expected
        assert faults(gate) == []
        gate.seal()
    assert [(one.result, one.reason) for one in gate.former(read, first)] == [(0.0, "tests")]
    again = gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON + DAY_MICROSECONDS, result=0.5)])
    assert again.ids[0] == ids[-1] + 1


def test_what_is_told_beside_a_chunk_is_what_its_values_give(
    gate: Gate, collect: Grant, read: Grant, stream: Maker
) -> None:
    number = stream(observation_type=ANYTHING, minimum=None, maximum=None)
    results: list[Any] = [1.5, -2.25, "grün", True, {"a": [1, None]}, 1e-7, 17, 0.1]
    sent = [
        Arrival(
            datastream_id=number,
            phenomenon_start=NIGHT + n * MINUTE,
            phenomenon_end=NIGHT + (n + 1 + 90 * (n == 7)) * MINUTE,
            result_time=NIGHT + (n + 2) * MINUTE if n % 3 else None,
            result=results[n % 8],
        )
        for n in range(5_000)
    ]
    gate.append(collect, sent)
    gate.seal()
    place = 0
    for row in chunks(gate, number):
        part = sent[place : place + row[3]]
        numbers: list[Any] = [one.result for one in part if type(one.result) in (int, float)]
        known = [one.result_time for one in part if one.result_time is not None]
        assert row[:9] == (
            *(part[0].phenomenon_start, part[-1].phenomenon_start, max(one.phenomenon_end or 0 for one in part)),
            *(len(part), min(known), max(known), len(numbers), min(numbers), max(numbers)),
        )
        assert row[9] == pytest.approx(sum(numbers))
        place += row[3]
    assert place == 5_000
    assert [row[2] for row in everything(gate, read, number)] == [one.result for one in sent]


def test_whatever_comes_in_whatever_order_is_sealed_in_order_of_time(
    gate: Gate, collect: Grant, read: Grant, stream: Maker
) -> None:
    streams = iter([stream() for _ in range(6)])

    @settings(max_examples=6, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(
        minutes=st.lists(st.integers(0, 20_000), min_size=1, max_size=3_000, unique=True),
        cuts=st.lists(st.integers(0, 3_000), max_size=4),
        chance=st.randoms(use_true_random=False),
    )
    def try_one(minutes: list[int], cuts: list[int], chance: Random) -> None:
        number = next(streams)
        chance.shuffle(minutes)
        marks = sorted({0, len(minutes), *(cut for cut in cuts if cut < len(minutes))})
        ids: dict[int, int] = {}
        for low, high in itertools.pairwise(marks):
            part = minutes[low:high]
            batch = [
                Arrival(datastream_id=number, phenomenon_start=NIGHT + n * MINUTE, result=n % 100 / 2) for n in part
            ]
            ids |= dict(zip(part, gate.append(collect, batch).ids, strict=True))
            gate.seal()
        assert everything(gate, read, number) == [(ids[n], NIGHT + n * MINUTE, n % 100 / 2) for n in sorted(minutes)]
        told = chunks(gate, number)
        assert sum(row[3] for row in told) == len(minutes)
        assert all(here[1] < there[0] for here, there in itertools.pairwise(told))

    try_one()
    assert faults(gate) == []


@contextmanager
def sealer(url: str) -> Iterator[None]:
    """Let another process seal without pause."""
    process = subprocess.Popen([sys.executable, "-c", SEALER, url], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_answers_are_right_while_another_process_seals(
    gate: Gate, collect: Grant, read: Grant, stream: Maker, store_url: str
) -> None:
    number, other = stream(), stream()
    chance = Random(7)
    model: dict[int, tuple[int, float]] = {}
    delete = gate.grant(DELETE)
    taken: set[int] = set()
    with sealer(store_url):
        for round_ in range(25):
            minutes = [n for n in chance.sample(range(30_000), 120) if n not in taken]
            taken |= set(minutes)
            sent = [Arrival(datastream_id=number, phenomenon_start=NIGHT + n * MINUTE, result=1.0) for n in minutes]
            receipt = gate.append(collect, sent)
            model |= {one: (row.phenomenon_start, 1.0) for one, row in zip(receipt.ids, sent, strict=True)}
            gate.append(collect, block(other, NIGHT + (round_ * 500 + np.arange(500)) * MINUTE))
            changed, gone = chance.sample(sorted(model), 2)
            gate.correct(collect, changed, Correction(result=float(round_)))
            model[changed] = (model[changed][0], float(round_))
            assert gate.remove(delete, number, ids=[gone]) == 1
            del model[gone]
            expected = sorted((row[0], one, row[1]) for one, row in model.items())
            assert [(row[1], row[0], row[2]) for row in everything(gate, read, number)] == expected
            series = gate.series(read, number, 0, 2**62)
            assert series.values.tolist() == [row[2] for row in expected]
            assert gate.summary(read)[number].count == len(expected)
            assert len(gate.series(read, other, 0, 2**62).times) == (round_ + 1) * 500
            days = gate.days(read, [number], dt.date(2024, 1, 1), dt.date(2025, 1, 1))
            assert sum(day.total for day in days) == pytest.approx(sum(row[2] for row in expected))
        assert chunks(gate, number)
        assert chunks(gate, other)
    gate.seal()
    assert faults(gate) == []


def test_the_work_process_seals_what_fills_a_chunk_and_what_is_from_yesterday(
    gate: Gate, collect: Grant, read: Grant, stream: Maker, store_url: str, tmp_path: Path
) -> None:
    full, old, new = stream(), stream(), stream()
    gate.append(collect, block(full, NIGHT + np.arange(MOST) * MINUTE))
    for number in (old, new):
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON, result=1.0)])
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = int(midnight.timestamp()) * SECOND - 1
    sql(gate, "UPDATE stream_state SET fresh_since = ? WHERE datastream_id = ?", yesterday, old)
    before = [everything(gate, read, number) for number in (full, old, new)]
    more = {"ALLMENDE_DATABASE_URL": store_url} if store_url.startswith("postgres") else {}
    work = subprocess.Popen([*PROGRAM, "work"], env=environment(tmp_path, **more))
    try:
        deadline = time.monotonic() + 60
        while sum(len(chunks(gate, number)) for number in (full, old)) < 2:
            assert time.monotonic() < deadline
            assert work.poll() is None
            time.sleep(0.1)
    finally:
        work.send_signal(signal.SIGTERM)
        assert work.wait(30) == 0
    assert sql(gate, "SELECT datastream_id FROM fresh") == [(new,)]
    assert [len(chunks(gate, number)) for number in (full, old, new)] == [1, 1, 0]
    assert [everything(gate, read, number) for number in (full, old, new)] == before


def test_no_damaged_byte_is_read_and_the_doctor_names_its_place(
    gate: Gate, collect: Grant, read: Grant, stream: Maker
) -> None:
    sealed, piece, rows = stream(), stream(), stream()
    gate.append(collect, block(sealed, NIGHT + np.array([0, 1, 3, 4, 9, 11]) * MINUTE))
    gate.seal()
    gate.append(collect, block(piece, NIGHT + np.array([0, 1, 3, 4, 9, 11]) * MINUTE))
    receipt = gate.append(collect, [Arrival(datastream_id=rows, phenomenon_start=NOON, result=1.0)])
    gate.correct(collect, receipt.ids[0], Correction(result=2.0))
    assert faults(gate) == []
    chance = Random(os.getpid())
    for table, number, layout in (
        ("sealed", sealed, 1),
        ("fresh", piece, 1),
        ("fresh", rows, 2),
        ("revisions", rows, 2),
    ):
        ((row, good),) = sql(gate, f"SELECT id, body FROM {table} WHERE datastream_id = ?", number)
        good = bytes(good)
        assert good[0] == layout
        flipped: list[Any] = [bytearray(good) for _ in good]
        for place, bad in enumerate(flipped):
            bad[place] ^= 1 << chance.randrange(8)
        for damaged in (*flipped, good[:-1], good[:4], b"", bytes(len(good)), good + b"\x00"):
            sql(gate, f"UPDATE {table} SET body = ? WHERE id = ?", bytes(damaged), row)
            assert faults(gate) == [f"{table} {row}: cannot be read"], bytes(damaged).hex()
        with pytest.raises(Broken, match="doctor store"):
            gate.former(read, receipt.ids[0]) if table == "revisions" else everything(gate, read, number)
        sql(gate, f"UPDATE {table} SET body = ? WHERE id = ?", good, row)
    assert faults(gate) == []
