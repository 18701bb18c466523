"""Checking what came: datastream by datastream, shortly after it arrived and again when something came late beside it.

Writing waits for none of this. A round takes what waits, those with little first, and stops when its time is up.
"""

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np
import structlog

from allmende.gate import quality
from allmende.gate.door import Gate, Grant
from allmende.gate.quality import Due, Points, Waiting
from allmende.gate.query import Datastream, Query
from allmende.kernel.errors import AllmendeError
from allmende.quality.checks import SECOND, Floats, Ints, verdicts
from allmende.quality.thresholds import OTHERS, Thresholds, default_of, defaults, thresholds_of

log = structlog.get_logger("allmende.quality")
AT_ONCE, ROUND_SECONDS, KNOWN_SECONDS = 500, 30.0, 300.0
EARTH_KILOMETRES = 6_371.0
Place = tuple[float, float]
Grants = tuple[Grant, Grant] | None


class Neighbourhood(msgspec.Struct, frozen=True):
    """Where the datastreams of one observed property and unit stand: number, thing, longitude and latitude."""

    places: dict[tuple[str, str], list[tuple[int, int, Place]]]
    of_thing: dict[int, Place]

    def near(self, one: Due, kilometres: float) -> list[int]:
        """Name the datastreams of other things near by that observe the same."""
        here = self.of_thing.get(one.thing_id)
        key = (str(one.properties.get("observed", "")), one.unit)
        if here is None or not key[0]:
            return []
        return [
            number
            for number, thing, there in self.places.get(key, [])
            if thing != one.thing_id and _kilometres(here, there) <= kilometres
        ]


def _kilometres(one: Place, other: Place) -> float:
    """Give the distance on the sphere; the error of up to half a percent does not matter here."""
    (x, y), (u, v) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((v - y) / 2) ** 2 + math.cos(y) * math.cos(v) * math.sin((u - x) / 2) ** 2
    return 2 * EARTH_KILOMETRES * math.asin(math.sqrt(min(half, 1.0)))


class Checks:
    """Runs the tests for one process."""

    def __init__(self, gate: Gate, clock: Callable[[], float] = time.monotonic) -> None:
        self._gate, self._clock = gate, clock
        self._grants: dict[str, Grants] = {}
        self._known: dict[str, tuple[float, Neighbourhood]] = {}

    def look(self, seconds: float = ROUND_SECONDS) -> int:
        """Check what waits, for so long; give how many flags changed."""
        until, changed = self._clock() + seconds, 0
        self._grants = {}
        several = quality.waiting(self._gate, AT_ONCE)
        unchecked = [one.due for one in several if self._is_left(one.due)]
        if unchecked:
            quality.passed_over(self._gate, unchecked)
        left = {one.datastream_id for one in unchecked}
        for one in several:
            if one.due.datastream_id in left:
                continue
            if self._clock() > until:
                break
            changed += self._check(one)
        return changed

    def _permit(self, category: str) -> Grants:
        if category not in self._grants:
            self._grants[category] = quality.checking(self._gate, category)
        return self._grants[category]

    def _is_left(self, one: Due) -> bool:
        """Tell whether a datastream is not checked: what was foretold, and what the rules do not let us look at."""
        return bool(one.properties.get("forecast")) or self._permit(one.tie.category) is None

    def _check(self, one: Waiting) -> int:
        grants = self._permit(one.due.tie.category)
        if grants is None:
            return 0
        try:
            return self._checked(one, _thresholds(one.due), grants)
        except AllmendeError as error:
            log.warning("not checked", datastream=one.due.datastream_id, error=str(error))
            quality.passed_over(self._gate, [one.due])
            return 0

    def _checked(self, one: Waiting, by: Thresholds, grants: tuple[Grant, Grant]) -> int:
        due, context = one.due, by.context * SECOND
        span = one.since - context, one.until + context + 1
        read = span[0] - context, span[1] + context
        points = quality.points(self._gate, grants[0], due.datastream_id, *read)
        if points is None:
            quality.passed_over(self._gate, [due])
            return 0
        points = points.take(np.isfinite(points.number))
        near = self._near(due, by, grants[0], read)
        interval = due.properties.get("interval_seconds")
        said = verdicts(by, interval if isinstance(interval, int) else 0, points.start, points.number, near)
        return quality.flag(self._gate, grants[1], due, span, _in(span, points, said))

    def _near(self, due: Due, by: Thresholds, grant: Grant, read: tuple[int, int]) -> list[tuple[Ints, Floats]]:
        if by.neighbour is None:
            return []
        numbers = self._neighbourhood(grant).near(due, by.neighbour.kilometres)
        found = [self._gate.series(grant, number, *read) for number in numbers]
        return [(series.times, series.values) for series in found if len(series.times)]

    def _neighbourhood(self, grant: Grant) -> Neighbourhood:
        kept = self._known.get(grant.ask.purpose)
        if kept is not None and self._clock() - kept[0] < KNOWN_SECONDS:
            return kept[1]
        found = _neighbourhood(self._gate, grant)
        self._known[grant.ask.purpose] = (self._clock(), found)
        return found


def _thresholds(one: Due) -> Thresholds:
    try:
        return thresholds_of(one.properties, one.unit)
    except AllmendeError as error:
        log.warning("thresholds cannot be read", datastream=one.datastream_id, error=str(error))
        return default_of(str(one.properties.get("observed", "")), one.unit)


def _in(span: tuple[int, int], points: Points, said: Iterable[tuple[str, dict[str, str]]]) -> quality.Verdicts:
    starts, sequences = points.start.tolist(), points.sequence.tolist()
    return {
        sequence: verdict
        for sequence, start, verdict in zip(sequences, starts, said, strict=True)
        if verdict[1] and span[0] <= start < span[1]
    }


def _neighbourhood(gate: Gate, grant: Grant) -> Neighbourhood:
    wanted = {name for name, one in defaults().items() if name != OTHERS and one.neighbour is not None}
    streams = [
        (record.id, record.value)
        for record in gate.page(grant, Query(kind="Datastreams", top=10_000)).records
        if isinstance(record.value, Datastream) and _compares(record.value.properties, wanted)
    ]
    places = _places(gate, grant, sorted({stream.thing_id for _, stream in streams}))
    found: dict[tuple[str, str], list[tuple[int, int, Place]]] = {}
    for number, stream in streams:
        if stream.thing_id in places:
            key = (str(stream.properties.get("observed", "")), stream.unit)
            found.setdefault(key, []).append((number, stream.thing_id, places[stream.thing_id]))
    return Neighbourhood(found, places)


def _compares(properties: dict[str, Any], wanted: set[str]) -> bool:
    return not properties.get("forecast") and properties.get("observed") in wanted


def _places(gate: Gate, grant: Grant, things: list[int]) -> dict[int, Place]:
    found: dict[int, Place] = {}
    for number, locations in gate.related(grant, "Things", "Locations", things).items():
        for record in locations:
            geometry = record.value.location
            if isinstance(geometry, dict) and geometry.get("type") == "Point":
                longitude, latitude = geometry["coordinates"][:2]
                found.setdefault(number, (float(longitude), float(latitude)))
    return found
