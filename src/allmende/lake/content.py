"""What a lake holds: the datastreams that a request opens, where they stand, and the rules under which they leave."""

from typing import Any

import msgspec

from allmende.ethics.model import Category, Duties, Purpose, Recipient, Rule, Rulebook
from allmende.gate.door import STREAMS, Ask, Gate, Grant
from allmende.gate.query import Record
from allmende.gate.runs import every
from allmende.lake import form

# A place is a point where it has one; other shapes stand as they are.
POINT = "Point"


class Opened(msgspec.Struct, frozen=True):
    """A category, how it is to be used, and by which rules it was opened."""

    category: Category
    duties: Duties
    rules: tuple[str, ...]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that go with the data, whole: for what and whom it was let go, and what holds for it here.

    ``rules`` are all rules in force that name one of the categories, also those that prohibit; ``purposes`` is the
    whole tree, by which they are to be understood.
    """

    rulebook: int
    published: str
    verb: str
    purpose: str
    recipient: str
    opened: tuple[Opened, ...]
    rules: tuple[Rule, ...]
    purposes: tuple[Purpose, ...]
    recipients: tuple[Recipient, ...]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A datastream of the lake."""

    number: int
    multi: bool
    category: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to write, apart from the observations; without a grant there is nothing."""

    grant: Grant | None
    series: tuple[Series, ...]
    streams: bytes
    things: bytes
    rules: bytes
    licences: tuple[str, ...]


def gather(gate: Gate, ask: Ask, grant: Grant | None) -> Content:
    """Collect what a grant opens; entities and terms see one state."""
    with gate.view():
        records = [(record, kind == STREAMS[1]) for kind in STREAMS for record in _every(gate, grant, kind)]
        records.sort(key=lambda one: one[0].id)
        wanted = {record.value.thing_id for record, _ in records}
        things = [record for record in _every(gate, grant, "Things") if record.id in wanted]
        places = {record.id: record.value.location for record in _every(gate, grant, "Locations")}
    rows = [_stream_row(record, multi=multi) for record, multi in records]
    return Content(
        grant=grant,
        series=tuple(Series(number=r.id, multi=multi, category=r.value.category) for r, multi in records),
        streams=table(form.stream_schema(), rows),
        things=table(form.thing_schema(), [_thing_row(record, places) for record in things]),
        rules=form.canonical(terms_of(gate.rulebook(), ask, grant)),
        licences=tuple(sorted({row["licence"] for row in rows if row["licence"]})),
    )


def _every(gate: Gate, grant: Grant | None, kind: Any) -> list[Record]:
    return [] if grant is None else every(gate, grant, kind)


def terms_of(book: Rulebook, ask: Ask, grant: Grant | None) -> Terms:
    """Give the part of a rule book that speaks of what a grant opens."""
    known = {category.slug: category for category in book.categories}
    opened = {} if grant is None else grant.categories
    return Terms(
        rulebook=book.version,
        published="" if book.published is None else book.published.isoformat(),
        verb=ask.verb,
        purpose=ask.purpose,
        recipient=ask.recipient,
        opened=tuple(
            Opened(known[slug], opened[slug], grant.rules[slug]) for slug in sorted(opened) if grant is not None
        ),
        rules=tuple(rule for rule in book.rules if {"*", *opened} & set(rule.categories)) if opened else (),
        purposes=book.purposes,
        recipients=book.recipients,
    )


def _stream_row(record: Record, *, multi: bool) -> dict[str, Any]:
    value = record.value
    told = value.properties
    return {
        "stream": record.id,
        "thing": value.thing_id,
        "name": value.name,
        "observed": str(told.get("observed") or value.name),
        "unit": "" if multi else value.unit,
        "category": value.category,
        "data_use": value.data_use,
        "dataset": str(told.get("dataset", "")),
        "licence": str(told.get("licence", "")),
        "attribution": str(told.get("attribution", "")),
        "simulated": value.simulated,
        "interval_seconds": int(told.get("interval_seconds") or 0) or None,
    }


def _thing_row(record: Record, places: dict[int, Any]) -> dict[str, Any]:
    value = record.value
    shape = next((places[number] for number in value.location_ids if number in places), None)
    point = shape["coordinates"][:2] if isinstance(shape, dict) and shape.get("type") == POINT else (None, None)
    return {
        "thing": record.id,
        "slug": str(value.properties.get("slug") or record.id),
        "name": value.name,
        "description": value.description,
        "longitude": point[0],
        "latitude": point[1],
        "geometry": None if shape is None else msgspec.json.encode(shape, order="sorted").decode(),
    }


def table(schema: Any, rows: list[dict[str, Any]]) -> bytes:
    """Write rows as Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    raw: bytes = sink.getvalue().to_pybytes()
    return raw
