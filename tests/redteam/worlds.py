"""Two cities that differ in nothing but what the rules hide, each served by the real processes beside a real broker."""

import contextlib
import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from allmende.ethics.model import Category, Duties, Rule, Rulebook
from allmende.gate.door import Ask, Asker, Gate, Grant, open_gate
from allmende.gate.query import (
    Arrival,
    Datastream,
    Draft,
    FeatureOfInterest,
    Location,
    MultiDatastream,
    ObservedProperty,
    Sensor,
    Thing,
)
from allmende.gate.tokens import create_token
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.text import Text
from allmende.packs.read import read_parts
from allmende.register.content import EthicsContent

MINUTE, HOUR = 60_000_000, 3_600_000_000
DAY = 24 * HOUR
COLLECT = Ask(Asker("system:tests"), "collect", "climate-adaptation", "administration")
COLLECT_SECRET = Ask(Asker("system:tests"), "collect", "participation", "administration")
# What may be known of a stream and what may not is a matter of its category.
OPEN, COARSE, LATE, COUNTED, MASKED, BLIND, SECRET = (
    *("weather", "coarse", "late", "counted", "masked", "blind", "secret"),
)
STREAMS = (OPEN, COARSE, LATE, COUNTED, MASKED, BLIND, SECRET)
DELAY = 2 * DAY
USE = "stadtklima-messnetz"
MEASURED = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"


def _rule(slug: str, verbs: str, categories: str, purpose: str, **more: Any) -> Rule:
    words = Text(slug, slug)
    return Rule(
        slug=slug, effect="permit", verbs=tuple(verbs.split()), categories=tuple(categories.split()),
        purposes=(purpose,), title=words, reason=words, legal_basis=words, source="tests", **more,
    )  # fmt: skip


