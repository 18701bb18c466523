"""Observations of another SensorThings server, each under the name of what it observes."""

from typing import Any

from allmende.connectors.replies import Record, entries, json_of


def records(body: bytes) -> list[Record]:
    """Give a record for each observation: start, end, when known, and the result under its property's name."""
    return [_record(one) for one in entries(json_of(body), "value")]


def _record(given: Record) -> Record:
    begin, _, end = str(given.get("phenomenonTime") or "").partition("/")
    # An instant has no end; the path is there all the same, so that its lack is no change of form.
    record: Record = {"start": begin, "end": end or begin, "known": given.get("resultTime")}
    record["result"] = given.get("result")
    stream = given.get("Datastream")
    if isinstance(stream, dict):
        name = _name(stream)
        record[name] = given.get("result")
        unit = stream.get("unitOfMeasurement")
        if isinstance(unit, dict):
            record[f"{name} unit"] = unit.get("symbol")
    return record


def _name(stream: dict[str, Any]) -> str:
    observed = stream.get("ObservedProperty")
    found = observed.get("name") if isinstance(observed, dict) else None
    return str(found or stream.get("name") or "result")
