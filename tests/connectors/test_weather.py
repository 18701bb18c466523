"""The simulated weather depends on seed and absolute time only, and is plausible for Konstanz."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.connectors.simulation.demo import Demo, read_demo
from allmende.connectors.simulation.noise import Floats, smooth_noise
from allmende.connectors.simulation.weather import sky_over, station_values
from allmende.kernel.clock import UTC
from allmende.kernel.errors import Invalid, NotFound

PACK = Path("src/allmende/packs/konstanz")
START = int(dt.datetime(2024, 11, 1, tzinfo=UTC).timestamp())
STEP = 900
DAY_STEPS = 96


@pytest.fixture(scope="module")
def demo() -> Demo:
    return read_demo(PACK)


def _values(demo: Demo, slug: str, start: int, steps: int) -> dict[str, Floats]:
    station = next(station for station in demo.stations if station.slug == slug)
    seconds = start + STEP * np.arange(steps, dtype=np.int64)
    sky = sky_over(demo.seed, seconds)
    return station_values(demo.seed, slug, station.character(), demo.climate, seconds, sky)


@settings(max_examples=25, deadline=None)
@given(offset=st.integers(0, 70_000), steps=st.integers(1, 300))
def test_a_value_does_not_depend_on_where_the_run_began(offset: int, steps: int) -> None:
    demo = read_demo(PACK)
    whole = _values(demo, "stephansplatz", START, 70_300)
    part = _values(demo, "stephansplatz", START + offset * STEP, steps)
    for observed, values in part.items():
        assert np.array_equal(values, whole[observed][offset : offset + steps]), observed


def test_seeds_and_stations_differ(demo: Demo) -> None:
    here = _values(demo, "stephansplatz", START, DAY_STEPS)["air-temperature"]
    assert not np.array_equal(here, _values(demo, "riedstrasse", START, DAY_STEPS)["air-temperature"])
    seconds = START + STEP * np.arange(DAY_STEPS, dtype=np.int64)
    assert not np.array_equal(smooth_noise(1, seconds, 7_200), smooth_noise(2, seconds, 7_200))


def test_noise_has_mean_nought_and_variance_one() -> None:
    noise = smooth_noise(7, STEP * np.arange(400_000, dtype=np.int64), 7_200)
    assert abs(float(noise.mean())) < 0.02
    assert abs(float(noise.std()) - 1.0) < 0.02


@pytest.mark.parametrize("slug", ["stephansplatz", "stadtgarten", "riedstrasse"])
def test_the_climate_is_plausible(demo: Demo, slug: str) -> None:
    values = _values(demo, slug, START, 730 * DAY_STEPS)
    temperature = values["air-temperature"].reshape(-1, DAY_STEPS)
    highest, lowest = temperature.max(axis=1), temperature.min(axis=1)
    assert 9.5 < temperature.mean() < 13.0
    assert temperature.min() > -20 and temperature.max() < 40
    assert 20 <= (lowest < 0).sum() / 2 <= 85
    assert 1 <= (highest >= 30).sum() / 2 <= 28
    rain, humidity = values["precipitation"], values["relative-humidity"]
    assert 600 < rain.sum() / 2 < 1_200
    assert rain.min() >= 0 and rain.max() < 15
    assert humidity[rain > 0].mean() > 90 > humidity[rain == 0].mean()
    assert humidity.min() >= 10 and humidity.max() <= 100
    assert values["air-pressure"].min() > 920 and values["air-pressure"].max() < 1_010
    assert values["wind-speed"].min() >= 0 and values["wind-speed"].max() < 30


def test_the_town_is_warmer_at_night_than_the_open_land(demo: Demo) -> None:
    town = _values(demo, "stephansplatz", START, 365 * DAY_STEPS)["air-temperature"].reshape(-1, DAY_STEPS)
    land = _values(demo, "riedstrasse", START, 365 * DAY_STEPS)["air-temperature"].reshape(-1, DAY_STEPS)
    assert (town[:, 8:20].mean() - land[:, 8:20].mean()) > 1.0


def test_a_pack_without_or_with_a_faulty_demonstration_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no demonstration"):
        read_demo(tmp_path)
    (tmp_path / "demo.yaml").write_text((PACK / "demo.yaml").read_text().replace("seed: 2026", "seed: many"))
    with pytest.raises(Invalid) as caught:
        read_demo(tmp_path)
    assert caught.value.params["field"] == "$.seed"
