"""The datastreams that a source feeds, with the things, properties and sensor they hang on."""

from collections.abc import Sequence

from allmende.connectors.entities import Place, datastream_for, plain, property_for, sensor_for, thing_for
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Datastream
from allmende.kernel.text import Text
from allmende.sources.definition import Connector
from allmende.sources.parse import Reading
from allmende.sources.recipe import Recipe, Station, Value

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
        missing: list[tuple[Series, str]] = []
        for series in wanted:
            if series not in self._known:
                slug = _slug(self._connector.recipe, series)
                found = self._gate.find("Datastreams", slug)
                if found is None:
                    missing.append((series, slug))
                else:
                    self._known[series] = found
        for place in range(0, len(missing), TOGETHER):
            self._known |= self._made(grant, missing[place : place + TOGETHER])

    def _made(self, grant: Grant, missing: list[tuple[Series, str]]) -> dict[Series, int]:
        """Make datastreams in one transaction: a city may register thousands of devices at once."""
        bundle, made = self._gate.bundle(), dict[Series, int]()
        try:
            with bundle.joined():
                made |= {series: self._make(grant, series, slug) for series, slug in missing}
        finally:
            (bundle.keep if made else bundle.drop)()
        return made

    def _make(self, grant: Grant, series: Series, slug: str) -> int:
        gate, recipe = self._gate, self._connector.recipe
        station = self._stations[series[0]]
        value = recipe.values[series[1]]
        instrument = recipe.instrument
        sensor = sensor_for(
            *(gate, grant, instrument.slug),
            name=instrument.name,
            description=instrument.description,
            metadata=instrument.metadata,
        )
        thing = thing_for(gate, grant, _place(station))
        observed = property_for(gate, grant, value.observed, definition=value.definition, name=value.name)
        return datastream_for(gate, grant, self._stream(station, value, slug, (thing, sensor, observed)))

    def _stream(self, station: Station, value: Value, slug: str, links: tuple[int, int, int]) -> Datastream:
        manifest, recipe = self._connector.manifest, self._connector.recipe
        title = Text(f"{station.name}: {value.name.de}", f"{station.name}: {value.name.en}")
        facts = manifest.data
        return Datastream(
            name=title.de,
            description=manifest.description.de,
            thing_id=links[0],
            sensor_id=links[1],
            observed_property_id=links[2],
            unit=value.unit,
            category=recipe.category,
            data_use=recipe.data_use,
            observation_type=TRUTH if value.kind == "boolean" else NUMBER,
            simulated=recipe.simulated,
            minimum=value.minimum,
            maximum=value.maximum,
            properties={
                **{name: plain(note) if isinstance(note, Text) else note for name, note in value.properties.items()},
                "slug": slug,
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
