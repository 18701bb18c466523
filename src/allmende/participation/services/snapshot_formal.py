"""Open data of formal procedures: what the cards say, by the bodies that carry them out."""

from collections.abc import Iterator
from typing import Any

from allmende.kernel.clock import UTC
from allmende.participation import formal_queries

TABLES: dict[str, dict[str, str]] = {
    "formal-procedures": {
        "plan_id": "string: planID of XBeteiligung",
        "title": "string",
        "kind": "string: code of the kind of plan",
        "step": "string: code of the step",
        "round": "integer",
        "begins": "date",
        "ends": "date: the last day",
        "authority": "string: takes statements",
        "url": "string: where people take part",
        "place": "string",
        "description": "string",
        "longitude": "number: middle of the area, WGS 84",
        "latitude": "number: middle of the area, WGS 84",
        "message_at": "date-time: when the newest message was written",
        "demonstration": "boolean: made up",
    }
}


def _procedures() -> Iterator[dict[str, Any]]:
    for one in formal_queries.shown().order_by("pk"):
        row = {name: getattr(one, name) for name in TABLES["formal-procedures"] if hasattr(one, name)}
        longitude, latitude = one.middle or (None, None)
        yield row | {
            "round": one.number,
            "url": one.address,
            "longitude": longitude,
            "latitude": latitude,
            "message_at": one.at.astimezone(UTC).isoformat() if one.at else None,
        }


SOURCES = {"formal-procedures": _procedures}
