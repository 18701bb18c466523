"""Locations of OCPI with their charging points counted by state."""

from allmende.connectors.replies import Record, entries, json_of

STATES = {
    "AVAILABLE": "available",
    **dict.fromkeys(("CHARGING", "RESERVED", "BLOCKED", "OCCUPIED"), "occupied"),
    **dict.fromkeys(("INOPERATIVE", "OUTOFORDER", "OUTOFSERVICE"), "faulty"),
}
# These are not there: they are no points that are free or not.
NOT_THERE = ("PLANNED", "REMOVED")


def records(body: bytes) -> list[Record]:
    """Give a record for each location: points, and of these available, occupied, faulty and unknown ones."""
    tree = json_of(body)
    if isinstance(tree, dict):
        tree = entries(tree, "items") if "items" in tree else entries(tree, "data")
    return [_record(one) for one in entries(tree)]


def _record(location: Record) -> Record:
    points = location.get("evses") or []
    states = [str(one.get("status")).upper() for one in entries(points)]
    there = [STATES.get(state, "unknown") for state in states if state not in NOT_THERE]
    record: Record = {"station": location.get("id"), "points": len(there) or None}
    if there:
        record |= {name: there.count(name) for name in ("available", "occupied", "faulty", "unknown")}
    return record
