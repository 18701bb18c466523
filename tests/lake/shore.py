"""A town at the lake: numbers, times that last over the end of a month, words, and a kitchen that stays closed."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from allmende.ethics.model import Category, Purpose, Recipient, Rule, Rulebook
from allmende.gate.door import Ask, Asker, Gate, Grant, migrate_store, open_gate
from allmende.gate.query import Arrival, Block, Datastream, Location, ObservedProperty, Sensor, Thing
from allmende.kernel.clock import UTC, micros_from_instant
from allmende.kernel.text import Text
from allmende.lake.place import Folder, Place
from allmende.lake.writing import Order, Outcome, write_lake
from tests.weather_rules import WEATHER_RULES

COLLECT = Ask(Asker("system:tests"), "collect", "climate-adaptation", "administration")
DELETE = Ask(Asker("system:tests"), "delete", "climate-adaptation", "administration")
PUBLIC = Ask(Asker("system:lake"), "publish", "open-data", "public")
RESEARCH = Ask(Asker("system:lake"), "pass_on", "research", "university")
FIRST = dt.datetime(2024, 8, 30, tzinfo=UTC)
UNTIL = dt.datetime(2024, 11, 4, tzinfo=UTC)
HOUR = 3_600_000_000
HOURS = 24 * 70
STATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "Seezeichen": ("weather", {}),
    "Brücke": ("weather", {"simulated": True}),
    "Keller": ("kitchen", {}),
    "Sternwarte": (
        *("sky",),
        {"observation_type": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"},
    ),
}
WORDS: tuple[Any, ...] = (True, "bewölkt", {"wind": [1, 2]}, 3)


def _text(word: str) -> Text:
    return Text(word, word)


def _rule(slug: str, verb: str, category: str, purpose: str, recipient: str) -> Rule:
    (sample, *_) = WEATHER_RULES.rules
    named = {"slug": slug, "verbs": (verb,), "categories": (category,), "purposes": (purpose,)}
    return msgspec.structs.replace(sample, **named, recipients=(recipient,), legal_basis=_text("Probe"))


OPEN = _rule("weather-publish", "publish", "weather", "open-data", "public")
RULES: Rulebook = msgspec.structs.replace(
    WEATHER_RULES,
    purposes=(*WEATHER_RULES.purposes, Purpose("research", _text("Forschung"), _text("Forschung"))),
    categories=(
        *WEATHER_RULES.categories,
        Category("kitchen", _text("Küche"), "personal"),
        Category("sky", _text("Himmel"), "none"),
    ),
    recipients=(*WEATHER_RULES.recipients, Recipient("university", _text("Hochschule"))),
    rules=(
        *(
            _rule(f"{name}-{verb}", verb, name, "climate-adaptation", "administration")
            for name in ("weather", "kitchen", "sky")
            for verb in ("collect", "delete")
        ),
        OPEN,
        _rule("sky-publish", "publish", "sky", "open-data", "public"),
        _rule("weather-pass-on", "pass_on", "weather", "research", "university"),
    ),
)


def without(*slugs: str) -> Rulebook:
    """Give the rules without some."""
    return msgspec.structs.replace(RULES, rules=tuple(rule for rule in RULES.rules if rule.slug not in slugs))


class Shore:
    """The town: its gate, its datastreams by name."""

    def __init__(self, url: str) -> None:
        self.gate: Gate = open_gate(url)
        self.streams: dict[str, int] = {}

    @property
    def collect(self) -> Grant:
        """Give the permission to write."""
        return self.gate.grant(COLLECT)

    @classmethod
    def built(cls, home: Path, shift: float = 0.0) -> "Shore":
        """Make the town in an empty folder."""
        url = str(home / "observations.sqlite3")
        migrate_store(url)
        town = cls(url)
        town.gate.publish(RULES, actor="tests")
        for name, (category, more) in STATIONS.items():
            town.streams[name] = town._station(name, category, **more)
        town.fill(shift)
        return town

    @classmethod
    def at(cls, home: Path) -> "Shore":
        """Open the town in a copy of its folder."""
        town = cls(str(home / "observations.sqlite3"))
        town.streams = {name: number for number, name in enumerate(STATIONS, 1)}
        return town

    def _station(self, name: str, category: str, **more: Any) -> int:
        gate, grant = self.gate, self.collect
        point = {"type": "Point", "coordinates": [9.2, 47.65]}
        place = gate.create(grant, "Locations", Location(name=f"Ort {name}", description="", location=point))
        thing = gate.create(
            grant, "Things", Thing(name=name, description="", location_ids=(place,), properties={"slug": name.lower()})
        )
        observed = ObservedProperty(name=name, definition="https://example.org/t", description="")
        properties = {"licence": "CC-BY-4.0", "attribution": "Stadt am See", "observed": "air-temperature"}
        values: dict[str, Any] = {
            "name": f"Wert {name}",
            "description": "",
            "thing_id": thing,
            "sensor_id": gate.create(grant, "Sensors", Sensor(name=name, description="")),
            "observed_property_id": gate.create(grant, "ObservedProperties", observed),
            "unit": "Cel",
            "category": category,
            "data_use": "tests",
            "properties": {**properties, "interval_seconds": 3600},
            **more,
        }
        return gate.create(grant, "Datastreams", Datastream(**values))

    def fill(self, shift: float) -> None:
        """Write hourly values: instants, intervals that begin at half past, and words; some of today's too."""
        gate, first = self.gate, micros_from_instant(FIRST)
        start = first + HOUR * np.arange(HOURS, dtype=np.int64)
        warm = np.round(22 + shift + 9 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi) - np.arange(HOURS) / 100, 1)
        gate.append(self.collect, Block(datastream_id=self.streams["Seezeichen"], start=start, number=warm))
        half = start + HOUR // 2
        gate.append(
            self.collect, Block(datastream_id=self.streams["Brücke"], start=half, number=-warm / 8, end=half + HOUR)
        )
        gate.append(
            self.collect,
            [
                Arrival(
                    datastream_id=self.streams["Sternwarte"],
                    phenomenon_start=first + at * 24 * HOUR,
                    result=word,
                    quality="bad" if at == 3 else "good",
                )
                for at, word in enumerate(WORDS)
            ],
        )
        gate.append(self.collect, [Arrival(datastream_id=self.streams["Keller"], phenomenon_start=first, result=19.5)])

    def write(self, where: Path | Place, ask: Ask = PUBLIC, *, anew: bool = False, **more: Any) -> Outcome:
        """Write the town's lake; ``city`` and ``until`` may be others."""
        place = Folder(where) if isinstance(where, Path) else where
        told = {"city": "seestadt", "until": UNTIL, **more}
        order = Order(address="https://see.example.org", ask=ask, anew=anew, **told)
        return write_lake(self.gate, place, order, lambda _done, _total: None)


def tree(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