def rules() -> Rulebook:
    """Give the rules of Konstanz with five more categories: each hides something in a way of its own."""
    book = read_parts("konstanz", ("ethics.yaml",), EthicsContent).book
    kinds = {COARSE: "aggregated", LATE: "none", COUNTED: "aggregated", MASKED: "none", BLIND: "personal"}
    more = [Category(slug, Text(slug, slug), kind) for slug, kind in {**kinds, SECRET: "personal"}.items()]  # type: ignore[arg-type]
    public, office = {"recipients": ("public",)}, {"recipients": ("administration",)}
    added = (
        _rule("collect", "collect delete", "coarse late counted masked blind", "climate-adaptation", **office),
        _rule("collect-secret", "collect delete", SECRET, "participation", **office),
        _rule("use-secret", "use", SECRET, "participation", **office),
        _rule("open-coarse", "publish", COARSE, "open-data", **public,
              duties=Duties(time_grid_seconds=3600, minimum_group=3, space_grid_metres=1000)),
        _rule("open-late", "publish", LATE, "open-data", **public,
              duties=Duties(delay_seconds=DELAY // 1_000_000, hidden_fields=("parameters", "resultTime"))),
        _rule("open-counted", "publish", COUNTED, "open-data", **public,
              duties=Duties(time_grid_seconds=3600, minimum_persons=10, dominance_percent=85)),
        _rule("open-masked", "publish", MASKED, "open-data", **public, duties=Duties(hidden_fields=("result",))),
    )  # fmt: skip
    return msgspec.structs.replace(
        book, categories=(*book.categories, *more), rules=(*book.rules, *added), version=0, published=None
    )


class World:
    """One of the two: what is hidden in it, and the numbers of what is there, which are the same in both."""

    def __init__(self, store: str, noon: int, *, other: bool) -> None:
        self.noon, self.other = noon, other
        self.word = "Distel" if other else "Farn"
        self.ids: dict[str, dict[str, int]] = {}
        self.tokens: dict[str, str] = {}
        gate = open_gate(store)
        gate.publish(rules(), "tests")
        self._build(gate)
        for name, *scopes in (
            ("winter", "read:winter-service"),
            ("gritter", "sensorthings:write", "write:winter-service"),
            ("station", "sensorthings:write"),
            ("office", "sensorthings:write", "write:participation"),
            ("desk", "read:participation"),
        ):
            self.tokens[name] = create_token(gate, name=name, scopes=tuple(scopes))
        gate.seal()
        gate.close()
        _date(store, noon)

    def _build(self, gate: Gate) -> None:
        shared = ObservedProperty(name="Warmth", definition="https://example.org/warmth", description="")
        grant = gate.grant(COLLECT)
        warmth = gate.create(grant, "ObservedProperties", shared)
        for place, category in enumerate(STREAMS):
            permit = gate.grant(COLLECT_SECRET) if category == SECRET else grant
            self.ids[category] = self._station(gate, permit, category, place, warmth)
            about = self.ids[category]["FeaturesOfInterest"]
            gate.append(permit, self._values(category, self.ids[category]["Datastreams"], about))
        secret = gate.grant(COLLECT_SECRET)
        # A closed series hangs on the open station beside the open one.
        self.ids["neighbour"] = self._series(gate, secret, SECRET, self.ids[OPEN]["Things"], warmth, "neighbour")
        gate.append(secret, self._values(SECRET, self.ids["neighbour"]["Datastreams"]))
        self._arrays(gate, secret)
        gate.append(grant, self._values("second", self.ids[OPEN]["Datastreams"]))

    def _hidden(self, category: str) -> str:
        """Give a word for what nobody may know of a category: a name of this world's own where all is closed."""
        return f"{category} {self.word}" if category in (BLIND, SECRET, "neighbour") else category

    def _station(self, gate: Gate, grant: Grant, category: str, place: int, warmth: int) -> dict[str, int]:
        word = self._hidden(category)
        closed, near = category in (BLIND, SECRET), category == COARSE
        # Within the same kilometre where only the kilometre is shown, elsewhere where nothing is.
        east = 9.1 + place / 50 + self.other * (0.11 if closed else 0.0004 if near else 0.0)
        spot = {"type": "Point", "coordinates": [east, 47.66]}
        location = gate.create(grant, "Locations", Location(name=f"Ort {word}", description=word, location=spot))
        slug = f"{word.lower().replace(' ', '-')}-station"
        properties = {"slug": slug, "kind": "weather-station", "position": "measured"}
        thing = Thing(name=f"Station {word}", description=word, properties=properties, location_ids=(location,))
        number = gate.create(grant, "Things", thing)
        made = self._series(gate, grant, category, number, warmth, word)
        feature = FeatureOfInterest(name=f"Beet {word}", description=word, feature=spot)
        about = gate.make(grant, Draft(kind="FeaturesOfInterest", value=feature))
        return {**made, "Locations": location, "Things": number, "FeaturesOfInterest": about}

    def _series(self, gate: Gate, grant: Grant, category: str, thing: int, warmth: int, word: str) -> dict[str, int]:
        word = self._hidden(word) if word == "neighbour" else word
        sensor = gate.create(grant, "Sensors", Sensor(name=f"Sensor {word}", description=word, metadata=word))
        stream = Datastream(
            name=f"Reihe {word}", description=word, thing_id=thing, sensor_id=sensor, observed_property_id=warmth,
            unit="%" if self.other and category == SECRET else "Cel", category=category, data_use=USE,
            minimum=-900_000.0, maximum=900_000.0,
            properties={
                "slug": f"{word.lower().replace(' ', '-')}-reihe", "observed": "air-temperature",
                "interval_seconds": 900, "dataset": category, "word": word,
                **({"maxRate": 400.0} if category == BLIND else {}),
            },
        )  # fmt: skip
        return {"Sensors": sensor, "Datastreams": gate.create(grant, "Datastreams", stream)}

    def _arrays(self, gate: Gate, grant: Grant) -> None:
        word = f"arrays {self.word}"
        seen = [
            gate.create(
                grant, "ObservedProperties", ObservedProperty(name=f"{word} {n}", definition="", description="")
            )
            for n in (1, 2)
        ]
        unit = {"name": self.word, "symbol": "m/s", "definition": None}
        stream = MultiDatastream(
            name=f"Reihe {word}", description=word, thing_id=self.ids[SECRET]["Things"],
            sensor_id=self.ids[SECRET]["Sensors"], observed_property_ids=tuple(seen),
            multi_types=(MEASURED, MEASURED), multi_units=(unit, unit), category=SECRET, data_use=USE,
        )  # fmt: skip
        number = gate.create(grant, "MultiDatastreams", stream)
        self.ids["arrays"] = {"MultiDatastreams": number, "ObservedProperties": seen[0]}
        values = [(float(hour), 5.0 + 90 * self.other) for hour in range(3)]
        gate.append(grant, [
            Arrival(datastream_id=number, phenomenon_start=self.noon + hour * HOUR, result=list(pair))
            for hour, pair in enumerate(values)
        ])  # fmt: skip

    def _values(self, category: str, stream: int, about: int | None = None) -> list[Arrival]:
        """Give hours of four values, some of them of two or three; what a category hides is of this world alone."""
        found = []
        hours = range(6, 8) if category == "second" else range(6)
        for hour in hours:
            for quarter in range(4):
                value = self._value(category, hour, quarter)
                if value is None:
                    continue
                start = self.noon + hour * HOUR + quarter * 15 * MINUTE
                start += 3 * DAY if category == LATE and hour >= 4 else 0
                found.append(Arrival(
                    datastream_id=stream, phenomenon_start=start, result=value,
                    feature_id=about if hour == quarter == 0 else None,
                    result_time=start + MINUTE * (1 + self.other * (category == LATE)),
                    parameters={"depth": quarter + 50 * self.other * (category in (COARSE, LATE, SECRET, BLIND))},
                ))  # fmt: skip
        return found

    def _value(self, category: str, hour: int, quarter: int) -> float | None:
        """Give a value, or None where there is none; the second hour is small, the third has the mean that is shown."""
        value, other = 10.0 + hour + quarter / 4, float(self.other)
        if category in (SECRET, BLIND, MASKED):
            value += 333.5 + 200.0 * other
            return None if category == SECRET and other and hour == 5 else value
        if category == LATE and hour >= 4:
            return None if other and hour == 5 else value + 555.5 + 100 * other
        if category == COARSE and hour == 1:
            return None if quarter >= 2 - other else value + 777.5 + 100.0 * other
        if category == COARSE and hour == 2:
            return value + (40.0 * other if quarter % 2 else -40.0 * other)
        if category == COUNTED:
            return self._counted(hour, quarter)
        return value

    def _counted(self, hour: int, quarter: int) -> float:
        """Count persons: in the second hour too few, in the third nearly all in one quarter, in the fourth enough."""
        few, crowd = (2.0, 1.0) if self.other else (1.0, 2.0), (90.0, 70.0)[self.other]
        if hour == 1:
            return few[quarter % 2]
        if hour == 2:
            return crowd if quarter == 0 else 1.0
        if hour == 3 and self.other:
            return 6.0 if quarter % 2 else 4.0
        return 5.0


def _date(store: str, noon: int) -> None:
    """Let what notes by itself when it was made say the same in both worlds."""
    postgres = store.startswith("postgresql")
    options = "-c search_path=observations"
    database: Any = psycopg.connect(store, options=options) if postgres else sqlite3.connect(store)
    with contextlib.closing(database):
        database.execute(f"UPDATE historical_locations SET time = {noon:d}")
        database.commit()


def noon_ago(days: int) -> int:
    """Give the noon (UTC) of some days ago."""
    then = utc_now() - dt.timedelta(days=days)
    return micros_from_instant(then.replace(hour=12, minute=0, second=0, microsecond=0))


def store_of(home: Path) -> str:
    """Give the address of the store of a home without a server."""
    return str(home / "observations.sqlite3")
