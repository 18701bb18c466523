"""Pages of observations: straight from the columns where that will do, otherwise judged by SQL block by block."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.ids import SEQUENCE_BITS, datastream_of_observation
from allmende.kernel.text import Text
from allmende.store.among import among
from allmende.store.asking import STREAMS, Asking
from allmende.store.blocks import MOST, blocks, show
from allmende.store.bounds import Bounds, bounds_of, mentions_observations
from allmende.store.entities import multi_among
from allmende.store.filters import Compiler
from allmende.store.paging import Key, behind, cursor_of, first_of, keys_of, numbers_of
from allmende.store.points import Points, joined, rows_of_points
from allmende.store.query import Among, Expression, Kind, Logic, Not, Query
from allmende.store.scan import EARLIEST, LATEST, SEQUENCES, Scan
from allmende.store.scope import Limits
from allmende.store.tables import datastream_features, stream_state
from allmende.store.timeline import TIME, Timeline, in_time
from allmende.store.visible import CELLS, Part, entities, rows_of, together

TOO_FAR = ErrorCode(
    "query.too_far",
    Text(
        "Von Messwerten führt die Bedingung wieder zu Messwerten; das wird nicht berechnet.",
        "The condition leads from observations back to observations; that is not computed.",
    ),
    Text("Fragen Sie in zwei Schritten.", "Ask in two steps."),
)
HOUR = 3_600_000_000
NOTHING = Part(Limits(), streams=(0,))
Range = tuple[int | None, int | None]
# The rows of a page, the cursor of the next one, the count where it is asked for.
Found = tuple[list[Any], str | None, int | None]


class Observing(Asking):
    """Reads observations in one transaction within one scope."""

    def page(self, query: Query) -> Found:
        """Give a page as rows."""
        if mentions_observations(query.where, "Observations"):
            raise Malformed(TOO_FAR)
        bounds = self._bounds(query)
        parts = self.parts(bounds.streams)
        if query.id is not None:
            return self._one(query, parts)
        timeline = self.timeline(query, bounds, parts)
        if timeline is not None:
            runs, cursor, count = timeline.page(parts)
            return [Row(stream, row) for stream, points in runs for row in rows_of_points(points)], cursor, count
        return self._searched(query, parts, bounds)

    def columns(self, query: Query) -> tuple[list[tuple[int, Points]], str | None, int | None] | None:
        """Give a page as columns, where it can be read so."""
        if query.id is not None or mentions_observations(query.where, "Observations"):
            return None
        bounds = self._bounds(query)
        parts = self.parts(bounds.streams)
        timeline = self.timeline(query, bounds, parts)
        return None if timeline is None else timeline.page(parts)

    def timeline(self, query: Query, bounds: Bounds, parts: Sequence[Part]) -> Timeline | None:
        """Tell whether columns will do: only datastreams and time are asked for, and no limits change anything."""
        plain = bounds.exact and all(part.limits.plain for part in parts)
        within = query.within is None or query.within.kind in STREAMS
        alone = 1 if bounds.streams is not None and len(bounds.streams) == 1 else 2
        return Timeline(self.connection, query, bounds) if plain and within and in_time(query, alone) else None

    def _bounds(self, query: Query) -> Bounds:
        """Tell to which datastreams and time a question keeps."""
        bounds = bounds_of(query.where, self.scope.now)
        if bounds.exact and bounds.streams is not None:
            # Only ``Datastream/id`` is exact, and a MultiDatastream is none.
            several = multi_among(self.connection, set(bounds.streams))
            bounds = msgspec.structs.replace(bounds, streams=bounds.streams - several)
        streams = self._streams(query)
        if streams is None:
            return bounds
        kept = streams if bounds.streams is None else streams & bounds.streams
        return msgspec.structs.replace(bounds, streams=frozenset(kept))

    def _streams(self, query: Query) -> frozenset[int] | None:
        if query.id is not None:
            return frozenset({datastream_of_observation(query.id)})
        if query.within is not None and query.within.kind in STREAMS:
            return frozenset({query.within.id})
        if query.within is not None and query.within.kind == "FeaturesOfInterest":
            return frozenset(streams_about(self.connection, [query.within.id]))
        return None

    def _compiler(self, parts: Sequence[Part]) -> Compiler:
        """Give a compiler that knows only the limits that hold for what is asked."""
        here = {part.limits for part in parts}
        kept = {name: limits for name, limits in self.scope.categories.items() if limits in here}
        return Compiler(msgspec.structs.replace(self.scope, categories=kept), self.places)

    def _one(self, query: Query, parts: Sequence[Part]) -> Found:
        """Read the page of one named observation."""
        self.show_around([query.id or 0])
        rows = together(list(parts), self.scope).alias("r")
        question = self.conditions(query, self._compiler(parts), rows)
        found = list(self.connection.execute(question.limit(query.top)).all())
        return found, None, len(found) if query.count else None

    def show_around(self, ids: Sequence[int]) -> None:
        """Unpack named observations, with all of the cells of a time grid in which they lie."""
        wanted: dict[int, list[int]] = {}
        for number in ids:
            wanted.setdefault(number >> SEQUENCE_BITS, []).append(number & SEQUENCES)
        scan, runs = Scan(self.connection), []
        for part in self.parts(wanted):
            for stream in part.streams or ():
                grid = part.limits.time_grid
                numbers = wanted[stream]
                points = _in_cells(scan, stream, numbers, grid) if grid else scan.by_sequence(stream, numbers)
                runs.append((stream, points))
        show(self.connection, runs)

    def _searched(self, query: Query, parts: Sequence[Part], bounds: Bounds) -> Found:
        """Look through all blocks; each gives its first rows, and of these the first of all are kept."""
        compiler = self._compiler(parts)
        skip = 0 if query.after is not None else query.skip
        most = query.top + 1 + skip
        best: list[Any] = []
        keys: list[Key] = []
        count = 0
        for since, until in self._ranges(query, parts, bounds):
            for part in parts or [NOTHING]:
                for _ in blocks(self.connection, part, since, until):
                    rows = rows_of(Part(part.limits), self.scope, since, until).subquery().alias("r")
                    question = self.conditions(query, compiler, rows)
                    keys = keys_of(compiler, query, rows)
                    count += self.counted(question) if query.count else 0
                    best = first_of([*best, *self._first(query, question, keys, most)], keys, most)
            if len(best) == most and not query.count:
                break
        shown = best[skip : skip + query.top]
        more = len(best) == most and len(shown) > 0
        return shown, cursor_of(shown[-1][-len(keys) :]) if more else None, count if query.count else None

    def _first(self, query: Query, question: Any, keys: list[Key], most: int) -> list[Any]:
        narrowed = question if query.after is None else behind(question, keys, query.after)
        labelled = narrowed.add_columns(*(key.sql.label(f"key_{index}") for index, key in enumerate(keys)))
        return list(self.connection.execute(labelled.order_by(*(key.ordering for key in keys)).limit(most)).all())

    def _ranges(self, query: Query, parts: Sequence[Part], bounds: Bounds) -> Iterator[Range]:
        """Give ranges of time to look through, in the order asked for where it is that of time."""
        amount, first, last = self._extent(parts)
        ordered = query.order and query.order[0].path == TIME
        if not ordered or amount <= MOST or first is None or last is None:
            yield bounds.since, bounds.until
            return
        low = first if bounds.since is None else max(first, bounds.since)
        high = last + 1 if bounds.until is None else min(last + 1, bounds.until)
        back = query.order[0].descending
        if query.after is not None:
            start = numbers_of(query.after, 2)[0] if len(query.order) == 1 else None
            low, high = (
                (low, high) if start is None else (low, min(high, start + 1)) if back else (max(low, start), high)
            )
        yield from _widening(low, high, back=back)

    def _extent(self, parts: Sequence[Part]) -> tuple[int, int | None, int | None]:
        """Tell how much parts hold, and from when to when."""
        s = stream_state.c
        amount, firsts, lasts = 0, [], []
        for part in parts:
            question = select(func.sum(s["count"]), func.min(s.first), func.max(s.latest_start))
            count, first, last = self.connection.execute(question.where(part.chosen(s.datastream_id))).one()
            if count:
                amount += int(count)
                # A cell of a time grid begins before its first observation.
                firsts.append(first - part.limits.time_grid)
                lasts.append(last)
        return amount, min(firsts, default=None), max(lasts, default=None)

    def settled(self, query: Query) -> Expression | None:
        """Judge those terms of a condition on entities that lead to observations; put the entities in their place."""
        return None if query.where is None else self._settle(query.where, query.kind)

    def _settle(self, expression: Expression, kind: Kind) -> Expression:
        if not mentions_observations(expression, kind):
            return expression
        if isinstance(expression, Logic):
            terms = tuple(self._settle(term, kind) for term in expression.terms)
            return msgspec.structs.replace(expression, terms=terms)
        if isinstance(expression, Not):
            return Not(self._settle(expression.term, kind))
        return Among(tuple(sorted(self._judged(expression, kind))))

    def _judged(self, term: Expression, kind: Any) -> set[int]:
        """Find the entities for which there is an observation that fulfils a term."""
        compiler = Compiler(self.scope, self.places)
        found: set[int] = set()
        for part in self.parts() or [NOTHING]:
            for _ in blocks(self.connection, part):
                rows = entities(kind, self.scope).alias("r")
                question = select(rows.c.id).where(compiler.condition(term, kind, rows))
                found |= set(self.connection.execute(question).scalars())
        return found


class Row:
    """An observation as a row of the table would be."""

    __slots__ = ("_values", "source_id")

    def __init__(self, stream: int, row: Any) -> None:
        self._values = ((stream << SEQUENCE_BITS) | row[0], stream, *row[1:])
        self.source_id = row[8]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)


def _in_cells(scan: Scan, stream: int, numbers: Sequence[int], grid: int) -> Points:
    """Give the points of the cells with these numbers, which may go round, and of all that lie between them."""
    places = [number - CELLS for number in numbers if number >= CELLS]
    if not places:
        return joined([])
    found = []
    for lap in (-CELLS, 0, CELLS):
        low, high = ((place + lap) * grid for place in (min(places), max(places) + 1))
        if low < LATEST and high > EARLIEST:
            found.append(scan.points(stream, max(low, EARLIEST), min(high, LATEST)))
    return joined(found).in_order()


def streams_about(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Name the datastreams whose observations may be about features of interest."""
    link = datastream_features.c
    question = select(link.datastream_id).where(among(link.feature_id, ids)).distinct()
    return sorted(connection.execute(question).scalars())


def _widening(low: int, high: int, *, back: bool) -> Iterator[Range]:
    """Go through a range from one end, in steps that grow."""
    step = HOUR
    while low < high:
        cut = max(low, high - step) if back else min(high, low + step)
        yield (cut, high) if back else (low, cut)
        low, high = (low, cut) if back else (cut, high)
        step *= 4
