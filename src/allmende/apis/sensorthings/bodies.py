"""From JSON bodies to entities that are to be made (18-088, clauses 8.2 and 10.2)."""

from collections.abc import Callable
from typing import Any

import msgspec

from allmende.apis.sensorthings.members import Members, fault
from allmende.apis.sensorthings.render import Json, unit_of
from allmende.gate.query import (
    LINKS,
    PROPERTIES,
    Arrival,
    Datastream,
    Draft,
    FeatureOfInterest,
    HistoricalLocation,
    Kind,
    Link,
    Location,
    MultiDatastream,
    ObservedProperty,
    Ref,
    Sensor,
    Thing,
    inverse_of,
)
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import Malformed
from allmende.kernel.units import UNITS, ucum_from_words

DEEPEST, MOST = 8, 10_000
OBSERVATION_TYPES = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
# The physical range of a datastream, among its properties.
LIMITS = ("minimum", "maximum")
# Worked out from the observations; accepted, because clients send back what they have read.
DERIVED = frozenset({"phenomenonTime", "resultTime"})


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a datastream has whose body does not say it, and where observations come from."""

    category: str = ""
    data_use: str = ""
    simulated: bool = False
    source: str = ""


def _thing(m: Members, _: Origin) -> Thing:
    return Thing(name=m.text("name"), description=m.text("description"), properties=m.object("properties"))


def _location(m: Members, _: Origin) -> Location:
    encoding = m.text("encodingType")
    return Location(
        name=m.text("name"),
        description=m.text("description"),
        encoding_type=encoding,
        location=m.shape("location", encoding),
        properties=m.object("properties"),
    )


def _history(m: Members, _: Origin) -> HistoricalLocation:
    return HistoricalLocation(thing_id=0, time=m.instant("time"))


def _sensor(m: Members, _: Origin) -> Sensor:
    return Sensor(
        name=m.text("name"),
        description=m.text("description"),
        encoding_type=m.text("encodingType"),
        metadata=m.any("metadata"),
        properties=m.object("properties"),
    )


def _observed_property(m: Members, _: Origin) -> ObservedProperty:
    return ObservedProperty(
        name=m.text("name"),
        definition=m.text("definition"),
        description=m.text("description"),
        properties=m.object("properties"),
    )


def _feature(m: Members, _: Origin) -> FeatureOfInterest:
    encoding = m.text("encodingType")
    return FeatureOfInterest(
        name=m.text("name"),
        description=m.text("description"),
        encoding_type=encoding,
        feature=m.shape("feature", encoding),
        properties=m.object("properties"),
    )


def _unit(value: Any, place: str) -> Json:
    unit = Members(value, place)
    found = {name: unit.text_or_null(name) for name in ("name", "symbol", "definition")}
    for name in unit.values:
        if name not in found:
            raise fault(unit.at(name), "diese Eigenschaft gibt es nicht", "there is no such property")
    return found


def unit_code(unit: Json) -> str:
    """Give the code under which a unit is kept: UCUM where it is recognised, else what stands for it."""
    known = ucum_from_words(unit["name"], unit["symbol"], unit["definition"])
    if known is not None:
        return known
    code = (unit["definition"] or "").removeprefix("https://ucum.org/ucum#")
    return unit["symbol"] or (code if code != unit["definition"] else "") or unit["name"] or ""


class _Stream(msgspec.Struct, frozen=True):
    """What both kinds of datastreams say about themselves."""

    category: str
    data_use: str
    simulated: bool
    properties: Json


def _about(m: Members, origin: Origin) -> _Stream:
    """Take category, data use and simulated out of the properties."""
    properties = Members(m.object("properties"), m.at("properties"))
    words = {"category": origin.category, "dataUse": origin.data_use}
    for name in words:
        if properties.values.get(name) is not None:
            words[name] = properties.text(name)
    if not words["category"]:
        de = "fehlt: diese Zugangsmarke darf in keiner Kategorie ohne Personenbezug erheben"
        en = "is missing: this token may collect in no category without reference to persons"
        raise fault(properties.at("category"), de, en)
    rest = {n: value for n, value in properties.values.items() if n not in ("category", "dataUse", "simulated")}
    simulated = properties.truth("simulated", origin.simulated)
    return _Stream(words["category"], words["dataUse"], simulated, rest)


def _datastream(m: Members, origin: Origin) -> Datastream:
    about = _about(m, origin)
    unit = _unit(m.any("unitOfMeasurement"), m.at("unitOfMeasurement"))
    code = unit_code(unit)
    low, high = _limits(Members(about.properties, m.at("properties")))
    return Datastream(
        name=m.text("name"),
        description=m.text("description"),
        **dict.fromkeys(("thing_id", "sensor_id", "observed_property_id"), 0),
        observation_type=m.text("observationType"),
        unit=code,
        unit_given=None if code in UNITS and unit == unit_of(code) else unit,
        observed_area=m.area("observedArea"),
        minimum=low,
        maximum=high,
        category=about.category,
        data_use=about.data_use,
        simulated=about.simulated,
        properties={name: value for name, value in about.properties.items() if name not in LIMITS},
    )


def _limits(properties: Members) -> tuple[float | None, float | None]:
    """Give the physical range of a datastream's numbers; check the rate, which stays a property."""
    rate = properties.number("maxRate")
    if rate is not None and not rate > 0:
        raise fault(properties.at("maxRate"), "hier muss eine Zahl über 0 stehen", "a number above 0 is needed here")
    low, high = (properties.number(name) for name in LIMITS)
    if low is not None and high is not None and low > high:
        de, en = f"{high:g} liegt unter minimum ({low:g})", f"{high:g} is below minimum ({low:g})"
        raise fault(properties.at("maximum"), de, en)
    return low, high


