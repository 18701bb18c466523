"""Replies of the air data service of the German Environment Agency: arrays whose places have the meaning."""

from typing import Any

from allmende.connectors.replies import NO_RECORDS, Record, json_of
from allmende.kernel.errors import Invalid

COMPONENT, SCOPE, VALUE, FEWEST = 0, 1, 2, 3


def records(body: bytes) -> list[Record]:
    """Give a record for each station and hour, with each pollutant under ``c<component>s<scope>``."""
    reply = json_of(body)
    data = reply.get("data") if isinstance(reply, dict) else None
    if data == []:
        return []
    if not isinstance(data, dict) or any(not isinstance(hours, dict) for hours in data.values()):
        raise Invalid(NO_RECORDS, path="data")
    return [_record(station, start, entry) for station, hours in data.items() for start, entry in hours.items()]


def _record(station: str, start: str, entry: Any) -> Record:
    """An hour has one array, or a list of arrays when several pollutants were asked for."""
    several = entry if isinstance(entry, list) and entry and isinstance(entry[0], list) else [entry]
    record: Record = {"station": station, "start": start}
    for one in several:
        if not isinstance(one, list) or len(one) < FEWEST:
            raise Invalid(NO_RECORDS, path=f"data.{station}")
        record[f"c{one[COMPONENT]}s{one[SCOPE]}"] = one[VALUE]
    return record
