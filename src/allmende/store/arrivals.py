"""What is checked of observations at the door; every refusal names the place in the batch and the field."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from allmende.kernel.clock import iso_from_micros
from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.store.model import Arrival
from allmende.store.multi import check_array
from allmende.store.rows import json_text, quality_kept, storable
from allmende.store.state import State
from allmende.store.tables import features

AHEAD_MICROSECONDS = 10 * 60 * 1_000_000
# The resultQuality of what was foretold: its phenomenonTime lies after the resultTime at which it was known.
FORECAST = "forecast"
EARLIEST, LATEST = -30_610_224_000_000_000, 253_402_300_800_000_000

NO_DATASTREAM = ErrorCode(
    "observation.unknown_datastream",
    Text(
        "Messwert {index}: die Messreihe {datastream} gibt es nicht.",
        "Observation {index}: there is no datastream {datastream}.",
    ),
    Text(
        "Legen Sie die Messreihe an, oder berichtigen Sie die Nummer.", "Create the datastream, or correct the number."
    ),
)
NO_FEATURE = ErrorCode(
    "observation.unknown_feature",
    Text(
        "Messwert {index}: FeatureOfInterest {feature} gibt es nicht.",
        "Observation {index}: there is no FeatureOfInterest {feature}.",
    ),
    Text("Legen Sie es an, oder berichtigen Sie die Nummer.", "Create it, or correct the number."),
)
BAD_RESULT = ErrorCode(
    "observation.bad_result",
    Text(
        "Messwert {index}: result ist nicht von der Art {wanted}.",
        "Observation {index}: result is not of kind {wanted}.",
    ),
    Text(
        "Senden Sie einen Wert dieser Art; fehlende Werte werden weggelassen.",
        "Send a value of this kind; leave missing values out.",
    ),
)
OUT_OF_RANGE = ErrorCode(
    "observation.out_of_range",
    Text(
        "Messwert {index}: result {value} liegt außerhalb von {minimum} bis {maximum}.",
        "Observation {index}: result {value} is outside {minimum} to {maximum}.",
    ),
    Text("Prüfen Sie Sensor und Einheit.", "Check the sensor and the unit."),
)
BAD_TIME = ErrorCode(
    "observation.bad_time",
    Text(
        "Messwert {index}: {field} ist kein möglicher Zeitpunkt.",
        "Observation {index}: {field} is no possible time.",
    ),
    Text(
        "Ein Ende liegt nach dem Anfang, beide in den Jahren 1000 bis 9999.",
        "An end lies after its start, both in the years 1000 to 9999.",
    ),
)
AHEAD = ErrorCode(
    "observation.ahead",
    Text(
        "Messwert {index}: phenomenonTime {time} liegt in der Zukunft.",
        "Observation {index}: phenomenonTime {time} lies in the future.",
    ),
    Text(
        "Stellen Sie die Uhr des Geräts, und prüfen Sie die Zeitzone.",
        "Set the device's clock, and check the time zone.",
    ),
)
BAD_FIELD = ErrorCode(
    "observation.bad_field",
    Text(
        "Messwert {index}: {field} ist nicht verwendbar.",
        "Observation {index}: {field} cannot be used.",
    ),
    Text(
        "Texte enthalten kein Nullzeichen, parameters ist ein JSON-Objekt, validTime endet nicht vor seinem Anfang.",
        "Texts have no NUL character, parameters is a JSON object, validTime does not end before its start.",
    ),
)

Kept = tuple[float | None, str | None]


def check_batch(arrivals: Sequence[Arrival], streams: Mapping[int, State], now: int) -> list[Kept]:
    """Check all arrivals; give number and JSON text of each result, one of them None."""
    kept: list[Kept] = []
    latest = now + AHEAD_MICROSECONDS
    for index, arrival in enumerate(arrivals):
        stream = streams.get(arrival.datastream_id)
        if stream is None:
            raise NotFound(NO_DATASTREAM, index=index, datastream=arrival.datastream_id)
        start = arrival.phenomenon_start
        if start > latest and start < LATEST and not _is_foretold(arrival, latest):
            raise Invalid(AHEAD, index=index, time=iso_from_micros(start))
        if start < EARLIEST or start >= LATEST or arrival.phenomenon_end is not None or arrival.result_time is not None:
            _check_times(index, arrival)
        result = arrival.result
        if type(result) is float and stream.wanted == "Measurement":
            kept.append((_in_range(index, result, stream), None))
        else:
            kept.append(_checked_result(index, result, stream))
        if arrival.source or arrival.message or arrival.parameters is not None or arrival.valid is not None:
            _check_fields(index, arrival)
        if arrival.quality != "unchecked":
            quality_kept(arrival.quality)
    return kept


def _is_foretold(arrival: Arrival, latest: int) -> bool:
    """Tell whether an observation says of itself that it is a forecast, known by now."""
    return arrival.quality == FORECAST and arrival.result_time is not None and arrival.result_time <= latest


def _check_times(index: int, arrival: Arrival) -> None:
    start, end, known = arrival.phenomenon_start, arrival.phenomenon_end, arrival.result_time
    if not EARLIEST <= start < LATEST or (end is not None and not start < end < LATEST):
        raise Invalid(BAD_TIME, index=index, field="phenomenonTime")
    if known is not None and not EARLIEST <= known < LATEST:
        raise Invalid(BAD_TIME, index=index, field="resultTime")


def _check_fields(index: int, arrival: Arrival) -> None:
    if not storable(arrival.source):
        raise Invalid(BAD_FIELD, index=index, field="source")
    if not storable(arrival.message):
        raise Invalid(BAD_FIELD, index=index, field="message")
    if arrival.parameters is not None and not isinstance(arrival.parameters, dict):
        raise Invalid(BAD_FIELD, index=index, field="parameters")
    if arrival.valid is not None and not EARLIEST <= arrival.valid[0] <= arrival.valid[1] < LATEST:
        raise Invalid(BAD_FIELD, index=index, field="validTime")


def _in_range(index: int, value: float, stream: State) -> float:
    low, high = stream.minimum, stream.maximum
    if not math.isfinite(value):
        raise Invalid(BAD_RESULT, index=index, wanted=stream.wanted)
    if (low is not None and value < low) or (high is not None and value > high):
        raise Invalid(OUT_OF_RANGE, index=index, value=value, minimum=low, maximum=high)
    return value


def _number(result: Any) -> float | None:
    """Give a number as it is kept; None for what is none, infinity for what is too great."""
    if not isinstance(result, int | float) or isinstance(result, bool):
        return None
    try:
        return float(result)
    except OverflowError:
        return math.inf


def _checked_result(index: int, result: Any, stream: State) -> Kept:
    if stream.multi_types is not None:
        check_array(index, result, stream.multi_types)
        return None, json_text(result, Text(f"Messwert {index}: result", f"Observation {index}: result"))
    number = _number(result)
    fits = {
        "Measurement": number is not None,
        "CountObservation": number is not None and number.is_integer(),
        "TruthObservation": isinstance(result, bool),
        "CategoryObservation": isinstance(result, str),
    }.get(stream.wanted, result is not None)
    if not fits:
        raise Invalid(BAD_RESULT, index=index, wanted=stream.wanted)
    if number is not None:
        return _in_range(index, number, stream), None
    return None, json_text(result, Text(f"Messwert {index}: result", f"Observation {index}: result"))


def check_features(connection: Connection, arrivals: Sequence[Arrival]) -> set[tuple[int, int]]:
    """Refuse features of interest that are not there; give the pairs of datastream and feature that are named."""
    named = {arrival.feature_id for arrival in arrivals if arrival.feature_id is not None}
    if not named:
        return set()
    known = set(connection.execute(select(features.c.id).where(features.c.id.in_(sorted(named)))).scalars())
    for index, arrival in enumerate(arrivals):
        if arrival.feature_id is not None and arrival.feature_id not in known:
            raise NotFound(NO_FEATURE, index=index, feature=arrival.feature_id)
    return {(arrival.datastream_id, arrival.feature_id) for arrival in arrivals if arrival.feature_id is not None}
