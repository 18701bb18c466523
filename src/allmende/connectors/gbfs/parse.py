"""GBFS 2 and 3: counts at stations, and how many vehicles stand free. What tells vehicles apart is left behind here."""

import datetime as dt
from collections import Counter
from typing import Any

from allmende.connectors.replies import NO_RECORDS, Record, entries, json_of
from allmende.kernel.errors import Invalid

# Places of single vehicles over time would be trips of people: no reply is kept.
KEEP_RAW = False
_FREE = ("bikes", "vehicles")


def records(body: bytes) -> list[Record]:
    """Give a record for each station, or one with the counts of all vehicles that stand free."""
    tree = json_of(body)
    data = tree.get("data") if isinstance(tree, dict) else None
    if not isinstance(data, dict):
        raise Invalid(NO_RECORDS, path="data")
    moment = _time(tree.get("last_updated"))
    for name in _FREE:
        if name in data:
            return [_counted(entries(data, name), moment)]
    return [_station(one, moment) for one in entries(data, "stations")]


def _time(given: Any) -> str | None:
    """Write the time of the reply: seconds of the epoch before version 3, RFC 3339 since."""
    if isinstance(given, str) and not given.isdecimal():
        return given
    try:
        return dt.datetime.fromtimestamp(float(given), dt.UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _station(given: Record, moment: str | None) -> Record:
    record: Record = {"station": given.get("station_id"), "time": moment}
    if given.get("is_installed") in (False, 0):
        # It is not there: its zeros are no counts.
        return {**record, "available": None}
    for name, places in _COUNTS.items():
        found = next((given[place] for place in places if place in given), None)
        if found is not None:
            record[name] = found
    types = given.get("vehicle_types_available")
    for one in entries(types) if types else ():
        record[f"type {one.get('vehicle_type_id')}"] = one.get("count")
    return record


_COUNTS = {
    "available": ("num_vehicles_available", "num_bikes_available"),
    "disabled": ("num_vehicles_disabled", "num_bikes_disabled"),
    "docks": ("num_docks_available",),
    "renting": ("is_renting",),
}


def _counted(vehicles: list[Record], moment: str | None) -> Record:
    free = [one for one in vehicles if not one.get("station_id")]
    ready = [one for one in free if not one.get("is_reserved") and not one.get("is_disabled")]
    types = Counter(str(one.get("vehicle_type_id")) for one in ready)
    return {
        "time": moment,
        "available": len(ready),
        "reserved": sum(bool(one.get("is_reserved")) and not one.get("is_disabled") for one in free),
        "disabled": sum(bool(one.get("is_disabled")) for one in free),
        **{f"type {name}": count for name, count in types.items()},
    }
