"""A box of openSenseMap: each sensor under its title, unit and type, which are free text of the owner."""

from typing import Any

from allmende.connectors.replies import Record, entries, json_of


def records(body: bytes) -> list[Record]:
    """Give a record for each sensor; the value stands under ``title|unit|type`` and under the sensor's id."""
    tree = json_of(body)
    boxes = tree if isinstance(tree, list) else [tree]
    return [_record(box, sensor) for box in boxes for sensor in entries(box, "sensors")]


def _record(box: Record, sensor: Record) -> Record:
    last = sensor.get("lastMeasurement")
    # It may be absent, null, or only an id: then there is no time, which is told.
    value, moment = (last.get("value"), last.get("createdAt")) if isinstance(last, dict) else (None, None)
    words = "|".join(_plain(sensor.get(name)) for name in ("title", "unit", "sensorType"))
    return {"station": box.get("_id"), "time": moment, words: value, str(sensor.get("_id")): value}


def _plain(given: Any) -> str:
    """Write both micro signs alike."""
    return str(given or "").replace("\u00b5", "\u03bc").strip()
