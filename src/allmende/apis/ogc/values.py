"""Observations of stations: as features page by page, and as CoverageJSON, GeoJSON or CSV of a place."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

import msgspec

from allmende.apis.ogc.asked import Asked, bad
from allmende.apis.ogc.content import City, Series, Station
from allmende.apis.ogc.told import CRS84, Json, covered, feature
from allmende.apis.sensorthings.formats.csv import cell
from allmende.gate.door import Gate
from allmende.gate.query import Observation, Order, Path, Query, Within
from allmende.gate.query import Series as Numbers
from allmende.gate.runs import between
from allmende.kernel.clock import iso_from_micros

IN_TIME = (Order(Path(("phenomenonTime",))),)
MOST_VALUES = 500_000
END = 1 << 62
Found = tuple[Station, Series, Numbers]


def page(gate: Gate, city: City, stations: Sequence[Station], asked: Asked) -> tuple[list[Json], str]:
    """Give a page of observations as features, series after series in order of time, and the mark of the next one."""
    every = [(station, one) for station in stations for one in station.series]
    start, after = _mark(asked.after, len(every))
    found: list[Json] = []
    for place in range(start, len(every)):
        station, one = every[place]
        query = Query(
            kind="Observations",
            within=Within("Datastreams", one.id),
            where=between(asked.since, asked.until),
            order=IN_TIME,
            top=asked.limit - len(found),
            after=after,
        )
        answer = gate.page(city.grant, query)
        found += [item(station, one, record.value) for record in answer.records]
        after = answer.next_after
        if after is not None:
            return found, f"{place}.{after}"
        if len(found) >= asked.limit and place + 1 < len(every):
            return found, f"{place + 1}."
    return found, ""


def _mark(text: str, count: int) -> tuple[int, str | None]:
    place, _, after = text.partition(".")
    if not text:
        return 0, None
    if not (place.isascii() and place.isdecimal() and len(place) < 7 and int(place) < count):
        raise bad("after", "folgen Sie dem Verweis „next“", "follow the link “next”")
    return int(place), after or None


def item(station: Station, one: Series, value: Observation) -> Json:
    """Give an observation as a feature."""
    lasting = value.phenomenon_end is not None and value.phenomenon_end != value.phenomenon_start
    return {
        **feature(
            station,
            {
                "station": station.slug,
                "parameter": one.parameter,
                "datetime": iso_from_micros(value.phenomenon_start),
                "until": iso_from_micros(value.phenomenon_end or 0) if lasting else None,
                "result": value.result,
                "unit": one.symbol,
                "quality": None if value.quality == "unchecked" else value.quality,
                "simulated": one.simulated,
                "datastream": one.id,
            },
        ),
        "id": value.id,
    }


def read(gate: Gate, city: City, stations: Sequence[Station], asked: Asked) -> list[Found]:
    """Read the numbers of stations; refuse more than fit into one answer before they are read."""
    known = {one.parameter for station in stations for one in station.series}
    for name in asked.names:
        if stations and name not in known:
            raise bad("parameter-name", f"„{name[:60]}“ gibt es hier nicht", f"there is no “{name[:60]}” here")
    found: list[Found] = []
    count = 0
    since, until = -END if asked.since is None else asked.since, END if asked.until is None else asked.until
    for station in stations:
        for one in station.series:
            if asked.names and one.parameter not in asked.names:
                continue
            numbers = gate.series(city.grant, one.id, since, until)
            count += len(numbers.times)
            if count > MOST_VALUES:
                told = f"{MOST_VALUES:,}"
                raise bad("datetime", f"mehr als {told} Werte; kürzen Sie", f"more than {told} values; ask for less")
            if len(numbers.times):
                found.append((station, one, numbers))
    return found


def coverages(found: Sequence[Found]) -> Json:
    """Give series as CoverageJSON, each with its own axis of time."""
    return {
        "type": "CoverageCollection",
        "domainType": "PointSeries",
        "parameters": {one.parameter: covered(one) for _, one, _ in found},
        "referencing": [
            {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}},
            {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
        ],
        "coverages": [_coverage(*each) for each in found],
    }


def _coverage(station: Station, one: Series, numbers: Numbers) -> Json:
    values = [None if number != number else number for number in numbers.values.tolist()]
    times = [iso_from_micros(at) for at in numbers.times.tolist()]
    return {
        "type": "Coverage",
        "id": f"{station.slug}/{one.id}",
        "domain": {
            "type": "Domain",
            "domainType": "PointSeries",
            "axes": {"x": {"values": [station.x]}, "y": {"values": [station.y]}, "t": {"values": times}},
        },
        "ranges": {
            one.parameter: {
                "type": "NdArray",
                "dataType": "float",
                "axisNames": ["t"],
                "shape": [len(values)],
                "values": values,
            }
        },
        "allmende:simulated": one.simulated,
    }


def _rows(found: Sequence[Found]) -> Iterator[tuple[Station, Series, str, float]]:
    for station, one, numbers in found:
        for at, value in zip(numbers.times.tolist(), numbers.values.tolist(), strict=True):
            yield station, one, iso_from_micros(at), value


def table(found: Sequence[Found]) -> bytes:
    """Give series as CSV."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("station", "x", "y", "parameter", "datetime", "value", "unit", "simulated"))
    for station, one, at, value in _rows(found):
        row: tuple[Any, ...] = (station.slug, station.x, station.y, one.parameter, at, value, one.symbol, one.simulated)
        writer.writerow([cell(each) for each in row])
    return text.getvalue().encode()


def points(found: Sequence[Found]) -> Json:
    """Give series as features."""
    features = [
        feature(
            station,
            {
                "parameter": one.parameter,
                "datetime": at,
                "value": value,
                "unit": one.symbol,
                "simulated": one.simulated,
            },
        )
        for station, one, at, value in _rows(found)
    ]
    for number, each in enumerate(features):
        each["id"] = number
    return {"type": "FeatureCollection", "features": features, "numberReturned": len(features)}


def written(content: Json) -> bytes:
    """Write JSON."""
    return msgspec.json.encode(content)
