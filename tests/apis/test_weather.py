"""The real summer of 2024 through the whole way: file, gate, store, SensorThings, and back to what the file says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pytest

from allmende.gate.door import open_gate
from tests.apis.conftest import Town, served
from tests.program import founded_copy, run

MAPPING = Path(__file__).parents[2] / "src/allmende/packs/konstanz/mappings/weather-2024.yaml"
COLUMNS = {
    "air-temperature": "temperature",
    "relative-humidity": "relativehumidity",
    "air-pressure": "atmosphericpressure",
    "wind-speed": "windspeedavg",
}


@pytest.fixture(scope="module")
def weather(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a city into which the file of Stephansplatz was loaded."""
    home = founded_copy(tmp_path_factory.mktemp("weather"))
    done = run(home, "load", "observations", str(_file(samples)), "--mapping", str(MAPPING))
    assert done.returncode == 0, done.stderr
    gate = open_gate(str(home / "observations.sqlite3"))
    yield from served(Town(gate), home)


def _file(samples: Path) -> Path:
    return samples / "konstanz-weather" / "ws_compl_summer.Stephansplatz.csv"


def _all(town: Town, path: str) -> list[dict[str, Any]]:
    answer = town.get(path, top="1000", orderby="phenomenonTime").json()
    found: list[dict[str, Any]] = answer["value"]
    while "@iot.nextLink" in answer:
        answer = town.client.get(answer["@iot.nextLink"]).json()
        found += answer["value"]
    return found


def _stream(town: Town, observed: str) -> dict[str, Any]:
    (thing,) = town.values("Things", filter="substringof('Stephansplatz',name)", expand="Locations")
    assert thing["Locations"][0]["location"]["coordinates"] == pytest.approx([9.17, 47.66], abs=0.01)
    streams = town.values(f"Things({thing['@iot.id']})/Datastreams")
    (found,) = [stream for stream in streams if stream["properties"]["observed"] == observed]
    assert found["properties"]["simulated"] is False
    return found


def _hours(samples: Path) -> "pd.DataFrame":
    frame = pd.read_csv(_file(samples))
    frame.index = pd.to_datetime(frame["date"]) + pd.to_timedelta(frame["hour"], unit="h")
    return frame


@pytest.mark.parametrize("observed", sorted(COLUMNS))
def test_the_values_of_the_file_come_back(weather: Town, samples: Path, observed: str) -> None:
    column = _hours(samples)[COLUMNS[observed]].dropna()
    rows = _all(weather, f"Datastreams({_stream(weather, observed)['@iot.id']})/Observations")
    given = {row["phenomenonTime"].split("/")[0]: row["result"] for row in rows}
    written = {f"{hour:%Y-%m-%dT%H:%M:%SZ}": value for hour, value in column.items()}
    assert len(given) == len(written) > 3000
    assert given == pytest.approx(written)


def test_rain_is_amounts_and_not_the_counter(weather: Town, samples: Path) -> None:
    counter = _hours(samples)["precipitation"].dropna()
    rows = _all(weather, f"Datastreams({_stream(weather, 'precipitation')['@iot.id']})/Observations")
    amounts = {row["phenomenonTime"].split("/")[0]: row["result"] for row in rows}
    steps = counter.diff()[(counter.index.to_series().diff() == pd.Timedelta(hours=1)) & (counter.diff() >= 0)]
    shared = {f"{hour:%Y-%m-%dT%H:%M:%SZ}": value for hour, value in steps.items()}
    both = shared.keys() & amounts.keys()
    assert len(both) > 0.95 * len(shared)
    assert {hour: amounts[hour] for hour in both} == pytest.approx({hour: shared[hour] for hour in both}, abs=1e-6)
    assert min(amounts.values()) >= 0


def test_a_question_for_a_span_gives_the_hottest_hour(weather: Town, samples: Path) -> None:
    column = _hours(samples)["temperature"]
    stream = _stream(weather, "air-temperature")["@iot.id"]
    span = "phenomenonTime ge 2024-08-11T00:00:00Z and phenomenonTime lt 2024-08-12T00:00:00Z"
    (row,) = weather.values(f"Datastreams({stream})/Observations", filter=span, orderby="result desc", top="1")
    assert row["result"] == pytest.approx(float(column.loc["2024-08-11"].max()))
