"""Correcting a stored observation: its former state stays readable, its number stays the same."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection

from allmende.kernel.clock import iso_from_micros
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.ids import SEQUENCE_BITS
from allmende.kernel.text import Text
from allmende.store import raw, state
from allmende.store.arrivals import check_batch, check_features
from allmende.store.bulk import ADD_PIECES, LINK_FEATURES
from allmende.store.codec import pack_rows, rows_in
from allmende.store.drafts import Ref
from allmende.store.entities import Maker
from allmende.store.flagging import UNCHECKED, again, is_flagged
from allmende.store.forget import count_anew, forget_flags, taken_out
from allmende.store.model import Arrival, Correction, Revision
from allmende.store.points import Row, rows_of_points
from allmende.store.rows import json_text, json_value, quality_kept, valid_kept, valid_of
from allmende.store.scan import SEQUENCES, Scan
from allmende.store.scope import Scope
from allmende.store.state import State
from allmende.store.tables import QUALITIES
from allmende.store.touched import touch
from allmende.store.visible import parts_of, require_joint
from allmende.store.write import Permit, piece_of_rows

NO_OBSERVATION = ErrorCode(
    "observation.unknown",
    Text("Den Messwert {id} gibt es nicht.", "There is no observation {id}."),
    Text("Prüfen Sie die Nummer.", "Check the number."),
)
TIME_TAKEN = ErrorCode(
    "observation.time_taken",
    Text(
        "Zu {time} gibt es in dieser Messreihe schon einen Messwert derselben Quelle (Nummer {id}).",
        "For {time} this datastream has an observation of the same source already (number {id}).",
    ),
    Text("Berichtigen oder löschen Sie jenen.", "Correct or delete that one."),
)


class Former(msgspec.Struct, frozen=True):
    """A former state of an observation: until when it was held for right, who corrected it, and why."""

    until: int
    actor: str
    reason: str
    phenomenon_start: int
    phenomenon_end: int | None
    result_time: int | None
    result: Any
    quality: Any
    parameters: Any
    valid: tuple[int, int] | None


def _as_arrival(stream: int, row: Row, change: Correction) -> Arrival:
    """Write the corrected observation as one that arrives, so that it is checked as such."""
    _, start, duration, latency, _, number, other, quality, _, _, parameters, feature, valid, described = row
    end = start + duration if duration else None
    known = None if latency is None else start + duration + latency
    values: dict[str, Any] = {
        "result": number if other is None else json_value(other),
        "phenomenon_start": start,
        "phenomenon_end": end,
        "result_time": known,
        "quality": QUALITIES[quality] if described is None else json_value(described),
        "parameters": None if parameters is None else json_value(parameters),
        "feature_id": feature,
        "valid": valid_of(valid),
    }
    if change.phenomenon_start is not msgspec.UNSET:
        values["phenomenon_end"] = None
    given = {name: value for name in values if (value := getattr(change, name)) is not msgspec.UNSET}
    return Arrival(datastream_id=stream, **(values | given))


def correct(
    connection: Connection, scope: Scope, number: int, change: Revision, words: tuple[str, str, int], permit: Permit
) -> None:
    """Put a corrected state in place; ``words`` are who corrects, why and when, ``permit`` is told the category.

    A feature of interest has to be one that the scope opens.
    """
    one, row = _stored(connection, number, permit)
    *_, now = words
    correction = change if isinstance(change, Correction) else change(_as_arrival(one.id, row, Correction()))
    if isinstance(correction.feature_id, int):
        Maker(connection, scope, now).target("FeaturesOfInterest", Ref(correction.feature_id, "FeatureOfInterest"))
    if correction.quality is msgspec.UNSET and is_flagged(connection, one.id, row[0]):
        # What the tests said was of the former value.
        correction = msgspec.structs.replace(correction, quality=QUALITIES[UNCHECKED])
    arrival = _as_arrival(one.id, row, correction)
    (result,) = check_batch([arrival], {one.id: one}, now)
    links = check_features(connection, [arrival])
    start = arrival.phenomenon_start
    duration = 0 if arrival.phenomenon_end is None else arrival.phenomenon_end - start
    level, described = quality_kept(arrival.quality)
    new: Row = (
        *(row[0], start, duration),
        None if arrival.result_time is None else arrival.result_time - start - duration,
        *(row[4], *result, level, row[8], row[9]),
        None if arrival.parameters is None else json_text(arrival.parameters, "parameters"),
        *(arrival.feature_id, None if arrival.valid is None else valid_kept(arrival.valid), described),
    )
    _refuse_taken(connection, one, new)
    _keep_former(connection, number, one.id, row, (now, *words[:2]))
    forget_flags(connection, one.id, [row[0]])
    again(connection, [one.id], min(start, row[1]))
    touched = taken_out(connection, one, lambda points: points.sequence == row[0])
    ADD_PIECES.run(connection, [piece_of_rows(one, [new])])
    one.fresh_since = now if one.fresh_since is None else one.fresh_since
    one.epoch += 1
    count_anew(connection, one, np.append(touched[0], start))
    if (row[1], row[2], row[5]) != (new[1], new[2], new[5]):
        touch(connection, one.id, np.append(touched[0], start))
    LINK_FEATURES.run(connection, sorted(links))


def _stored(connection: Connection, number: int, permit: Permit) -> tuple[State, Row]:
    stream, sequence = number >> SEQUENCE_BITS, number & SEQUENCES
    one = state.lock(connection, [stream]).get(stream)
    if one is None:
        raise NotFound(NO_OBSERVATION, id=number)
    permit({one.tie: 1})
    rows = rows_of_points(Scan(connection).by_sequence(stream, [sequence]))
    if not rows:
        raise NotFound(NO_OBSERVATION, id=number)
    return one, rows[0]


def _refuse_taken(connection: Connection, one: State, new: Row) -> None:
    for row in rows_of_points(Scan(connection).points(one.id, new[1], new[1] + 1)):
        same = (row[2], row[8], row[9] or "") == (new[2], new[8], new[9] or "")
        if same and row[0] != new[0]:
            raise Conflict(TIME_TAKEN, time=iso_from_micros(new[1]), id=(one.id << SEQUENCE_BITS) | row[0])


def _keep_former(connection: Connection, number: int, stream: int, row: Row, words: Sequence[Any]) -> None:
    columns = "observation_id, datastream_id, at, actor, reason, body"
    statement = f"INSERT INTO revisions ({columns}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
    raw.run(connection, statement, [(number, stream, *words, pack_rows([row]))])


def former(connection: Connection, scope: Scope, number: int) -> list[Former]:
    """Give the former states of an observation, newest first; only what is shown as it is has any."""
    stream = number >> SEQUENCE_BITS
    require_joint(connection, scope, [stream])
    parts = parts_of(connection, scope, [stream])
    if not parts or not parts[0].limits.plain:
        return []
    statement = "SELECT at, actor, reason, body FROM revisions WHERE observation_id = ? ORDER BY id DESC"
    found = []
    for at, actor, reason, body in raw.fetch(connection, statement, (number,)):
        for row in rows_in(bytes(body)) or []:
            was = _as_arrival(stream, row, Correction())
            found.append(
                Former(
                    *(at, actor, reason, was.phenomenon_start, was.phenomenon_end, was.result_time),
                    *(was.result, was.quality, was.parameters, was.valid),
                )
            )
    return found
