"""All there is of a kind, and whole series block by block in as much memory as one block takes: for downloads."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from allmende.gate.door import STREAMS, Gate
from allmende.gate.grant import Grant
from allmende.gate.query import Compare, Constant, Expression, Kind, Logic, Order, Path, Query, Record, Within
from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store.model import Observation
from allmende.store.points import Points, Row, points_from_rows
from allmende.store.tables import QUALITIES

BLOCK, PAGE = 20_000, 10_000
BY_NUMBER = (Order(Path(("id",))),)
TIME = Path(("phenomenonTime",))
IN_TIME = (Order(TIME),)
_NUMBER = {name: number for number, name in enumerate(QUALITIES)}
_SEQUENCES = (1 << SEQUENCE_BITS) - 1


def between(since: int | None, until: int | None) -> Expression | None:
    """Give the condition that a phenomenon lies in ``[since, until)`` as a whole, microseconds."""
    terms: list[Expression] = []
    if since is not None:
        terms.append(Compare("ge", TIME, Constant(since, is_instant=True)))
    if until is not None:
        terms.append(Compare("lt", TIME, Constant(until, is_instant=True)))
    return Logic("and", tuple(terms)) if len(terms) == 2 else terms[0] if terms else None


def every(gate: Gate, grant: Grant, kind: Kind) -> list[Record]:
    """Give all entities of a kind that the grant opens, in order of their numbers."""
    found: list[Record] = []
    query = Query(kind=kind, order=BY_NUMBER, top=PAGE)
    while True:
        page = gate.page(grant, query)
        found += page.records
        if page.next_after is None:
            return found
        query = msgspec.structs.replace(query, after=page.next_after)


def runs(
    gate: Gate,
    grant: Grant,
    stream: int,
    *,
    multi: bool = False,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Points]:
    """Give what the grant opens of one datastream in order of time; under limits, what they leave."""
    near: Kind = STREAMS[1] if multi else STREAMS[0]  # type: ignore[assignment]
    query = Query(
        kind="Observations", within=Within(near, stream), where=between(since, until), order=IN_TIME, top=BLOCK
    )
    while True:
        found = gate.columns(grant, query)
        if found is not None:
            yield from (points for _, points in found.runs if len(points))
            after = found.next_after
        else:
            page = gate.page(grant, query)
            if page.records:
                yield points_of([record.value for record in page.records])
            after = page.next_after
        if after is None:
            return
        query = msgspec.structs.replace(query, after=after)


def points_of(observations: Sequence[Observation]) -> Points:
    """Turn observations into columns."""
    return points_from_rows([_row(one) for one in observations])


def _row(one: Observation) -> Row:
    end = one.phenomenon_start if one.phenomenon_end is None else one.phenomenon_end
    number = float(one.result) if isinstance(one.result, int | float) and not isinstance(one.result, bool) else None
    level = one.quality if isinstance(one.quality, str) else "unchecked"
    return (
        one.id & _SEQUENCES,
        one.phenomenon_start,
        end - one.phenomenon_start,
        None if one.result_time is None else one.result_time - end,
        one.received,
        number,
        None if number is not None or one.result is None else _json(one.result),
        _NUMBER.get(level, 0),
        0,
        None,
        None if one.parameters is None else _json(one.parameters),
        one.feature_id,
        None if one.valid is None else _json(one.valid),
        None if isinstance(one.quality, str) else _json(one.quality),
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


__all__ = ["BLOCK", "QUALITIES", "Points", "between", "points_of", "runs"]
