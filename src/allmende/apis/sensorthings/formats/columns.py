"""Observations as a table: the columns of CSV, Arrow and Parquet, with unit, origin and mark of each datastream."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from allmende.apis.sensorthings.formats.shape import Question
from allmende.apis.sensorthings.render import interval
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Kind, MultiDatastream, Observation, Order, Path, Query, Record

FEW, PAGE = 8, 10_000
STREAMS: tuple[Kind, ...] = ("Datastreams", "MultiDatastreams")
SAME = (Order(Path(("id",))),)

Held = Literal["number", "whole", "instant", "word", "text", "truth"]


class Origin(msgspec.Struct, frozen=True):
    """What a table says of a datastream beside each value."""

    name: str
    unit: str
    simulated: bool
    licence: str | None
    attribution: str | None
    multi: bool = False


class Origins:
    """Looks datastreams up within the grant, each once."""

    def __init__(self, gate: Gate, grant: Grant) -> None:
        self.gate, self.grant = gate, grant
        self.known: dict[int, Origin] = {}

    def of(self, numbers: Iterable[int]) -> dict[int, Origin]:
        """Give the datastreams with these numbers, and those that were looked up before."""
        missing = set(numbers) - self.known.keys()
        for kind in STREAMS:
            missing = missing - self.known.keys()
            if len(missing) > FEW:
                self._read(Query(kind=kind, order=SAME, top=PAGE))
                continue
            for number in missing:
                self._read(Query(kind=kind, id=number, order=SAME, top=1))
        return self.known

    def _read(self, query: Query) -> None:
        after: str | None = None
        while True:
            page = self.gate.page(self.grant, msgspec.structs.replace(query, after=after))
            self.known.update((record.id, _origin(record)) for record in page.records)
            after = page.next_after
            if after is None or query.id is not None:
                return


def _origin(record: Record) -> Origin:
    value = record.value
    licence, attribution = (value.properties.get(name) for name in ("licence", "attribution"))
    multi = isinstance(value, MultiDatastream)
    units = [unit["symbol"] or "" for unit in value.multi_units] if multi else [value.unit]
    return Origin(
        value.name,
        "; ".join(units),
        value.simulated,
        licence if isinstance(licence, str) else None,
        attribution if isinstance(attribution, str) else None,
        multi,
    )


class Column(msgspec.Struct, frozen=True):
    """A column: its name, what it holds, the property that brings it, and where its values come from."""

    name: str
    held: Held
    brought_by: str
    value: Callable[[Observation, Origin], Any]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _quality(value: Any) -> str | None:
    """Give a level as it is, none for what was not checked, any other quality as JSON."""
    if value == "unchecked":
        return None
    return value if isinstance(value, str) else _json(value)


def is_number(value: Any) -> bool:
    """Tell whether a result is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


COLUMNS = (
    Column("id", "whole", "id", lambda o, _: o.id),
    Column("Datastream/id", "whole", "Datastream", lambda o, _: o.datastream_id),
    Column("Datastream/name", "word", "Datastream", lambda _, origin: origin.name),
    Column("phenomenonTime", "instant", "phenomenonTime", lambda o, _: o.phenomenon_start),
    Column("phenomenonTimeEnd", "instant", "phenomenonTime", lambda o, _: o.phenomenon_end),
    Column("resultTime", "instant", "resultTime", lambda o, _: o.result_time),
    Column("result", "number", "result", lambda o, _: float(o.result) if is_number(o.result) else None),
    Column(
        "resultJson",
        "text",
        "result",
        lambda o, _: None if o.result is None or is_number(o.result) else _json(o.result),
    ),
    Column("unit", "word", "result", lambda _, origin: origin.unit),
    Column("resultQuality", "word", "resultQuality", lambda o, _: _quality(o.quality)),
    Column("validTime", "text", "validTime", lambda o, _: None if o.valid is None else interval(*o.valid)),
    Column("parameters", "text", "parameters", lambda o, _: None if o.parameters is None else _json(o.parameters)),
    Column("simulated", "truth", "", lambda _, origin: origin.simulated),
    Column("licence", "word", "", lambda _, origin: origin.licence),
    Column("attribution", "word", "", lambda _, origin: origin.attribution),
)


def chosen(question: Question) -> tuple[Column, ...]:
    """Give the columns that ``$select`` asks for; origin and mark of simulated data always stay."""
    wanted = {name.split("/")[0].removeprefix("@iot.") for name in question.options.select}
    return tuple(c for c in COLUMNS if not wanted or not c.brought_by or c.brought_by in wanted)
