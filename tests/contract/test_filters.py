"""Random conditions and orders give the rows that plain Python gives, in both databases."""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from allmende.gate.door import Ask, Gate, Grant, migrate_store, open_gate
from allmende.gate.query import (
    Call,
    Compare,
    Constant,
    Duration,
    Expression,
    Interval,
    Kind,
    Location,
    Logic,
    Not,
    Order,
    Path,
    Query,
    Thing,
    TimeOfDay,
)
from allmende.kernel.errors import Malformed
from tests.contract.conftest import COLLECT, MINUTE, NOON, book, rule
from tests.contract.oracle import Span, TimeSpan, World, evaluate
from tests.contract.town import HOUR, KINDS, PLACES, SHAPES, build

pytestmark = pytest.mark.xdist_group("postgres")
OPEN = book(
    rule("collect-all", "collect", "*", "climate"),
    rule("use-all", "use", "*", "climate", recipients=("city",)),
)
Town = tuple[Gate, Grant, World]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Give a town that opens everything, and all that is in it."""
    if request.param == "sqlite":
        url = str(tmp_path_factory.mktemp("filters") / "store.sqlite3")
    else:
        url = request.getfixturevalue("postgres").new()
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(OPEN, "tests")
    build(gate)
    collect = gate.grant(COLLECT)
    for name, place in (("  Äpfel & Öl ", [[9.2, 47.7], [9.4, 47.9]]), ("Straße 💧", [[9.3, 47.5], [9.37005, 47.5]])):
        line = Location(name=name, description="", location={"type": "LineString", "coordinates": place})
        number = gate.create(collect, "Locations", line)
        properties = {"word": name.upper(), "number": -2.75, "simulated": None}
        gate.create(collect, "Things", Thing(name=name, description="", properties=properties, location_ids=(number,)))
    grant = gate.grant(Ask(COLLECT.asker, "use", "climate", "city"))
    yield gate, grant, World(gate, grant, KINDS)
    gate.close()


WAYS: dict[Kind, dict[str, tuple[str, ...]]] = {
    "Things": {
        "text": ("name", "properties/word", "Datastreams/name", "Locations/name", "Datastreams/Sensor/description"),
        "number": ("id", "properties/number", "Datastreams/id", "Datastreams/properties/number"),
        "time": ("HistoricalLocations/time", "Datastreams/Observations/phenomenonTime"),
        "truth": ("Datastreams/properties/simulated", "properties/simulated"),
    },
    "Locations": {
        "text": ("name", "encodingType", "location/type", "Things/name"),
        "number": ("id", "properties/place", "Things/properties/number"),
        "time": ("HistoricalLocations/time",),
        "truth": ("Things/Datastreams/properties/simulated",),
    },
    "Datastreams": {
        "text": ("name", "unitOfMeasurement/symbol", "properties/word", "Thing/name", "ObservedProperty/name"),
        "number": ("id", "properties/number", "Thing/id", "Observations/result", "Observations/parameters/depth"),
        "time": ("Observations/phenomenonTime", "Observations/resultTime"),
        "truth": ("properties/simulated",),
    },
    "Observations": {
        "text": ("resultQuality", "Datastream/name", "Datastream/Thing/properties/word", "FeatureOfInterest/name"),
        "number": ("id", "result", "parameters/depth", "Datastream/id", "Datastream/Thing/id"),
        "time": ("phenomenonTime", "phenomenonTime", "resultTime"),
        "truth": ("Datastream/properties/simulated",),
    },
    "FeaturesOfInterest": {
        "text": ("name", "feature/type"),
        "number": ("id", "Observations/result"),
        "time": ("Observations/phenomenonTime",),
        "truth": ("Observations/Datastream/properties/simulated",),
    },
}
WORDS = st.sampled_from(
    ("", "weather as it was 1", "as", "Station", "Ä", "ß", "💧", "1", "°C", "good", " ", "POINT", "ÄPFEL")
)
NUMBERS = st.sampled_from((-3.75, -2, -0.5, 0, 0.5, 1, 2, 2.5, 3, 4, 7, 12.25, 101))
INSTANTS = st.integers(-17, 17).map(lambda quarter: NOON // HOUR * HOUR + quarter * 15 * MINUTE)


@cache
def ways(kind: Kind, sort: str) -> st.SearchStrategy[Expression]:
    """Give a path to values of a sort."""
    return st.sampled_from(WAYS[kind][sort]).map(lambda text: Path(tuple(text.split("/"))))


def call(names: str, *arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Give a call of one of these functions."""
    return st.builds(lambda name, *values: Call(name, values), st.sampled_from(names.split()), *arguments)


