"""One gate over each database, with a small rule book and a small city."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from allmende.ethics.model import Category, Duties, Purpose, Recipient, Rule, Rulebook
from allmende.gate.door import PUBLIC, Ask, Asker, Gate, Grant, migrate_store, open_gate
from allmende.gate.query import Datastream, Location, ObservedProperty, Sensor, Thing
from allmende.kernel.text import Text
from tests.postgres import Databases, emptied

MINUTE = 60_000_000
NOON = 1_720_000_000_000_000 // MINUTE * MINUTE


def text(word: str) -> Text:
    """Give a word in both languages."""
    return Text(f"{word} (de)", f"{word} (en)")


def rule(slug: str, verbs: str, categories: str, purposes: str, effect: str = "permit", **more: object) -> Rule:
    """Write a rule shortly."""
    values = {"title": text(slug), "reason": text("because"), "source": "tests", **more}
    return Rule(
        slug=slug,
        effect=effect,  # type: ignore[arg-type]
        verbs=tuple(verbs.split()),
        categories=tuple(categories.split()),
        purposes=tuple(purposes.split()),
        **values,  # type: ignore[arg-type]
    )


def book(*rules: Rule) -> Rulebook:
    """Give a rule book with a purpose tree of three leaves."""
    tree = [("good", None), ("open-data", "good"), ("climate", "good"), ("sale", None)]
    return Rulebook(
        purposes=tuple(Purpose(slug, text(slug), text(slug), parent) for slug, parent in tree),
        categories=tuple(
            Category(slug, text(slug), "none") for slug in ("weather", "coarse", "late", "secret", "counted")
        ),
        recipients=(Recipient("public", text("public")), Recipient("city", text("city"))),
        rules=rules,
    )


STANDARD = book(
    rule("collect-all", "collect delete", "*", "climate"),
    rule("publish-weather", "publish", "weather", "open-data"),
    rule("publish-coarse", "publish", "coarse", "open-data", duties=Duties(time_grid_seconds=3600, minimum_group=2)),
    rule(
        "publish-late", "publish", "late", "open-data", duties=Duties(delay_seconds=3600, hidden_fields=("parameters",))
    ),
    rule("use-secret", "use", "secret", "climate", recipients=("city",)),
    rule("no-sale", "*", "*", "sale", "prohibit"),
)
COLLECT = Ask(Asker("system:tests"), "collect", "climate", "city")
DELETE = Ask(Asker("system:tests"), "delete", "climate", "city")
READ = Ask(PUBLIC, "publish", "open-data", "public")


@pytest.fixture(scope="session")
def postgres_in_turn(postgres: Databases) -> str:
    """Give the address of the database that is emptied for one test after the other."""
    return postgres.new()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty store of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "observations.sqlite3")
    return emptied(request.getfixturevalue("postgres_in_turn"))


@pytest.fixture
def gate(store_url: str) -> Iterator[Gate]:
    """Give a gate with the standard rule book."""
    migrate_store(store_url)
    opened = open_gate(store_url)
    opened.publish(STANDARD, "tests")
    yield opened
    opened.close()


@pytest.fixture
def collect(gate: Gate) -> Grant:
    """Give the grant to collect."""
    return gate.grant(COLLECT)


@pytest.fixture
def read(gate: Gate) -> Grant:
    """Give the grant of the public."""
    return gate.grant(READ)


@pytest.fixture
def stream(gate: Gate, collect: Grant) -> Callable[..., int]:
    """Give a maker of datastreams, each with its own thing at its own place."""
    numbers = iter(range(1, 1000))

    def make(category: str = "weather", **more: object) -> int:
        number = next(numbers)
        place = Location(
            name=f"Place {number}", description="", location={"type": "Point", "coordinates": [9.17, 47.66]}
        )
        location = gate.create(collect, "Locations", place)
        properties = {"slug": f"thing-{number}", "kind": "weather-station", "height": number}
        thing = Thing(name=f"Station {number}", description="", properties=properties, location_ids=(location,))
        values: dict[str, object] = {
            "name": f"Temperature {number}",
            "description": "",
            "thing_id": gate.create(collect, "Things", thing),
            "sensor_id": gate.create(collect, "Sensors", Sensor(name=f"Sensor {number}", description="")),
            "observed_property_id": gate.create(
                collect, "ObservedProperties", ObservedProperty(name="Temperature", definition="", description="")
            ),
            "unit": "Cel",
            "category": category,
            "data_use": "tests",
            "minimum": -60.0,
            "maximum": 60.0,
            "properties": {"slug": f"stream-{number}"},
            **more,
        }
        return gate.create(collect, "Datastreams", Datastream(**values))  # type: ignore[arg-type]

    return make


def day(number: int) -> dt.date:
    """Give a day of July 2024."""
    return dt.date(2024, 7, number)
