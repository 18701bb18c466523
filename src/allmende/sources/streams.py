"""The datastreams that a source feeds, with the things, properties and sensor they hang on."""

from collections.abc import Sequence

from allmende.connectors.entities import Place, location_of, plain, property_for, sensor_for, thing_of
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Datastream, Planting
from allmende.kernel.text import Text
from allmende.sources.definition import Connector
from allmende.sources.parse import Reading
from allmende.sources.recipe import Recipe, Station

Series = tuple[str, int]
TOGETHER = 500
TRUTH = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation"
NUMBER = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"


def slugs_of(connector: Connector) -> list[str]:
    """Give the slugs of all datastreams that a connector may feed."""
    recipe = connector.recipe
    return [_slug(recipe, (station.slug, index)) for station in recipe.stations for index in range(len(recipe.values))]


def _slug(recipe: Recipe, series: Series) -> str:
    return f"{recipe.dataset}-{series[0]}-{recipe.values[series[1]].observed}"


class Streams:
    """Finds or makes datastreams of (station slug, index of the value), each once."""

    def __init__(self, gate: Gate, connector: Connector) -> None:
        self._gate, self._connector = gate, connector
        self._stations = {one.slug: one for one in connector.recipe.stations}
        self._known: dict[Series, int] = {}

    def numbers(self, grant: Grant, readings: Sequence[Reading]) -> list[int]:
        """Give the numbers of the datastreams of readings."""
        known = self._known
        try:
            return [known[one.station, one.value] for one in readings]
        except KeyError:
            self._learn(grant, list(dict.fromkeys((one.station, one.value) for one in readings)))
            return [known[one.station, one.value] for one in readings]

    def forget(self) -> None:
        """Look all up anew: some of them were deleted."""
        self._known.clear()

    def _learn(self, grant: Grant, wanted: list[Series]) -> None:
        slugs = {_slug(self._connector.recipe, series): series for series in wanted if series not in self._known}
        found = self._gate.find_all("Datastreams", slugs)
        missing: dict[str, list[int]] = {}
        for slug, (station, index) in slugs.items():
            if slug not in found:
                missing.setdefault(station, []).append(index)
        stations = list(missing.items())
        for place in range(0, len(stations), TOGETHER):
            found |= self._made(grant, dict(stations[place : place + TOGETHER]))
        self._known |= {series: found[slug] for slug, series in slugs.items()}

    def _made(self, grant: Grant, missing: dict[str, list[int]]) -> dict[str, int]:
        """Make the datastreams of stations; a city may register thousands of devices at once."""
        gate, recipe = self._gate, self._connector.recipe
        instrument = recipe.instrument
        sensor = sensor_for(
            *(gate, grant, instrument.slug),
            name=instrument.name,
            description=instrument.description,
            metadata=instrument.metadata,
        )
        observed = {
            index: property_for(gate, grant, value.observed, definition=value.definition, name=value.name)
            for index, value in enumerate(recipe.values)
            if any(index in several for several in missing.values())
        }
        plantings = []
        for slug, several in missing.items():
            place = _place(self._stations[slug])
            streams = tuple(self._stream(self._stations[slug], index, sensor, observed[index]) for index in several)
            plantings.append(Planting(thing=thing_of(place), location=location_of(place), streams=streams))
        return gate.plant(grant, plantings)

    def _stream(self, station: Station, index: int, sensor: int, observed: int) -> Datastream:
        manifest, recipe = self._connector.manifest, self._connector.recipe
        value = recipe.values[index]
        title = Text(f"{station.name}: {value.name.de}", f"{station.name}: {value.name.en}")
        facts = manifest.data
        return Datastream(
            name=title.de,
            description=manifest.description.de,
            thing_id=0,
            sensor_id=sensor,
            observed_property_id=observed,
            unit=value.unit,
            category=recipe.category,
            data_use=recipe.data_use,
            observation_type=TRUTH if value.kind == "boolean" else NUMBER,
            simulated=recipe.simulated,
            minimum=value.minimum,
            maximum=value.maximum,
            properties={
                **{name: plain(note) if isinstance(note, Text) else note for name, note in value.properties.items()},
                "slug": _slug(recipe, (station.slug, index)),
                "dataset": recipe.dataset,
                "interval_seconds": value.before_seconds
                or recipe.time.interval_seconds
                or recipe.time.every_seconds
                or (facts.cadence_seconds if facts else 0),
                "observed": value.observed,
                **({"forecast": True} if recipe.forecast else {}),
                "name": plain(title),
                "connector": manifest.id,
                "licence": facts.licence if facts else "",
                "attribution": facts.attribution if facts else "",
                "source_url": facts.url if facts else "",
            },
        )


def _place(station: Station) -> Place:
    return Place(
        slug=station.slug,
        name=station.name,
        description=station.description.de if station.description else "",
        kind=station.kind,
        longitude=station.longitude,
        latitude=station.latitude,
    )