@cache
def numbers(kind: Kind, depth: int = 2) -> st.SearchStrategy[Expression]:
    """Give a number."""
    plain = st.one_of(ways(kind, "number"), NUMBERS.map(Constant))
    if not depth:
        return plain
    inner, words, moments = numbers(kind, depth - 1), texts(kind, depth - 1), instants(kind, depth - 1)
    place = st.sampled_from(PLACES[kind]).map(Path)
    return st.one_of(
        *(plain, plain, plain),
        call("add sub mul div mod", inner, inner),
        call("round floor ceiling", inner),
        call("length", words),
        call("indexof", words, words),
        call("year month day hour minute second fractionalseconds totaloffsetminutes", moments),
        call("geo.distance", place, st.sampled_from(SHAPES)),
        call("geo.length", place),
        call("geo.length", st.sampled_from(SHAPES)),
    )


@cache
def texts(kind: Kind, depth: int = 2) -> st.SearchStrategy[Expression]:
    """Give a text."""
    plain = st.one_of(ways(kind, "text"), WORDS.map(Constant))
    if not depth:
        return plain
    inner = texts(kind, depth - 1)
    some = st.integers(0, 9).map(Constant)
    return st.one_of(
        *(plain, plain, plain),
        call("tolower toupper trim", inner),
        call("concat", inner, inner),
        call("substring", inner, some),
        call("substring", inner, numbers(kind, 0), some),
    )


