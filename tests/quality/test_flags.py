"""Flags over HTTP: the worst stands in the observation, nothing is deleted or doubled, late context changes them."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.gate.door import Ask, Asker
from allmende.gate.quality import flags, tally
from allmende.gate.query import Arrival, Correction, Grouping, Query, Within
from allmende.kernel.clock import iso_from_micros
from allmende.quality.rounds import Checks
from tests.apis.conftest import COLLECT, Town

DAY = 86_400_000_000
START = 19_800 * DAY
STEP = 600_000_000
USE = Ask(Asker("staff:1"), "use", "climate-adaptation", "administration")
OWN = {"range": {"suspect": [-10, 30], "fail": [-20, 40]}, "spike": {"suspect": 4, "fail": 9}, "flat": False}


def _stream(town: Town, name: str, **own: Any) -> int:
    number = town.add(name, (9.17, 47.66), "weather")
    properties = {"observed": "air-temperature", "interval_seconds": 600, "quality": {**OWN, "neighbour": False, **own}}
    answer = town.send("PATCH", f"Datastreams({number})", {"properties": properties})
    assert answer.status_code == 200, answer.text
    return number


def _send(town: Town, stream: int, *values: tuple[int, float]) -> list[int]:
    """Send values, each at a place in the row of times; give their numbers."""
    return [
        town.number(
            town.made(
                f"Datastreams({stream})/Observations",
                {"phenomenonTime": iso_from_micros(START + place * STEP), "result": value},
            )
        )
        for place, value in values
    ]


def _qualities(town: Town, stream: int) -> list[str]:
    rows = town.values(f"Datastreams({stream})/Observations", orderby="phenomenonTime", top="1000")
    return [row.get("resultQuality", "") for row in rows]


def test_the_worst_flag_is_the_result_quality_and_nothing_else_changes(workshop: Town) -> None:
    town = workshop
    stream = _stream(town, "Worst")
    numbers = _send(town, stream, *enumerate([20, 21, 35, 21, 20, 45, 20.5]))
    before = town.values(f"Datastreams({stream})/Observations", orderby="phenomenonTime")
    assert Checks(town.gate).look(30) >= 2
    after = town.values(f"Datastreams({stream})/Observations", orderby="phenomenonTime")
    assert [row.pop("resultQuality", "") for row in after] == ["", "", "bad", "", "", "bad", ""]
    assert after == before
    assert [row["@iot.id"] for row in after] == numbers
    bad = town.values(f"Datastreams({stream})/Observations", filter="resultQuality eq 'bad'")
    assert sorted(row["result"] for row in bad) == [35, 45]
    assert town.values("Datastreams", filter=f"id eq {stream} and Observations/resultQuality eq 'bad'")
    (newest,) = flags(town.gate, town.gate.grant(USE), [stream], limit=1)
    assert (newest.observation_id, newest.result) == (numbers[5], 45)
    assert newest.tests == {"range": "bad", "spike": "bad", "rate": "suspect", "climatology": "suspect"}


def test_what_is_bad_counts_in_no_sum_and_is_counted_apart(workshop: Town) -> None:
    town = workshop
    stream = _stream(town, "Sums")
    _send(town, stream, *enumerate([20, 21, 22, 21, 500 / 10, 20]))
    Checks(town.gate).look(30)
    use = town.gate.grant(USE)
    assert town.gate.series(use, stream, START, START + DAY).values.tolist() == [20, 21, 22, 21, 20]
    groups = town.gate.aggregate(use, [stream], Grouping(unit="day"))
    hours = town.gate.aggregate(use, [stream], Grouping(unit="hour"))
    assert (groups.count.tolist(), groups.maximum.tolist()) == ([5], [22])
    assert (hours.count.sum(), hours.maximum.max()) == (5, 22)
    counts = tally(town.gate, use, [stream])[stream]
    assert sum(n for (level, _), n in counts.items() if level == "bad") == 1
    assert [one for one in town.gate.audit() if one.faults] == []
    town.gate.seal()
    assert town.gate.series(use, stream, START, START + DAY).values.tolist() == [20, 21, 22, 21, 20]
    assert [one for one in town.gate.audit() if one.faults] == []


def test_late_context_changes_a_flag_and_what_it_said_stays_readable(workshop: Town) -> None:
    town = workshop
    stream = _stream(town, "Late")
    numbers = _send(town, stream, (0, 20), (1, 20.5), (2, 26.5), (4, 20.5), (5, 20))
    checks = Checks(town.gate)
    checks.look(30)
    assert _qualities(town, stream) == ["", "", "suspect", "", ""], "a spike, as far as known"
    _send(town, stream, (3, 26.4))
    checks.look(30)
    assert _qualities(town, stream) == [""] * 6, "the value between shows that it was none"
    (former,) = town.gate.former(town.gate.grant(USE), numbers[2])
    assert (former.quality, former.result, former.actor) == ("suspect", 26.5, "system:quality")
    assert checks.look(30) == 0


def test_what_a_person_says_of_the_quality_is_never_touched(workshop: Town) -> None:
    town = workshop
    stream = _stream(town, "Person", rate=False)
    path = f"Datastreams({stream})/Observations"
    for place, quality in enumerate(("good", {"said": "by hand"})):
        body = {"phenomenonTime": iso_from_micros(START + place * STEP), "result": 45, "resultQuality": quality}
        town.made(path, body)
    (third,) = _send(town, stream, (2, 44))
    checks = Checks(town.gate)
    checks.look(30)
    assert _qualities(town, stream) == ["good", {"said": "by hand"}, "bad"]
    town.send("PATCH", f"Observations({third})", {"resultQuality": "good"})
    _send(town, stream, (3, 20))
    checks.look(30)
    assert _qualities(town, stream) == ["good", {"said": "by hand"}, "good", ""]


def test_a_correction_takes_the_flag_of_the_former_value_away(workshop: Town) -> None:
    town = workshop
    stream = _stream(town, "Corrected")
    numbers = _send(town, stream, *enumerate([20, 45, 20, 20]))
    checks = Checks(town.gate)
    checks.look(30)
    assert _qualities(town, stream)[1] == "bad"
    town.gate.correct(town.gate.grant(COLLECT), numbers[1], Correction(result=20.0), "mended")
    checks.look(30)
    assert _qualities(town, stream) == [""] * 4
    town.gate.correct(town.gate.grant(COLLECT), numbers[2], Correction(result=39.0), "broken")
    checks.look(30)
    assert _qualities(town, stream) == ["", "", "bad", ""], "what was corrected is checked again"


def test_flags_go_with_what_they_are_of_and_other_categories_are_left_alone(workshop: Town) -> None:
    town = workshop
    stream = _stream(town, "Gone")
    _send(town, stream, *enumerate([20, 45, 20]))
    secret = town.add("Vault", (9.17, 47.66), "cellar")
    Checks(town.gate).look(30)
    use = town.gate.grant(USE)
    assert tally(town.gate, use, [stream, secret])[stream]
    town.gate.remove(town.gate.grant(Ask(COLLECT.asker, "delete", COLLECT.purpose, COLLECT.recipient)), stream)
    assert tally(town.gate, use, [stream]) == {}
    assert flags(town.gate, use, [stream]) == []


@pytest.fixture(scope="module")
def counter() -> Any:
    """Count the streams of all examples."""
    return iter(range(10_000))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.sampled_from([20.0, 20.2, 20.4, 26.0, 31.0, 49.0]), min_size=4, max_size=14),
    order=st.randoms(use_true_random=False),
    cuts=st.integers(1, 4),
)
def test_flags_depend_on_the_values_alone_not_on_how_they_came(
    workshop: Town, counter: Any, values: list[float], order: random.Random, cuts: int
) -> None:
    town = workshop
    gate, use = town.gate, town.gate.grant(USE)
    flat = {"suspect_seconds": 1_800, "fail_seconds": 3_600, "tolerance": 0.1}
    placed = [(place, value) for place, value in enumerate(values) if place % 5 != 3]
    shuffled = order.sample(placed, len(placed))
    found = []
    for parts in ([placed], [shuffled[begin::cuts] for begin in range(cuts)]):
        stream = _stream(town, f"Any{next(counter)}", flat=flat)
        for part in parts:
            gate.append(
                gate.grant(COLLECT),
                [Arrival(datastream_id=stream, phenomenon_start=START + n * STEP, result=v) for n, v in part],
            )
            Checks(gate).look(30)
        rows = gate.page(use, Query(kind="Observations", within=Within("Datastreams", stream), top=100)).records
        said = {one.value.phenomenon_start: one.value.quality for one in rows}
        found.append((said, {(one.start, tuple(sorted(one.tests.items()))) for one in flags(gate, use, [stream])}))
    assert found[0] == found[1]
    assert [one for one in gate.audit() if one.faults] == []
