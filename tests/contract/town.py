"""A small town, made alike in any store, and questions about it at random."""

import datetime as dt
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st

from allmende.ethics.model import Duties, Rulebook
from allmende.gate.door import Gate, Grant
from allmende.gate.query import (
    LINKS,
    PROPERTIES,
    Arrival,
    Call,
    Compare,
    Constant,
    Datastream,
    Duration,
    Expression,
    Interval,
    Kind,
    Location,
    Logic,
    MultiDatastream,
    Not,
    ObservedProperty,
    Order,
    Path,
    Query,
    Sensor,
    Shape,
    Thing,
    TimeOfDay,
    Within,
)
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError
from tests.contract.conftest import COLLECT, MINUTE, NOON, book, rule

HOUR = 60 * MINUTE
CATEGORIES = ("weather", "coarse", "late", "secret", "counted")
KINDS: tuple[Kind, ...] = (
    *("Things", "Locations", "HistoricalLocations", "Sensors", "ObservedProperties", "Datastreams", "Observations"),
    *("FeaturesOfInterest", "MultiDatastreams"),
)


def town_rules() -> Rulebook:
    """Give the rules of the town: what was measured after noon is still held back, for thirteen minutes from now."""
    delay = (micros_from_instant(utc_now()) - NOON) // 1_000_000
    return book(
        rule("collect-all", "collect", "*", "climate"),
        rule("publish-weather", "publish", "weather", "open-data"),
        rule(
            *("publish-coarse", "publish", "coarse", "open-data"),
            duties=Duties(time_grid_seconds=3600, minimum_group=3, space_grid_metres=1000),
        ),
        rule(
            *("publish-late", "publish", "late", "open-data"),
            duties=Duties(delay_seconds=delay, hidden_fields=("parameters", "resultTime")),
        ),
        rule(
            *("publish-counted", "publish", "counted", "open-data"),
            duties=Duties(time_grid_seconds=3600, minimum_persons=40, count_noise=5),
        ),
        rule("use-secret", "use", "secret", "climate", recipients=("city",)),
    )


def build(gate: Gate, changed: frozenset[str] = frozenset()) -> None:
    """Make the town; in a changed one, all that the rules hide from the public is different."""
    grant = gate.grant(COLLECT)
    gate.create(grant, "ObservedProperties", ObservedProperty(name="Warmth", definition="", description=""))
    for number, category in enumerate(CATEGORIES, 1):
        secret = category == "secret" and "secret" in changed
        word = f"{category} {'changed' if secret else 'as it was'}"
        sensor = gate.create(grant, "Sensors", Sensor(name=f"Sensor {word}", description=word))
        thing = _thing(
            gate, grant, number, word, moved=0.3 if secret else 0.0, near=category == "coarse" and category in changed
        )
        for twin in (1, 2):
            stream = Datastream(
                name=f"{word} {twin}", description="", thing_id=thing, sensor_id=sensor, observed_property_id=1,
                unit="%" if secret else "Cel", category=category, data_use="tests",
                properties={"number": number + 100 * secret, "word": word, "simulated": twin == 2},
            )  # fmt: skip
            made = gate.create(grant, "Datastreams", stream)
            gate.append(grant, _observations(made, category, twin, changed))
        _multi(gate, grant, category, word, thing, sensor, secret=secret)


def _multi(gate: Gate, grant: Grant, category: str, word: str, thing: int, sensor: int, *, secret: bool) -> None:
    """Make a series of arrays; one of its properties is its own."""
    own = ObservedProperty(name=f"Wind {word}", definition="", description="")
    measured = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
    unit = {"name": "metre per second", "symbol": "m/s", "definition": None}
    stream = MultiDatastream(
        name=f"{word} 3", description="", thing_id=thing, sensor_id=sensor,
        observed_property_ids=(gate.create(grant, "ObservedProperties", own), 1), multi_types=(measured, measured),
        multi_units=(unit, unit), category=category, data_use="tests", properties={"number": 300 + secret},
        observed_area={"type": "Point", "coordinates": [9.0 + secret, 47.0]},
    )  # fmt: skip
    made = gate.create(grant, "MultiDatastreams", stream)
    hours = range(-4, -1)
    gate.append(grant, [
        Arrival(datastream_id=made, phenomenon_start=NOON + hour * HOUR, result=[float(hour), 5.0 + 90.0 * secret])
        for hour in hours
    ])  # fmt: skip


