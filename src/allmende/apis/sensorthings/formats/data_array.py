"""``dataArray`` (18-088, clause 13.2): observations as rows, grouped by datastream, names given once."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from allmende.apis.sensorthings.cells import Sheet, Written, together
from allmende.apis.sensorthings.formats.columns import Origins
from allmende.apis.sensorthings.formats.shape import Format, Question
from allmende.apis.sensorthings.lex import fault
from allmende.apis.sensorthings.render import interval, self_link
from allmende.apis.sensorthings.rendered import opening
from allmende.apis.sensorthings.runs import rows
from allmende.gate.query import Columns, Observation, Points
from allmende.kernel.clock import iso_from_micros

VALUES: dict[str, Callable[[Observation], Any]] = {
    "id": lambda row: row.id,
    "phenomenonTime": lambda row: interval(row.phenomenon_start, row.phenomenon_end),
    "resultTime": lambda row: None if row.result_time is None else iso_from_micros(row.result_time),
    "result": lambda row: row.result,
    "resultQuality": lambda row: None if row.quality == "unchecked" else row.quality,
    "validTime": lambda row: None if row.valid is None else interval(*row.valid),
    "parameters": lambda row: row.parameters,
}
STANDARD = ("id", "phenomenonTime", "resultTime", "result")


def _components(question: Question) -> tuple[str, ...]:
    """Give what ``$select`` names, in its order; without it the four of the standard and what any row has beside."""
    if question.options.select:
        names = (name.removeprefix("@iot.").split("/")[0] for name in question.options.select)
        return tuple(name for name in dict.fromkeys(names) if name in VALUES)
    more = tuple(
        name
        for name in ("resultQuality", "validTime", "parameters")
        if any(VALUES[name](record.value) is not None for record in question.first.records)
    )
    return STANDARD + more


def _link(root: str, number: int, *, multi: bool) -> dict[str, str]:
    if multi:
        return {"MultiDatastream@iot.navigationLink": self_link(root, "MultiDatastreams", number)}
    return {"Datastream@iot.navigationLink": self_link(root, "Datastreams", number)}


def write(question: Question) -> Iterator[Written]:
    """Give one page as groups."""
    if question.kind != "Observations" or question.resource.single:
        raise fault(
            "$resultFormat", 1, "dataArray gibt es nur für Observations", "dataArray exists for Observations only"
        )
    if question.options.expand:
        raise fault("$expand", 1, "mit dataArray nicht möglich", "not possible with dataArray")
    if question.columns is not None:
        yield _page(question, question.columns)
        return
    components, root = _components(question), question.answerer.root
    values = [VALUES[name] for name in components]
    groups: dict[int, list[list[Any]]] = {}
    for record in question.first.records:
        row = record.value
        groups.setdefault(row.datastream_id, []).append([value(row) for value in values])
    origins = Origins(question.answerer.gate, question.answerer.grant).of(groups)
    found = question.answerer.around(question.first, question.options, question.address)
    found["value"] = [
        {
            **_link(root, number, multi=origins[number].multi),
            "components": components,
            "dataArray@iot.count": len(rows),
            "dataArray": rows,
            **({"simulated": True} if origins[number].simulated else {}),
        }
        for number, rows in groups.items()
    ]
    yield msgspec.json.encode(found)


def _page(question: Question, found: Columns) -> bytearray:
    """Write a page of nothing but numbers and times from its columns."""
    answerer = question.answerer
    runs: dict[int, list[Points]] = {}
    for stream, points in found.runs:
        runs.setdefault(stream, []).append(points)
    origins = Origins(answerer.gate, answerer.grant).of(runs)
    pieces: list[bytes | Sheet] = [opening(answerer.around(found, question.options, question.address))]
    for place, (number, parts) in enumerate(runs.items()):
        head = {
            **_link(answerer.root, number, multi=origins[number].multi),
            "components": STANDARD,
            "dataArray@iot.count": sum(map(len, parts)),
        }
        pieces.append((b"," if place else b"") + msgspec.json.encode(head)[:-1] + b',"dataArray":[')
        pieces += [rows(number, points) for points in parts]
        pieces.append(b'],"simulated":true}' if origins[number].simulated else b"]}")
    return together([*pieces, b"]}"])


FORMAT = Format(name="dataArray", media="application/json", write=write, whole=False)
