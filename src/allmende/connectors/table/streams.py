"""The datastreams that a mapping's columns feed, with the things, properties and sensor they hang on."""

from allmende.connectors.entities import Place, datastream_for, plain, property_for, sensor_for, thing_for
from allmende.connectors.table.mapping import Mapping, Value
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Datastream
from allmende.kernel.text import Text

Series = tuple[str, int]


def make_datastreams(gate: Gate, grant: Grant, mapping: Mapping, wanted: set[Series]) -> dict[Series, int]:
    """Find or make the datastreams of (station slug, index of the value) with all that they hang on."""
    if not wanted:
        return {}
    instrument = mapping.instrument
    sensor = sensor_for(
        gate,
        grant,
        instrument.slug,
        name=instrument.name,
        description=instrument.description,
        metadata=instrument.metadata,
    )
    places = {thing.slug: _place(mapping, thing.slug) for thing in mapping.things}
    streams = {}
    for station, index in sorted(wanted):
        value = mapping.values[index]
        place = places.get(station) or Place(slug=station, name=station)
        thing = thing_for(gate, grant, place)
        observed = property_for(gate, grant, value.observed, definition=value.definition, name=value.name)
        stream = _datastream(mapping, value, place, thing, sensor, observed)
        streams[station, index] = datastream_for(gate, grant, stream)
    return streams


def _place(mapping: Mapping, slug: str) -> Place:
    entry = next(thing for thing in mapping.things if thing.slug == slug)
    return Place(
        slug=slug,
        name=entry.name,
        description=entry.description.de if entry.description else "",
        kind=entry.kind,
        longitude=entry.longitude,
        latitude=entry.latitude,
    )


def _datastream(mapping: Mapping, value: Value, place: Place, thing: int, sensor: int, observed: int) -> Datastream:
    title = Text(f"{place.name}: {value.name.de}", f"{place.name}: {value.name.en}")
    notes = {name: plain(note) if isinstance(note, Text) else note for name, note in value.properties.items()}
    if mapping.time.note is not None:
        notes["time_note"] = plain(mapping.time.note)
    return Datastream(
        name=title.de,
        description=mapping.description.de,
        thing_id=thing,
        sensor_id=sensor,
        observed_property_id=observed,
        unit=value.unit,
        category=mapping.category,
        data_use=mapping.data_use,
        minimum=value.minimum,
        maximum=value.maximum,
        properties={
            **notes,
            "slug": f"{mapping.dataset}-{place.slug}-{value.observed}",
            "dataset": mapping.dataset,
            "interval_seconds": mapping.time.interval_seconds,
            "observed": value.observed,
            "name": plain(title),
            "licence": mapping.source.licence,
            "attribution": mapping.source.attribution,
            "source_url": mapping.source.url,
        },
    )
