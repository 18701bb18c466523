"""CSV (RFC 4180): observations as a table, entities with their links to one spread over columns."""

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import msgspec

from allmende.apis.sensorthings.formats.columns import Column, Origin, Origins, chosen
from allmende.apis.sensorthings.formats.shape import Format, Question
from allmende.apis.sensorthings.options import Expand, Options
from allmende.gate.query import LINKS, PROPERTIES, Kind, Observation
from allmende.kernel.clock import iso_from_micros

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: an apostrophe goes before it."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def cell(value: Any) -> str:
    """Write a value: nothing as an empty cell, texts guarded, JSON as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    return msgspec.json.encode(value).decode()


def _written(rows: Iterator[list[str]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def write(question: Question) -> Iterator[bytes]:
    """Give the header, then block after block."""
    if question.kind == "Observations" and not question.options.expand:
        return _observations(question)
    return _entities(question)


def _cell_of(column: Column) -> Callable[[Observation, Origin], str]:
    """Give how a column is written; a result is one column here, whatever it is."""
    if column.name == "result":
        return lambda row, _: cell(row.result)
    if column.held == "instant":
        return lambda row, origin: "" if (at := column.value(row, origin)) is None else iso_from_micros(at)
    return lambda row, origin: cell(column.value(row, origin))


def _observations(question: Question) -> Iterator[bytes]:
    columns = [column for column in chosen(question) if column.name != "resultJson"]
    cells = [_cell_of(column) for column in columns]
    origins = Origins(question.answerer.gate, question.answerer.grant)
    yield _written(iter([[column.name for column in columns]]))
    for block in question.blocks():
        known = origins.of(record.value.datastream_id for record in block)
        if block:
            yield _written([one(r.value, known[r.value.datastream_id]) for one in cells] for r in block)


def paths(kind: Kind, options: Options) -> list[tuple[str, ...]]:
    """Name the columns of a set: properties, then what is expanded; a link to many is one column of JSON."""
    names = [name for name in options.select if name.split("/")[0] not in LINKS[kind]]
    names = [name.removeprefix("@iot.") for name in names]
    every = ["id", *(name for name in PROPERTIES[kind] if name != "id")]
    found = [tuple(name.split("/")) for name in (names or every)]
    for inner in options.expand:
        target = LINKS[kind][inner.name].target
        found += (
            [(inner.name, *path) for path in paths(target, inner.options)] if _one(kind, inner) else [(inner.name,)]
        )
    return found


def _one(kind: Kind, inner: Expand) -> bool:
    return not LINKS[kind][inner.name].many or inner.options.top == 1


def value_at(entity: Any, path: tuple[str, ...]) -> Any:
    """Follow a path into an entity; of a list with one member, into that member."""
    for name in path:
        if isinstance(entity, list):
            entity = entity[0] if entity else None
        if not isinstance(entity, dict):
            return None
        entity = entity.get("@iot.id" if name == "id" and "@iot.id" in entity else name)
    return entity


def _entities(question: Question) -> Iterator[bytes]:
    columns = paths(question.kind, question.options)
    yield _written(iter([["/".join(path) for path in columns]]))
    for block in question.blocks():
        found = question.answerer.objects(question.kind, block, question.options)
        yield _written([cell(value_at(entity, path)) for path in columns] for entity in found)


FORMAT = Format(name="CSV", media="text/csv", write=write, charset=True)