def _thing(gate: Gate, grant: Grant, number: int, word: str, *, moved: float, near: bool) -> int:
    """Make a thing that has moved once; near is within the same kilometre."""
    east = 9.17 + number / 10 + moved + 0.0001 * near
    first, second = (
        gate.create(
            grant,
            "Locations",
            Location(
                name=f"{word} {place}",
                description="",
                location={"type": "Point", "coordinates": [east, 47.66 + place / 10]},
                properties={"place": place},
            ),
        )
        for place in (1, 2)
    )
    thing = Thing(
        name=f"Station {word}", description="", properties={"number": number + 9 * bool(moved)}, location_ids=(first,)
    )
    made = gate.create(grant, "Things", thing)
    gate.update(grant, "Things", made, msgspec.structs.replace(thing, location_ids=(second,)))
    return made


def _persons(quarter: int, *, changed: bool) -> float:
    """Count ever more persons after ten o'clock, and before it fewer than may be told, if any."""
    if quarter < -8:
        return float(quarter % 4 if changed else quarter % 2)
    return float(20 + quarter % 5)


def _observations(stream: int, category: str, twin: int, changed: frozenset[str]) -> list[Arrival]:
    """Give eight hours around noon, four values an hour; in one hour there are but two."""
    here = category in changed
    found = []
    for quarter in range(-16, 16):
        small, held = -8 <= quarter < -6, quarter >= 4
        if quarter in (-6, -5) or (here and category == "coarse" and quarter == -7):
            continue
        value = float(quarter) + twin * 0.25
        if category == "counted":
            value = _persons(quarter, changed=here)
        if here and (category == "secret" or (category == "coarse" and small) or (category == "late" and held)):
            value += 1000.0
        if here and category == "coarse" and -16 <= quarter < -12:
            value += 50.0 if quarter % 2 else -50.0
        start = NOON // HOUR * HOUR + quarter * 15 * MINUTE
        found.append(
            Arrival(
                datastream_id=stream, phenomenon_start=start, result=value,
                phenomenon_end=start + 15 * MINUTE if quarter % 3 == 0 else None,
                result_time=start + 20 * MINUTE + (MINUTE if here and category == "late" else 0),
                parameters={"depth": quarter % 4 + (50 if here else 0)},
                quality="good" if quarter % 2 else "unchecked",
            )
        )  # fmt: skip
    return found[:-5] if here and category == "secret" else found


