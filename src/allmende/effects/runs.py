"""Determining values: a query through the gate for the declared purpose, or a column of a table."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import structlog
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.effects.content import Column, Computed
from allmende.effects.models import Definition, Indicator, Run, Value
from allmende.effects.queries import current_values, due_indicators, table_on
from allmende.effects.rules import next_quality
from allmende.effects.services import exact
from allmende.effects.tables import span_of
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Datastream, Query
from allmende.indicators.figures import Question, Stream
from allmende.indicators.method import Method, method
from allmende.indicators.registry import compute
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text

log = structlog.get_logger("allmende.effects")
NO_STREAM = Text(
    "Noch keine Messreihe passt zu dieser Definition, oder die Regeln zeigen keine.",
    "No datastream fits this definition yet, or the rules show none.",
)
NO_FIGURES = Text("Die Messreihen reichen noch für keinen Wert.", "The datastreams do not suffice for a value yet.")
NO_TABLE = Text("Die Tabelle „{table}“ ist noch nicht geladen.", "The table “{table}” is not loaded yet.")
NO_COLUMN = Text("Die Tabelle „{table}“ hat keine Spalte „{column}“.", "The table “{table}” has no column “{column}”.")
NOTHING = Text("Kein neuer Wert.", "No new value.")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A determined value with where it comes from."""

    first: dt.date
    last: dt.date
    value: Decimal
    used: int
    left_out: int
    whole: bool
    simulated: bool
    origin: str
    lineage: dict[str, Any]


def run_due(actor: Actor, *, gate: Gate, today: dt.date) -> int:
    """Determine the values of all indicators that are due; give how many values are new. One failing stops no other."""
    return sum(run_indicator(actor, gate=gate, indicator=one, today=today).added for one in due_indicators(today))


@transaction.atomic
def run_indicator(actor: Actor, *, gate: Gate, indicator: Indicator, today: dt.date) -> Run:
    """Determine the values of the newest version; what came out otherwise than before is added as a correction."""
    definition = indicator.definitions.filter(since__lte=today).order_by("number").last()
    if definition is None:
        raise ValueError(indicator.slug)
    outcome, text, added = "ok", None, 0
    try:
        found = _found(definition, gate, today)
        added = _keep(definition, found, today)
    except AllmendeError as error:
        outcome, text = "refused", error.what
    except Missing as missing:
        outcome, text = "empty", missing.text
    run = Run.objects.create(
        definition=definition,
        day=today,
        outcome=outcome,
        added=added,
        text_de=text.de if text else "",
        text_en=text.en if text else "",
    )
    record(actor, "effects.run", indicator, after={"outcome": outcome, "added": added}, note=text.de if text else "")
    return run