def _multi_datastream(m: Members, origin: Origin) -> MultiDatastream:
    about = _about(m, origin)
    types = m.list("multiObservationDataTypes")
    for index, name in enumerate(types):
        if not isinstance(name, str):
            place = f"{m.at('multiObservationDataTypes')}[{index}]"
            raise fault(place, "hier muss ein Text stehen", "a text is needed here")
    place = m.at("unitOfMeasurements")
    units = [_unit(unit, f"{place}[{index}]") for index, unit in enumerate(m.list("unitOfMeasurements"))]
    kind = f"{OBSERVATION_TYPES}OM_ComplexObservation"
    if "observationType" in m.values and m.text("observationType") != kind:
        raise fault(m.at("observationType"), f"hier muss {kind} stehen", f"{kind} is needed here")
    return MultiDatastream(
        name=m.text("name"),
        description=m.text("description"),
        thing_id=0,
        sensor_id=0,
        observed_property_ids=(),
        observation_type=kind,
        multi_types=tuple(types),
        multi_units=tuple(units),
        observed_area=m.area("observedArea"),
        category=about.category,
        data_use=about.data_use,
        simulated=about.simulated,
        properties=about.properties,
    )


def _observation(m: Members, origin: Origin) -> Arrival:
    now = micros_from_instant(utc_now())
    start, end = m.span("phenomenonTime") if m.values.get("phenomenonTime") is not None else (now, None)
    return Arrival(
        datastream_id=0,
        phenomenon_start=start,
        phenomenon_end=end,
        result=m.any("result"),
        result_time=m.instant("resultTime") if m.values.get("resultTime") is not None else None,
        parameters=m.object("parameters") or None,
        quality=m.otherwise("resultQuality", "unchecked"),
        valid=m.period("validTime"),
        source=origin.source,
    )


READERS: dict[Kind, Callable[[Members, Origin], Any]] = {
    "Things": _thing,
    "Locations": _location,
    "HistoricalLocations": _history,
    "Sensors": _sensor,
    "ObservedProperties": _observed_property,
    "Datastreams": _datastream,
    "MultiDatastreams": _multi_datastream,
    "Observations": _observation,
    "FeaturesOfInterest": _feature,
}
MORE: dict[Kind, frozenset[str]] = {
    "Datastreams": frozenset({"observedArea"}) | DERIVED,
    "MultiDatastreams": frozenset({"observedArea"}) | DERIVED,
}


def plain(kind: Kind, members: Members) -> Members:
    """Leave control information aside, and refuse what the standard does not know."""
    known = {*PROPERTIES[kind], *LINKS[kind], *MORE.get(kind, ())} - {"id"}
    kept = {}
    for name, value in members.values.items():
        if name == "id" or "@" in name:
            continue
        if name not in known:
            de, en = f"diese Eigenschaft gibt es an {kind} nicht", f"there is no such property on {kind}"
            raise fault(members.at(name), de, en)
        kept[name] = value
    return Members(kept, members.place)


class Bodies:
    """Reads one body with all that is nested in it."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.read = 0

    def draft(self, kind: Kind, value: Any, place: str = "", depth: int = 0, back: str = "") -> Draft:
        """Read an entity; ``back`` is the link to the entity in which it is nested."""
        self.read += 1
        if depth > DEEPEST or self.read > MOST:
            de = f"mehr als {DEEPEST} Ebenen oder {MOST} Objekte"
            raise fault(place, de, f"more than {DEEPEST} levels or {MOST} entities")
        members = plain(kind, Members(value, place))
        links = {}
        for name, link in LINKS[kind].items():
            if members.values.get(name) is None:
                continue
            if name == back and not link.many:
                raise fault(members.at(name), "steht schon durch die Verschachtelung fest", "is set by the nesting")
            links[name] = self._parts(kind, name, link, members, depth)
        return Draft(kind=kind, value=READERS[kind](members, self.origin), links=links, place=place)

    def _parts(self, kind: Kind, name: str, link: Link, members: Members, depth: int) -> tuple[Draft | Ref, ...]:
        place, back = members.at(name), inverse_of(kind, name)
        if not link.many:
            return (self.part(link.target, members.values[name], place, depth + 1, back),)
        return tuple(
            self.part(link.target, value, f"{place}[{index}]", depth + 1, back)
            for index, value in enumerate(members.list(name))
        )

    def part(self, kind: Kind, value: Any, place: str, depth: int = 0, back: str = "") -> Draft | Ref:
        """Read what stands at a link: an entity, or with its id one that is there already.

        An id beside a whole entity counts only where there is one of that number.
        """
        found = reference(value, place)
        if found is None:
            return self.draft(kind, value, place, depth, back)
        if all("@" in name for name in value):
            return found
        try:
            return Ref(found.id, place, self.draft(kind, value, place, depth, back))
        except Malformed:
            return found


def reference(value: Any, place: str) -> Ref | None:
    """Read a link to an entity that is there already."""
    members = Members(value, place)
    number = members.values.get("@iot.id")
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 53:
        raise fault(members.at("@iot.id"), "eine Nummer ist eine ganze Zahl ab 0", "an id is a whole number from 0")
    return Ref(number, place)