@cache
def lengths() -> st.SearchStrategy[Expression]:
    """Give a duration."""
    plain = st.integers(-120, 120).map(lambda minutes: Duration(minutes * MINUTE // 2))
    return st.one_of(plain, plain, call("add sub", plain, plain), call("mul", plain, NUMBERS.map(Constant)))


@cache
def instants(kind: Kind, depth: int = 2) -> st.SearchStrategy[Expression]:
    """Give an instant, or an interval."""
    fixed = st.builds(lambda instant, more: Constant(instant + more, is_instant=True), INSTANTS, st.integers(-1, 1))
    plain = st.one_of(ways(kind, "time"), fixed)
    if not depth:
        return plain
    return st.one_of(
        *(plain, plain),
        st.builds(lambda start, length: Interval(start, start + length * 450_000_000), INSTANTS, st.integers(1, 20)),
        call("add sub", instants(kind, depth - 1), lengths()),
        call("date", instants(kind, depth - 1)),
        call("mindatetime maxdatetime"),
    )


@cache
def leaves(kind: Kind) -> st.SearchStrategy[Expression]:
    """Give a condition without logic."""
    compared, equal = st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge")), st.sampled_from(("eq", "ne"))
    truths = st.one_of(ways(kind, "truth"), st.booleans().map(Constant))
    anything = st.one_of(*(ways(kind, sort) for sort in ("text", "number", "time", "truth")))
    clock = st.integers(0, 95).map(lambda quarter: TimeOfDay(quarter * 15 * MINUTE))
    place, shape = st.sampled_from(PLACES[kind]).map(Path), st.sampled_from(SHAPES)
    related = (
        "geo.intersects st_equals st_disjoint st_touches st_within st_overlaps st_crosses st_intersects st_contains"
    )
    return st.one_of(
        st.builds(Compare, compared, numbers(kind), numbers(kind)),
        st.builds(Compare, compared, texts(kind), texts(kind)),
        st.builds(Compare, compared, instants(kind), instants(kind)),
        st.builds(Compare, compared, call("sub", instants(kind, 1), instants(kind, 1)), lengths()),
        st.builds(Compare, compared, call("time", instants(kind)), clock),
        st.builds(Compare, equal, truths, truths),
        st.builds(Compare, equal, anything, st.just(Constant(None))),
        call("substringof startswith endswith", texts(kind), texts(kind)),
        call("before after meets during overlaps starts finishes", instants(kind), instants(kind)),
        call(related, place, shape),
        call(related, shape, place),
        call("st_relate", place, shape, st.sampled_from(("T********", "FF*FF****", "*T*0*****")).map(Constant)),
    )


@cache
def conditions(kind: Kind) -> st.SearchStrategy[Expression]:
    """Give a condition."""
    joined = st.sampled_from(("and", "or"))
    return st.recursive(
        leaves(kind),
        lambda inner: st.one_of(
            st.builds(Logic, joined, st.lists(inner, min_size=2, max_size=3).map(tuple)), st.builds(Not, inner)
        ),
        max_leaves=3,
    )


def _ids(town: Town, query: Query) -> list[int] | None:
    """Give the ids that the store finds; None where a number is too great to be reckoned."""
    try:
        return [record.id for record in town[0].page(town[1], query).records]
    except Malformed as error:
        if error.code.code == "query.not_computable":
            return None
        raise


QUESTIONS = st.one_of(*(st.tuples(st.just(kind), conditions(kind)) for kind in WAYS))
# Shrinking would run for minutes; the conditions are small as they are.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
RANDOM = settings(max_examples=60, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))


def _no_time(function: str, operator: Literal["lt", "ge"], value: Constant | TimeOfDay) -> Iterator[Expression]:
    """Give comparisons of a part of what lies before the first time there is, and behind the last."""
    half_an_hour = Call("sub", (Duration(-33 * MINUTE // 2), Duration(-47 * MINUTE)))
    for name, end in (("sub", "mindatetime"), ("add", "maxdatetime")):
        yield Compare(operator, Call(function, (Call(name, (Call(end, ()), half_an_hour)),)), value)


BEFORE_THE_FIRST, BEHIND_THE_LAST = _no_time("time", "lt", TimeOfDay(43 * 15 * MINUTE))
YEAR_BEFORE, YEAR_BEHIND = _no_time("year", "ge", Constant(-100_000))
NAME_OF_ITSELF = Compare(
    "gt",
    Path(("name",)),
    Call(
        "concat",
        (Call("trim", (Path(("location", "type")),)), Call("concat", (Constant("ß"), Path(("name",))))),
    ),
)


@RANDOM
@example(question=("Locations", Logic("or", (BEFORE_THE_FIRST, NAME_OF_ITSELF))))
@example(question=("Locations", Logic("or", (BEHIND_THE_LAST, NAME_OF_ITSELF))))
@example(question=("Observations", YEAR_BEFORE))
@example(question=("Observations", YEAR_BEHIND))
@given(question=QUESTIONS)
def test_conditions(town: Town, question: tuple[Kind, Expression]) -> None:
    kind, where = question
    found = _ids(town, Query(kind=kind, where=where, top=10_000))
    if found is not None:
        assert set(found) == town[2].satisfying(kind, where)


KEYS = st.one_of(
    *(
        st.tuples(st.just(kind), st.one_of(numbers(kind), texts(kind), instants(kind), lengths()))
        for kind in ("Observations", "Datastreams")
    )
)


@RANDOM
@given(
    key=KEYS,
    descending=st.booleans(),
)
def test_orders(town: Town, key: tuple[Kind, Expression], descending: bool) -> None:
    kind, by = key
    if any(name in ("Observations", "Datastreams", "HistoricalLocations", "Locations") for name in _steps(by)):
        return
    found = _ids(town, Query(kind=kind, order=(Order(by, descending),), top=10_000))
    if found is None:
        return
    values = {number: _key(town[2], kind, number, by) for number in town[2].rows[kind]}
    there = sorted(((value, n) for n, value in values.items() if value is not None), reverse=descending)
    absent = sorted((n for n, value in values.items() if value is None), reverse=descending)
    present = [number for _, number in there]
    assert found == (present + absent if descending else absent + present)


def _steps(by: Expression) -> Iterator[str]:
    if isinstance(by, Path):
        yield from by.parts
    if isinstance(by, Call):
        yield from itertools.chain.from_iterable(_steps(argument) for argument in by.arguments)


def _key(world: World, kind: Kind, number: int, by: Expression) -> Any:
    values = [next(world.reached(path.parts, kind, number), None) for path in _all_paths(by)]
    value = evaluate(by, iter(values))
    if isinstance(value, Span):
        return value.start
    if isinstance(value, list):
        return None
    return value.micros if isinstance(value, TimeSpan) else value


def _all_paths(by: Expression) -> Iterator[Path]:
    if isinstance(by, Path):
        yield by
    if isinstance(by, Call):
        yield from itertools.chain.from_iterable(_all_paths(argument) for argument in by.arguments)