class Missing(Exception):
    """There is nothing from which a value could be determined; the text says what."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


def _found(definition: Definition, gate: Gate, today: dt.date) -> list[Found]:
    source = definition.origin
    if isinstance(source, Computed):
        return _computed(definition, source, gate, today)
    if isinstance(source, Column):
        return _from_table(source, today)
    return []


def asked(indicator: Indicator, purpose: str) -> Ask:
    """Give the request for an indicator: what is public may be computed only from what may be published."""
    asker = Asker(f"system:indicator:{indicator.slug}")
    return (
        Ask(asker, "publish", purpose, "public") if indicator.public else Ask(asker, "use", purpose, "administration")
    )


def _computed(definition: Definition, source: Computed, gate: Gate, today: dt.date) -> list[Found]:
    written = method(source.method)
    grant = gate.grant(asked(definition.indicator, source.purpose))
    gate.require_open(grant, written.category)
    streams = streams_for(gate, grant, source, written)
    if not streams:
        raise Missing(NO_STREAM)
    period: Any = definition.period
    question = Question(
        part=source.part,
        period=period,
        threshold=source.threshold,
        complete_share=written.complete_share,
        today=today,
    )
    figures = compute(source.method, gate, grant, streams, question)
    if not figures:
        raise Missing(NO_FIGURES)
    by_id = {stream.id: stream for stream in streams}
    return [
        Found(
            first=figure.first,
            last=figure.last,
            value=exact(figure.value),
            used=figure.used,
            left_out=figure.left_out,
            whole=figure.whole,
            simulated=any(by_id[number].simulated for number in figure.streams),
            origin=written.title.de,
            lineage=_lineage(grant, source, written, [by_id[number] for number in figure.streams]),
        )
        for figure in figures
    ]


def _lineage(grant: Grant, source: Computed, written: Method, streams: Sequence[Stream]) -> dict[str, Any]:
    """Name what a value was computed from, by which rules, for which purpose and by which method."""
    categories = sorted({stream.category for stream in streams})
    rules = sorted({slug for category in categories for slug in grant.rules.get(category, ())})
    return {
        "purpose": grant.ask.purpose,
        "verb": grant.ask.verb,
        "recipient": grant.ask.recipient,
        "rules": rules,
        "rulebook": grant.version,
        "method": f"{written.id}/{source.part}",
        "method_version": written.version,
        "datastreams": [{"id": one.id, "name": one.name, "station": one.station} for one in streams],
    }


def streams_for(gate: Gate, grant: Grant, source: Computed, written: Method) -> list[Stream]:
    """Find the datastreams of a query, in the order of its stations; measured ones push simulated ones aside."""
    things = gate.page(grant, Query(kind="Things", top=10_000)).records
    slugs = {thing.id: str(thing.value.properties.get("slug", thing.id)) for thing in things}
    related = gate.related(grant, "Things", "Datastreams", list(slugs))
    wanted = (*source.stations, *source.reference)
    observed = source.observed or written.observed
    found = [
        _stream(record.id, record.value, slugs[thing], source)
        for thing, records in related.items()
        for record in records
        if (not wanted or slugs[thing] in wanted) and _fits(record.value, observed, source.dataset)
    ]
    measured = [stream for stream in found if not stream.simulated]
    order = {slug: place for place, slug in enumerate(wanted)}
    return sorted(measured or found, key=lambda stream: (order.get(stream.station, 0), stream.station, stream.id))


def _fits(stream: Datastream, observed: Sequence[str], dataset: str) -> bool:
    properties = stream.properties
    return properties.get("observed") in observed and (not dataset or properties.get("dataset") == dataset)


def _stream(number: int, value: Datastream, station: str, source: Computed) -> Stream:
    return Stream(
        id=number,
        name=value.name,
        station=station,
        observed=str(value.properties.get("observed")),
        unit=value.unit,
        interval=int(value.properties.get("interval_seconds") or 0),
        category=value.category,
        simulated=value.simulated,
        reference=station in source.reference,
    )


def _from_table(source: Column, today: dt.date) -> list[Found]:
    view = table_on(source.table, today)
    if view is None:
        raise Missing(NO_TABLE.filled(table=source.table))
    for name in filter(None, (source.column, source.share_of)):
        if view.schema.column(name) is None:
            raise Missing(NO_COLUMN.filled(table=source.table, column=name))
    lineage = {"table": source.table, "column": source.column, "digest": view.load.digest}
    if source.share_of:
        lineage["share_of"] = source.share_of
    time = view.schema.dimensions[0]
    return [
        Found(
            first=days[0],
            last=days[1],
            value=value,
            used=1,
            left_out=0,
            whole=days[1] < today,
            simulated=False,
            origin=f"{view.schema.publisher}; {view.schema.title.de}",
            lineage=lineage,
        )
        for row in view.rows
        if (days := span_of(row[time])) is not None and (value := _cell(row, source)) is not None
    ]


def _cell(row: dict[str, Any], source: Column) -> Decimal | None:
    """Give a cell, or its share of another in percent; None where one of them is missing."""
    value = row.get(source.column)
    if value is None or not source.share_of:
        return None if value is None else Decimal(value)
    whole = row.get(source.share_of)
    return None if whole is None or not Decimal(whole) else round(100 * Decimal(value) / Decimal(whole), 6)


def _keep(definition: Definition, found: Iterable[Found], today: dt.date) -> int:
    """Add what differs from what is known; a run that finds nothing new adds nothing."""
    known = {(value.first, value.last): value for value in current_values(definition, today)}
    new = []
    for one in found:
        before = known.get((one.first, one.last))
        changed = before is None or before.value != one.value
        quality: Any = before.quality if before else None
        quality = next_quality(quality, changed=changed, whole=one.whole)
        if before is not None and not changed and (before.quality == "corrected" or before.quality == quality):
            continue
        new.append(
            Value(
                definition=definition,
                first=one.first,
                last=one.last,
                value=one.value,
                known_since=today,
                quality=quality,
                used=one.used,
                left_out=one.left_out,
                simulated=one.simulated,
                origin=one.origin,
                lineage=one.lineage,
            )
        )
    Value.objects.bulk_create(new)
    return len(new)
