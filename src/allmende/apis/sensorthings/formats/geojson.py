"""GeoJSON (RFC 7946): each entity a feature at its own place, or at that of its location, thing or feature."""

from collections.abc import Iterator
from typing import Any

import msgspec

from allmende.apis.sensorthings.formats.columns import SAME, Origins
from allmende.apis.sensorthings.formats.shape import Format, Question
from allmende.apis.sensorthings.options import Expand, Options
from allmende.apis.sensorthings.render import Json
from allmende.gate.query import Kind, Query, Record

# The way from a set to the geometry, where it is no property of the set itself.
WAYS: dict[str, tuple[str, ...]] = {
    "Things": ("Locations",),
    "Datastreams": ("Thing", "Locations"),
    "HistoricalLocations": ("Locations",),
    "Observations": ("FeatureOfInterest",),
}
MOST_PLACES = 10_000
OWN = {"Locations": "location", "FeaturesOfInterest": "feature"}


def _with_way(options: Options, way: tuple[str, ...]) -> Options:
    """Add the expansion that leads to the geometry, unless it is asked for already."""
    if not way:
        return options
    kept = [inner for inner in options.expand if inner.name != way[0]]
    asked = next((inner for inner in options.expand if inner.name == way[0]), None)
    inner = _with_way(asked.options if asked else Options(), way[1:])
    return msgspec.structs.replace(options, expand=(*kept, Expand(way[0], inner)))


def geometry(value: Any) -> Json | None:
    """Give the geometry of a GeoJSON value; another encoding has none."""
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = value.get("geometry")
    known = isinstance(value, dict) and ("coordinates" in value or "geometries" in value)
    return value if known else None


def _found(entity: Any, kind: Kind) -> Json | None:
    """Follow the way to the geometry."""
    for name in WAYS.get(kind, ()):
        entity = entity.get(name)
        if isinstance(entity, list):
            entity = entity[0] if entity else None
        if entity is None:
            return None
    for field in OWN.values():
        if field in entity:
            return geometry(entity[field])
    return None


def flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Spread nested members over names with slashes, as map programs need it."""
    items = value.items() if isinstance(value, dict) else ((str(i), one) for i, one in enumerate(value))
    for name, inner in items:
        if "@iot." in name and name not in ("@iot.id", "@iot.selfLink"):
            continue
        if isinstance(inner, dict | list) and inner:
            yield from flat(inner, f"{prefix}{name}/")
        else:
            yield prefix + name, inner


class _Features:
    """Writes entities of one set as features."""

    def __init__(self, question: Question) -> None:
        self.question, self.kind, asked = question, question.kind, question.options
        expanded = {inner.name for inner in asked.expand}
        # Many observations share few features, which are looked up once each unless they are to be shown.
        self.shared = self.kind == "Observations" and "FeatureOfInterest" not in expanded
        way = () if self.shared else WAYS.get(self.kind, ())
        self.places: dict[int, Json | None] = {}
        self.options = _with_way(asked, way)
        self.own = OWN.get(self.kind, "")
        if asked.select and self.own:
            self.options = msgspec.structs.replace(self.options, select=(*asked.select, self.own))
        added = set(way[:1]) - expanded
        self.hidden = {self.own, *added}
        self.origins = Origins(question.answerer.gate, question.answerer.grant)

    def block(self, records: list[Record]) -> list[bytes]:
        """Write one page."""
        found = self.question.answerer.objects(self.kind, records, self.options)
        if self.kind == "Observations":
            known = self.origins.of({record.value.datastream_id for record in records})
            for record, entity in zip(records, found, strict=True):
                origin = known[record.value.datastream_id]
                entity.update(unit=origin.unit, simulated=origin.simulated)
        pairs = zip(records, found, strict=True)
        return [msgspec.json.encode(self._feature(record, entity)) for record, entity in pairs]

    def _place_of(self, feature: int | None) -> Json | None:
        if feature is None:
            return None
        if feature not in self.places:
            if len(self.places) >= MOST_PLACES:
                self.places.clear()
            answerer = self.question.answerer
            page = answerer.gate.page(answerer.grant, Query(kind="FeaturesOfInterest", id=feature, order=SAME, top=1))
            self.places[feature] = geometry(page.records[0].value.feature) if page.records else None
        return self.places[feature]

    def _feature(self, record: Record, entity: Json) -> Json:
        members = {name: value for name, value in entity.items() if name not in self.hidden}
        place = self._place_of(record.value.feature_id) if self.shared else _found(entity, self.kind)
        return {"type": "Feature", "id": entity["@iot.id"], "geometry": place, "properties": dict(flat(members))}


def write(question: Question) -> Iterator[bytes]:
    """Give a collection of features, block after block."""
    features = _Features(question)
    lead = b'{"type":"FeatureCollection","features":['
    for records in question.blocks():
        written = features.block(records)
        if written:
            yield lead + b",".join(written)
            lead = b","
    yield (b"" if lead == b"," else lead) + b"]}"


FORMAT = Format(name="GeoJSON", media="application/geo+json", write=write)
