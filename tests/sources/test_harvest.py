"""Another SensorThings server, here one of our own, harvested page by page."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from allmende.gate.door import migrate_store, open_gate
from allmende.kernel.clock import instant_from_micros
from allmende.sources.create import create
from allmende.sources.definition import Connector, read_connector
from allmende.sources.run import House, pull
from tests.apis.conftest import START, Town, stocked
from tests.sources.conftest import stored
from tests.weather_rules import WEATHER_RULES


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a city that is harvested."""
    yield from stocked(tmp_path_factory.mktemp("other"))


def _harvest(house: House, city: Town) -> Connector:
    folder = create(house.home, "harvest", "sensorthings")
    recipe = folder / "source.yaml"
    text = recipe.read_text(encoding="utf-8")
    base = f"http://{city.client.base_url.host}:{city.client.base_url.port}/sensorthings"
    (stream,) = city.values(
        "Datastreams", filter=f"id eq {city.streams['Stephansplatz']}", expand="Thing,ObservedProperty"
    )
    for old, new in (
        ("https://www.example.org/FROST-Server", base),
        ("$top=1000", "$top=60"),
        ('key: "1"', f'key: "{stream["Thing"]["@iot.id"]}"'),
        ("Air temperature unit", f"{stream['ObservedProperty']['name']} unit"),
        ("path: Air temperature", f"path: {stream['ObservedProperty']['name']}"),
    ):
        assert old in text
        text = text.replace(old, new)
    recipe.write_text(text, encoding="utf-8")
    return read_connector(folder, own=True)


def test_all_pages_of_another_server_are_taken_once(house: House, city: Town, tmp_path: Path) -> None:
    url = str(tmp_path / "own.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(WEATHER_RULES, actor="test")
    connector = _harvest(house, city)
    since = instant_from_micros(START) - dt.timedelta(days=1)
    try:
        first = pull(house, gate, connector, since)
        there = city.values(f"Datastreams({city.streams['Stephansplatz']})/Observations", top="1000")
        assert (first.taken, len(there)) == (250, 250)
        assert sorted(one["result"] for one in there) == sorted(result for _, result in stored(gate))
        again = pull(house, gate, connector, since)
        assert (again.taken, again.repeated) == (0, 250)
    finally:
        gate.close()
