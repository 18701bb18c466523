"""An archive behind the data process, over each database: long, simulated, with all that a result may be."""

from collections.abc import Iterator
from typing import Any

import pytest

from allmende.gate.door import Gate, migrate_store, open_gate
from allmende.gate.query import Arrival, Datastream, Location, ObservedProperty, Sensor, Thing
from allmende.gate.tokens import create_token
from tests.apis.conftest import COLLECT, MINUTE, RULES, START, Town, served

LONG = 25_000
ODD_RESULTS: tuple[Any, ...] = (1.5, -0.25, "=1+1", "bewölkt; „wechselnd“", True, {"wind": [1, 2]}, 1e-7, 17)


def _station(gate: Gate, name: str, **more: Any) -> tuple[int, int]:
    grant = gate.grant(COLLECT)
    point = {"type": "Point", "coordinates": [9.2, 47.65]}
    place = gate.create(grant, "Locations", Location(name=f"Ort {name}", description="", location=point))
    thing = gate.create(grant, "Things", Thing(name=name, description="", location_ids=(place,)))
    values: dict[str, Any] = {
        "name": f"Wert {name}",
        "description": 'a, "b"\r\nc',
        "thing_id": thing,
        "sensor_id": gate.create(grant, "Sensors", Sensor(name=f"Sensor {name}", description="")),
        "observed_property_id": gate.create(
            grant, "ObservedProperties", ObservedProperty(name=name, definition="https://example.org/t", description="")
        ),
        "unit": "Cel",
        "category": "weather",
        "data_use": "tests",
        "properties": {"licence": "CC-BY-4.0", "attribution": "Stadt am See"},
        **more,
    }
    return thing, gate.create(grant, "Datastreams", Datastream(**values))


def archive(url: str) -> Town:
    """Fill an archive in an empty database."""
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    town = Town(gate)
    grant = gate.grant(COLLECT)
    stations: dict[str, dict[str, Any]] = {
        "Seezeichen": {"simulated": True},
        "=Rheinbrücke": {"observation_type": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"},
        "Keller": {"category": "kitchen"},
    }
    for name, more in stations.items():
        town.things[name], town.streams[name] = _station(gate, name, **more)
    numbers = [
        Arrival(datastream_id=town.streams["Seezeichen"], phenomenon_start=START + at * MINUTE, result=at / 8)
        for at in range(LONG)
    ]
    gate.append(grant, numbers)
    odd = [
        Arrival(
            datastream_id=town.streams["=Rheinbrücke"],
            phenomenon_start=START + at * MINUTE,
            phenomenon_end=START + (at + 1) * MINUTE,
            result_time=START + (at + 2) * MINUTE + 1_000,
            result=result,
            quality="good" if at % 2 else "unchecked",
            parameters={"at": at} if at % 3 else None,
        )
        for at, result in enumerate(ODD_RESULTS)
    ]
    gate.append(grant, odd)
    gate.append(grant, [Arrival(datastream_id=town.streams["Keller"], phenomenon_start=START, result=1.0)])
    town.tokens["writer"] = create_token(gate, name="writer", scopes=("sensorthings:write",))
    town.tokens["reader"] = create_token(gate, name="reader", scopes=("read:open-data",))
    return town


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))]


def served_archive(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve an archive over the database that a fixture's parameter names."""
    home = factory.mktemp("archive")
    own = request.param == "postgresql"
    url = request.getfixturevalue("postgres").new() if own else str(home / "observations.sqlite3")
    yield from served(archive(url), home)
