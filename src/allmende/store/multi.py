"""Results of MultiDatastreams: arrays with one element for each observed property."""

import math
from functools import lru_cache
from typing import Any

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

BAD_ARRAY = ErrorCode(
    "observation.bad_array",
    Text(
        "Messwert {index}: result ist kein Array mit {count} Stellen.",
        "Observation {index}: result is no array of {count} elements.",
    ),
    Text(
        "Senden Sie einen Wert für jede beobachtete Eigenschaft; null für den, der fehlt.",
        "Send a value for each observed property; null for one that is missing.",
    ),
)
BAD_ELEMENT = ErrorCode(
    "observation.bad_element",
    Text(
        "Messwert {index}: result[{place}] ist nicht von der Art {wanted}.",
        "Observation {index}: result[{place}] is not of kind {wanted}.",
    ),
    Text("Senden Sie einen Wert dieser Art, oder null.", "Send a value of this kind, or null."),
)


@lru_cache(maxsize=1_000)
def _wanted(types: str) -> tuple[str, ...]:
    return tuple(name.rpartition("OM_")[2] for name in msgspec.json.decode(types, type=list[str]))


def check_array(index: int, result: Any, types: str) -> None:
    """Refuse a result that has not the right number of elements of the right kinds; one that is missing is null."""
    wanted = _wanted(types)
    if not isinstance(result, list) or len(result) != len(wanted) or all(value is None for value in result):
        raise Invalid(BAD_ARRAY, index=index, count=len(wanted))
    for place, (value, kind) in enumerate(zip(result, wanted, strict=True)):
        if value is not None and not _fits(value, kind):
            raise Invalid(BAD_ELEMENT, index=index, place=place, wanted=kind)


def _fits(value: Any, kind: str) -> bool:
    if kind in ("Measurement", "CountObservation"):
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return number and (kind == "Measurement" or value == int(value))
    return {"TruthObservation": isinstance(value, bool), "CategoryObservation": isinstance(value, str)}.get(kind, True)
