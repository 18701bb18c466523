"""What a condition says of datastreams and times holds for every observation that satisfies it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.gate.door import Gate, Grant, migrate_store, open_gate
from allmende.gate.query import (
    Call,
    Compare,
    Constant,
    Duration,
    Expression,
    Interval,
    Logic,
    Not,
    Observation,
    Path,
    Query,
)
from allmende.kernel.errors import Malformed
from allmende.store.bounds import Bounds, bounds_of, mentions_observations
from tests.contract.conftest import COLLECT, MINUTE, NOON, book, rule
from tests.contract.town import HOUR, build, conditions

STREAM, TIME = Path(("Datastream", "id")), Path(("phenomenonTime",))
OPEN = book(
    rule("collect-all", "collect", "*", "climate"),
    rule("use-all", "use", "*", "climate", recipients=("city",)),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gate, Grant, list[Observation]]]:
    """Give a town that opens everything, and all its observations."""
    url = str(tmp_path_factory.mktemp("bounds") / "store.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(OPEN, "tests")
    build(gate)
    grant = gate.grant(type(COLLECT)(COLLECT.asker, "use", "climate", "city"))
    yield gate, grant, [record.value for record in gate.page(grant, Query(kind="Observations", top=10_000)).records]
    gate.close()


INSTANTS = st.integers(-17, 17).map(lambda quarter: NOON // HOUR * HOUR + quarter * 15 * MINUTE)
SHIFTS = st.sampled_from((-1, 0, 0, 0, 1))
MOMENTS = st.builds(lambda instant, shift: Constant(instant + shift, is_instant=True), INSTANTS, SHIFTS)
INTERVALS = st.builds(
    lambda start, length, shift: Interval(start + shift, start + length * 5 * MINUTE + 1),
    INSTANTS,
    st.integers(0, 24),
    SHIFTS,
)
RECKONED = st.builds(
    lambda name, moment, minutes: Call(name, (moment, Duration(minutes * MINUTE))),
    st.sampled_from(("add", "sub")),
    MOMENTS,
    st.integers(-60, 60),
)
TIMES: st.SearchStrategy[Expression] = st.one_of(MOMENTS, MOMENTS, INTERVALS, RECKONED)
OPERATORS = st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge"))
RELATIONS = st.sampled_from(("before", "after", "meets", "during", "overlaps", "starts", "finishes"))
LEAVES = st.one_of(
    st.builds(lambda operator, time: Compare(operator, TIME, time), OPERATORS, TIMES),
    st.builds(lambda operator, time: Compare(operator, time, TIME), OPERATORS, TIMES),
    st.builds(lambda relation, time: Call(relation, (TIME, time)), RELATIONS, TIMES),
    st.builds(lambda number: Compare("eq", STREAM, Constant(number)), st.sampled_from((1, 2, 3.0, 4.5, 8, 99))),
    st.builds(
        lambda number: Compare("eq", Path(("MultiDatastream", "id")), Constant(number)), st.sampled_from((3, 6, 1))
    ),
    st.booleans().map(Constant),
    conditions("Observations"),
)
BOUNDING: st.SearchStrategy[Expression] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Logic, st.sampled_from(("and", "and", "or")), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=BOUNDING)
def test_what_lies_outside_the_bounds_never_satisfies(
    town: tuple[Gate, Grant, list[Observation]], where: Expression
) -> None:
    gate, grant, everything = town
    try:
        found = {record.id for record in gate.page(grant, Query(kind="Observations", where=where, top=10_000)).records}
    except Malformed:
        return
    bounds = bounds_of(where)
    inside = {
        value.id
        for value in everything
        if bounds.holds(value.datastream_id, value.phenomenon_start, value.phenomenon_end or value.phenomenon_start)
    }
    assert found <= inside
    if bounds.exact:
        several = gate.multi({value.datastream_id for value in everything}) if bounds.streams else set()
        assert found == {number for number in inside if number >> 32 not in several}


def test_the_usual_questions_are_nothing_but_bounds() -> None:
    since, until = Constant(NOON, is_instant=True), Constant(NOON + HOUR, is_instant=True)
    day = Logic("and", (Compare("ge", TIME, since), Compare("lt", TIME, until)))
    assert bounds_of(day) == Bounds(None, NOON, NOON + HOUR, exact=True)
    one = Logic("and", (Compare("eq", STREAM, Constant(7)), day))
    assert bounds_of(one) == Bounds(frozenset([7]), NOON, NOON + HOUR, exact=True)
    two = Logic("or", (Compare("eq", STREAM, Constant(7)), Compare("eq", Constant(8), STREAM)))
    assert bounds_of(two) == Bounds(frozenset([7, 8]), exact=True)
    warm = Logic("and", (one, Compare("gt", Path(("result",)), Constant(20))))
    assert bounds_of(warm) == Bounds(frozenset([7]), NOON, NOON + HOUR)
    recent = Compare("gt", TIME, Call("sub", (Call("now", ()), Duration(HOUR))))
    assert bounds_of(recent, NOON) == Bounds(since=NOON - HOUR + 1, exact=True)
    assert bounds_of(recent) == Bounds()
    assert bounds_of(None) == Bounds(exact=True)


def test_ways_over_observations_are_told() -> None:
    warm = Compare("gt", Path(("Datastreams", "Observations", "result")), Constant(20))
    assert mentions_observations(Not(Logic("or", (warm, warm))), "Things")
    assert mentions_observations(Call("round", (Path(("Observations", "result")),)), "Datastreams")
    assert not mentions_observations(
        Compare("eq", Path(("Datastream", "name")), Constant("Observations")), "Observations"
    )
    assert not mentions_observations(Path(("properties", "Observations")), "Datastreams")
    assert not mentions_observations(None, "Things")