TEXTS = ("", "weather as it was 1", "secret changed 2", "Station", "secret", "weather", "1", "Cel", "%", "good")
NUMBERS = (0, 1, 2, 3, 12.5, 1000.25, -3.75, 50, 101)
INSTANTS = tuple(NOON // HOUR * HOUR + hours * HOUR for hours in (-4, -2, 0, 2))
# The third and the fifth have an edge, and the second a point, where a hidden exact place would decide.
SHAPES = tuple(
    Shape(wkt)
    for wkt in (
        "POINT (9.27 47.76)",
        "POINT (9.3701 47.86)",
        "POLYGON ((9.3 47, 9.37005 47, 9.37005 48, 9.3 48, 9.3 47))",
        "POLYGON ((9 47, 10 47, 10 48, 9 48, 9 47))",
        "LINESTRING (9.37005 47, 9.37005 48)",
        "SRID=4326;POLYGON ((9.5 47, 9.7 47, 9.7 48, 9.5 48, 9.5 47))",
    )
)
# Numbers of cells: one that is shown and one that is too small, of means and of counts.
CELLS = tuple((stream << 32 | 1 << 31) + NOON // HOUR + hours for stream in (4, 13) for hours in (-4, -2))
RELATIONS = ("geo.intersects", "st_equals", "st_disjoint", "st_touches", "st_within", "st_overlaps", "st_crosses")
PLACES: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "Things": (("Locations", "location"), ("HistoricalLocations", "Locations", "location")),
    "Locations": (("location",),),
    "HistoricalLocations": (("Locations", "location"), ("Thing", "Locations", "location")),
    "Sensors": (("Datastreams", "Thing", "Locations", "location"),),
    "ObservedProperties": (("Datastreams", "Observations", "FeatureOfInterest", "feature"),),
    "MultiDatastreams": (("observedArea",), ("Thing", "Locations", "location")),
    "Datastreams": (("Thing", "Locations", "location"), ("Observations", "FeatureOfInterest", "feature")),
    "Observations": (("FeatureOfInterest", "feature"), ("Datastream", "Thing", "Locations", "location")),
    "FeaturesOfInterest": (("feature",), ("Observations", "Datastream", "Thing", "Locations", "location")),
}
TEMPORAL = ("before", "after", "meets", "during", "overlaps", "starts", "finishes")
moments = st.one_of(
    st.sampled_from(INSTANTS).map(lambda instant: Constant(instant, is_instant=True)),
    st.builds(
        lambda start, hours: Interval(start, start + hours * HOUR // 4), st.sampled_from(INSTANTS), st.integers(1, 9)
    ),
    st.builds(
        lambda name, start, minutes: Call(name, (Constant(start, is_instant=True), Duration(minutes * MINUTE))),
        *(st.sampled_from(("add", "sub")), st.sampled_from(INSTANTS), st.integers(-90, 90)),
    ),
)
constants = st.one_of(
    st.sampled_from((Duration(HOUR), Duration(-20 * MINUTE), TimeOfDay(9 * HOUR), TimeOfDay(HOUR // 4))),
    moments,
    st.sampled_from(TEXTS).map(Constant),
    st.sampled_from(NUMBERS).map(Constant),
    st.sampled_from(INSTANTS).map(lambda instant: Constant(instant, is_instant=True)),
    st.sampled_from((None, True, False)).map(Constant),
)
MEMBERS = {
    "properties": ("number", "word", "simulated", "place"),
    "parameters": ("depth",),
    "location": ("type", "coordinates"),
    "feature": ("type", "coordinates"),
    "unitOfMeasurement": ("symbol", "name"),
    "observedArea": ("type", "coordinates"),
}


@st.composite
def paths(draw: st.DrawFn, kind: Kind) -> Path:
    """Walk up to three links and name a property."""
    parts: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(LINKS[kind])))
        parts.append(name)
        kind = LINKS[kind][name].target
    name = draw(st.sampled_from(sorted(PROPERTIES[kind])))
    more = [draw(st.sampled_from(MEMBERS[name]))] if name in MEMBERS else []
    return Path((*parts, name, *more))


def _pair(names: tuple[str, ...], one: Any, other: Any) -> st.SearchStrategy[Expression]:
    return st.builds(lambda name, *arguments: Call(name, arguments), st.sampled_from(names), one, other)


@cache
def distances(kind: Kind) -> st.SearchStrategy[Expression]:
    """Give how far a place is from a shape."""
    place = st.sampled_from(PLACES[kind]).map(Path)
    return st.builds(lambda place, shape: Call("geo.distance", (place, shape)), place, st.sampled_from(SHAPES))


@cache
def geometric(kind: Kind) -> st.SearchStrategy[Expression]:
    """Say where a place lies."""
    place, shape = st.sampled_from(PLACES[kind]).map(Path), st.sampled_from(SHAPES)
    near = st.sampled_from((0.0001, 0.05, 0.1003, 1))
    return st.one_of(
        _pair((*RELATIONS, "st_intersects", "st_contains"), place, shape),
        _pair(RELATIONS, shape, place),
        st.builds(lambda far, degrees: Compare("lt", far, Constant(degrees)), distances(kind), near),
        st.builds(lambda place, shape: Call("st_relate", (place, shape, Constant("T********"))), place, shape),
    )


@cache
def values(kind: Kind) -> st.SearchStrategy[Expression]:
    """Give something that has a value."""
    path = paths(kind)
    names = (
        *("tolower", "toupper", "trim", "length", "year", "month", "day", "hour", "minute", "second", "date", "time"),
        *("round", "floor", "ceiling", "fractionalseconds", "totaloffsetminutes"),
    )
    return st.one_of(
        path,
        path,
        constants,
        st.builds(lambda name, value: Call(name, (value,)), st.sampled_from(names), path),
        _pair(("add", "sub", "mul", "div", "mod", "concat", "indexof", "substring"), path, constants),
        distances(kind),
    )


@cache
def conditions(kind: Kind) -> st.SearchStrategy[Expression]:
    """Give a condition."""
    value = values(kind)
    leaf = st.one_of(
        st.builds(Compare, st.sampled_from(("eq", "ne", "gt", "ge", "lt", "le")), value, constants),
        st.builds(Compare, st.sampled_from(("eq", "gt")), value, value),
        _pair(("startswith", "endswith", "substringof"), value, value),
        _pair(TEMPORAL, paths(kind), moments),
        geometric(kind),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(Logic, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Not, inner),
        ),
        max_leaves=4,
    )


@cache
def orders(kind: Kind) -> st.SearchStrategy[Expression]:
    """Give something by which an answer can be ordered."""
    return st.one_of(paths(kind), paths(kind), values(kind), distances(kind))


@st.composite
def questions(draw: st.DrawFn) -> Query:
    """Ask for pages of any set."""
    kind = draw(st.sampled_from(KINDS))
    near = [name for name in KINDS if any(link.target == kind for link in LINKS[name].values())]
    numbers = st.one_of(st.integers(1, 15), st.integers(1, 3).map(lambda s: s << 32 | 3), st.sampled_from(CELLS))
    within = st.builds(Within, st.sampled_from(near), numbers)
    return Query(
        kind=kind,
        where=draw(st.one_of(st.none(), conditions(kind))),
        within=draw(st.one_of(st.none(), st.none(), within)) if near else None,
        order=draw(st.lists(st.builds(Order, orders(kind), st.booleans()), max_size=2).map(tuple)),
        top=draw(st.integers(3, 60)),
        skip=draw(st.integers(0, 2)),
        count=draw(st.booleans()),
    )


def _plain(record: Any) -> Any:
    """Write a record without what depends on when the town was made."""
    plain = msgspec.to_builtins(record)
    for name in ("received", "time"):
        plain["value"].pop(name, None)
    if isinstance(plain["value"].get("result"), float):
        plain["value"]["result"] = round(plain["value"]["result"], 6)
    return plain


def answer(gate: Gate, grant: Grant, query: Query) -> Any:
    """Follow a question's pages to the end; give what they say, or the code of the refusal."""
    records, counts = [], []
    try:
        for _ in range(300):
            page = gate.page(grant, query)
            records += [_plain(record) for record in page.records]
            counts.append(page.count)
            if page.next_after is None:
                return records, counts
            query = msgspec.structs.replace(query, after=page.next_after)
    except AllmendeError as error:
        return error.code.code
    raise AssertionError("paging does not end")


def everything(gate: Gate, grant: Grant) -> Any:
    """Ask for all that is not a page."""
    series = [gate.series(grant, number, 0, NOON * 2) for number in range(1, 16)]
    days = gate.days(grant, range(1, 16), dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    related = {(kind, name): gate.related(grant, kind, name, range(1, 16)) for kind in KINDS for name in LINKS[kind]}
    return (
        {number: _plain({"value": msgspec.to_builtins(value)}) for number, value in gate.latest(grant).items()},
        [(s.times.tolist(), s.values.round(6).tolist()) for s in series],
        [(d.datastream_id, d.day, d.count, round(d.minimum, 6), round(d.maximum, 6), round(d.total, 6)) for d in days],
        {number: msgspec.to_builtins(summary) for number, summary in gate.summary(grant).items()},
        {key: {n: [_plain(r) for r in rs] for n, rs in found.items()} for key, found in related.items()},
    )
