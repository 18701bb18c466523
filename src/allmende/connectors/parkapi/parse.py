"""Car parks by ParkAPI 3 (items), ParkAPI 1 (lots) and Konstanz's ArcGIS server (features), under the same names."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from allmende.connectors.replies import Record, entries, json_of

_BERLIN = ZoneInfo("Europe/Berlin")


def records(body: bytes) -> list[Record]:
    """Give a record for each car park: key, time, state in capitals, free spaces and spaces."""
    tree = json_of(body)
    if isinstance(tree, dict) and "lots" in tree:
        return [_lot(one, tree.get("last_updated")) for one in entries(tree, "lots")]
    if isinstance(tree, dict) and "features" in tree:
        found = [one.get("attributes") for one in entries(tree, "features")]
        return [_feature(one) for one in found if isinstance(one, dict)]
    return [_site(one) for one in entries(tree, "items")]


def _site(given: Record) -> Record:
    return {
        "station": _first(given, "original_uid", "uid", "id"),
        "time": given.get("realtime_data_updated_at"),
        "state": str(given.get("realtime_opening_status") or "UNKNOWN").upper(),
        "free": given.get("realtime_free_capacity"),
        "spaces": _first(given, "realtime_capacity", "capacity"),
    }


def _lot(given: Record, moment: Any) -> Record:
    return {
        "station": _first(given, "id", "name"),
        # The first version writes UTC without saying so.
        "time": f"{moment}+00:00" if isinstance(moment, str) and "+" not in moment else moment,
        "state": str(given.get("state") or "unknown").upper(),
        "free": given.get("free"),
        "spaces": given.get("total"),
    }


def _feature(given: Record) -> Record:
    return {
        "station": given.get("id"),
        "time": _set_right(given.get("updated")),
        "state": "OPEN" if str(given.get("opening_s")).strip().lower() == "ja" else "CLOSED",
        "free": given.get("real_fcap"),
        "spaces": given.get("real_capa"),
    }


def _set_right(given: Any) -> str | None:
    """Add the offset back that Konstanz's server takes off: a refresh at 08:05 UTC said 06:03."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        behind = dt.datetime.fromtimestamp(given / 1_000, dt.UTC)
        about = behind + _offset(behind)
        return (behind + _offset(about)).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _offset(moment: dt.datetime) -> dt.timedelta:
    return moment.astimezone(_BERLIN).utcoffset() or dt.timedelta()


def _first(given: Record, *names: str) -> Any:
    return next((given[name] for name in names if given.get(name) is not None), None)
