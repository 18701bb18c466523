"""A plain weather model for a town on a lake: season, course of the day, passing weather, heat island, rain.

Every value is a function of seed, station and absolute time. It is made to look plausible, not to be right.
"""

from typing import NamedTuple

import msgspec
import numpy as np

from allmende.connectors.simulation.noise import Floats, Ints, seed_for, smooth_noise

HOUR = 3_600
DAY = 24 * HOUR
YEAR_DAYS = 365.2425
WARMEST_DAY = 200.0
COOLEST_HOUR_SHIFT = 14.0


class Character(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sets a station apart: heat island at night (K), swing of the day (1 = open land), wind (1 = open)."""

    heat_island: float = 0.0
    swing: float = 1.0
    exposure: float = 1.0


class Climate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The place's climate: yearly mean and half swing of temperature (Cel), mean pressure (hPa), rain."""

    mean_temperature: float
    season_swing: float
    mean_pressure: float
    rain_threshold: float
    rain_scale: float


class Sky(NamedTuple):
    """The weather that all stations share, one number for each time."""

    season: Floats
    hour: Floats
    high: Floats
    clear: Floats
    air: Floats
    wet: Floats


def sky_over(seed: int, seconds: Ints) -> Sky:
    """Make the shared weather; ``season`` runs from -1 (winter) to 1, ``clear`` from 0 to 1, ``air`` is in kelvin."""

    def noise(name: str, days: float) -> Floats:
        return smooth_noise(seed_for(seed, name), seconds, int(days * DAY))

    season = np.cos(2.0 * np.pi * (seconds / DAY - WARMEST_DAY) / YEAR_DAYS)
    hour = (seconds % DAY) / HOUR
    high = 0.85 * noise("high", 4.5) + 0.53 * noise("ridge", 1.7)
    clear = 1.0 / (1.0 + np.exp(-1.3 * high - 0.9 * noise("cloud", 0.8)))
    air = (3.3 - 0.4 * season) * noise("air", 5.0) + 1.4 * noise("front", 1.5) + 0.4 * noise("breath", 0.25)
    wet = 0.6 * noise("wet", 0.3) + 0.6 * noise("shower", 0.09) - 0.6 * high
    return Sky(season, hour, high, clear, air, wet)


def _swing(hour: Floats) -> Floats:
    """Give the course of the day from about -1 before sunrise to 1 in the afternoon."""
    turn = 2.0 * np.pi * (hour - COOLEST_HOUR_SHIFT) / 24.0
    return np.asarray(np.cos(turn) + 0.15 * np.cos(2.0 * turn))


def rain_rate(sky: Sky, climate: Climate, local: Floats) -> Floats:
    """Give the rain in millimetres for a quarter of an hour; ``local`` is the station's own noise."""
    excess = np.maximum(0.0, sky.wet + 0.2 * local - climate.rain_threshold)
    summer = 1.0 + 0.6 * sky.season
    return np.asarray(climate.rain_scale * summer * excess**1.2 * np.exp(0.4 * local))


def station_values(
    seed: int, name: str, character: Character, climate: Climate, seconds: Ints, sky: Sky
) -> dict[str, Floats]:
    """Give the values of a station by observed property, rounded as its instruments would."""

    def noise(strand: str, hours: float) -> Floats:
        return smooth_noise(seed_for(seed, name, strand), seconds, int(hours * HOUR))

    rain = rain_rate(sky, climate, noise("rain", 2.0))
    damp = np.clip((sky.wet - climate.rain_threshold + 0.35) / 0.7, 0.0, 1.0)
    daily = _swing(sky.hour)
    mild = climate.mean_temperature + climate.season_swing * sky.season + sky.air
    mild = mild + (sky.clear - 0.5) * (1.0 + 2.5 * sky.season)
    reach = (3.5 + 2.0 * sky.season) * (0.4 + 1.0 * sky.clear) * character.swing
    island = character.heat_island * (0.55 - 0.45 * daily) * (0.5 + 0.7 * sky.clear)
    temperature = mild + reach * daily * (1.0 - 0.6 * damp) + island + 0.3 * noise("air", 2.0)
    dew = mild - 2.3 - (1.5 + 3.0 * sky.clear) * (1.0 - 0.7 * damp) + 0.8 * noise("dew", 9.0)
    humidity = np.minimum(100.0, 100.0 * np.exp(17.62 * dew / (243.1 + dew) - _exponent(temperature)))
    humidity = humidity + (96.0 - humidity) * np.where(rain > 0.0, np.maximum(damp, 0.75), 0.0)
    wind = 1.1 * character.exposure * np.exp(0.45 * noise("wind", 1.0) - 0.3 * sky.high) * (1.0 + 0.25 * daily)
    pressure = climate.mean_pressure + 6.6 * sky.high * (1.15 - 0.35 * sky.season)
    pressure = pressure + 0.5 * np.cos(4.0 * np.pi * (sky.hour - 10.0) / 24.0) + 0.1 * noise("pressure", 1.0)
    raw = {
        "air-temperature": temperature,
        "relative-humidity": np.clip(humidity, 12.0, 100.0),
        "precipitation": rain,
        "wind-speed": wind,
        "air-pressure": pressure,
    }
    return {observed: np.round(values, 1) + 0.0 for observed, values in raw.items()}


def _exponent(temperature: Floats) -> Floats:
    """Give Magnus' exponent over water."""
    return np.asarray(17.62 * temperature / (243.1 + temperature))
