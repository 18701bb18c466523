"""Observations that the door refused although their sender may write: kept for a while, until someone decides."""

import hashlib
import json
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text as Words
from allmende.store.arrivals import AHEAD, BAD_RESULT, BAD_TIME, NO_DATASTREAM, OUT_OF_RANGE
from allmende.store.books import insert_for
from allmende.store.corrections import correct
from allmende.store.entities import ties
from allmende.store.model import Arrival, Correction
from allmende.store.rates import TOO_FAST
from allmende.store.scope import Scope, Tie
from allmende.store.tables import datastreams, metadata
from allmende.store.write import DIFFERS, Permit, Writer

NOT_THERE = ErrorCode(
    "quarantine.unknown",
    Words("In der Quarantäne gibt es die Nummer {id} nicht.", "There is no number {id} in the quarantine."),
    Words("Sehen Sie die Liste noch einmal an.", "Look at the list again."),
)
DECIDED = ErrorCode(
    "quarantine.decided",
    Words(
        "Über Nummer {id} der Quarantäne ist schon entschieden.", "Number {id} of the quarantine is decided already."
    ),
    Words("Sehen Sie die Liste noch einmal an.", "Look at the list again."),
)
# What a person can judge; a fault of form is for the sender alone.
WORTH_KEEPING = frozenset({BAD_RESULT, OUT_OF_RANGE, TOO_FAST, AHEAD, BAD_TIME, NO_DATASTREAM, DIFFERS})
MOST_OF_ONE, MOST_OF_ALL, MOST_BYTES = 1_000, 100_000, 16_384
NO_CATEGORY = "*"
NO_TIE = Tie(NO_CATEGORY, "")

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("received", BigInteger, nullable=False),
    Column("datastream_id", Integer),
    Column("category", Text),
    *(Column(name, Text, nullable=False) for name in ("source", "code", "reason_de", "reason_en", "body", "digest")),
    Column("decided", BigInteger),
    *(Column(name, Text) for name in ("actor", "deed", "note")),
)
_c = quarantine.c


class Refused(msgspec.Struct, frozen=True):
    """An arrival and why it was refused."""

    arrival: Arrival
    code: ErrorCode
    reason: Words


class Quarantined(msgspec.Struct, frozen=True):
    """A refused observation, and what was decided about it; ``datastream_id`` is None where there is none."""

    id: int
    received: int
    datastream_id: int | None
    category: str | None
    source: str
    code: str
    reason: Words
    arrival: Arrival
    decided: int | None
    actor: str | None
    deed: str | None
    note: str | None


def keep(connection: Connection, refused: Sequence[Refused], opened: Collection[str], now: int) -> dict[Tie, int]:
    """Keep refused arrivals of open categories, each once; give how many are new, by what they are tied to."""
    known = ties(connection, {one.arrival.datastream_id for one in refused})
    amounts: dict[Tie, int] = {}
    touched: set[int | None] = set()
    for one in refused:
        tie = known.get(one.arrival.datastream_id)
        category = None if tie is None else tie.category
        if category not in opened and (category is not None or one.code is not NO_DATASTREAM):
            continue
        stream = None if category is None else one.arrival.datastream_id
        if _add(connection, one, stream, category, now):
            amounts[tie or NO_TIE] = amounts.get(tie or NO_TIE, 0) + 1
            touched.add(stream)
    for stream in touched:
        _bound_one(connection, stream)
    if touched:
        _bound_all(connection)
    return amounts


def _add(connection: Connection, one: Refused, stream: int | None, category: str | None, now: int) -> bool:
    body = json.dumps(msgspec.structs.asdict(one.arrival), sort_keys=True)
    if len(body) > MOST_BYTES:
        return False
    # Every code's sentence begins with the place in the batch, which tells nothing here.
    german, english = (text.partition(": ")[2] for text in (one.reason.de, one.reason.en))
    statement = insert_for(connection)(quarantine).values(
        received=now,
        datastream_id=stream,
        category=category,
        source=one.arrival.source,
        code=one.code.code,
        reason_de=german,
        reason_en=english,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
    )
    return connection.execute(statement.on_conflict_do_nothing().returning(_c.id)).first() is not None


def _bound_one(connection: Connection, stream: int | None) -> None:
    """Let the oldest open ones of a datastream, or of none, fall out."""
    mine = _c.datastream_id.is_(None) if stream is None else _c.datastream_id == stream
    over = select(_c.id).where(mine, _c.decided.is_(None)).order_by(_c.id.desc()).offset(MOST_OF_ONE)
    connection.execute(delete(quarantine).where(_c.id.in_(connection.execute(over).scalars().all())))


def _bound_all(connection: Connection) -> None:
    """Let what belongs to no datastream fall out first, then the oldest."""
    count = connection.execute(select(func.count()).where(_c.decided.is_(None))).scalar_one()
    if count > MOST_OF_ALL:
        over = select(_c.id).where(_c.decided.is_(None)).order_by(_c.datastream_id.is_not(None), _c.id)
        gone = connection.execute(over.limit(count - MOST_OF_ALL)).scalars().all()
        connection.execute(delete(quarantine).where(_c.id.in_(gone)))


def _seen(scope: Scope) -> ColumnElement[bool]:
    """Tell what a scope shows as it is, and what belongs to no datastream."""
    opened = sorted(category for category, limits in scope.categories.items() if limits.plain)
    visible = or_(_c.category.is_(None), _c.category.in_(opened))
    if not scope.closed:
        return visible
    shut = select(datastreams.c.id).where(datastreams.c.data_use.in_(sorted(scope.closed)))
    return and_(visible, or_(_c.datastream_id.is_(None), _c.datastream_id.not_in(shut)))


def listed(connection: Connection, scope: Scope, limit: int) -> list[Quarantined]:
    """Give what is kept, newest first, open ones before decided ones."""
    question = select(quarantine).where(_seen(scope)).order_by(_c.decided.is_not(None), _c.id.desc()).limit(limit)
    return [_quarantined(row) for row in connection.execute(question)]


def count_open(connection: Connection, scope: Scope) -> int:
    """Count what waits for a decision."""
    return connection.execute(select(func.count()).where(_seen(scope), _c.decided.is_(None))).scalar_one()


def _quarantined(row: Any) -> Quarantined:
    return Quarantined(
        *(row.id, row.received, row.datastream_id, row.category, row.source, row.code),
        Words(row.reason_de, row.reason_en),
        Arrival(**json.loads(row.body)),
        *(row.decided, row.actor, row.deed, row.note),
    )


def _waiting(connection: Connection, number: int) -> Quarantined:
    row = connection.execute(select(quarantine).where(_c.id == number).with_for_update()).first()
    if row is None:
        raise NotFound(NOT_THERE, id=number)
    if row.decided is not None:
        raise Conflict(DECIDED, id=number)
    return _quarantined(row)


def _settle(connection: Connection, number: int, deed: str, words: tuple[str, str], now: int) -> None:
    actor, reason = words
    values = {"decided": now, "actor": actor, "deed": deed, "note": reason}
    connection.execute(update(quarantine).where(_c.id == number).values(values))


def release(
    connection: Connection,
    scope: Scope,
    number: int,
    change: Correction,
    words: tuple[str, str, int],
    permit: Permit,
) -> None:
    """Store an observation after all, as suspect where nothing else is said.

    What stands for the same time with another value is corrected. ``words`` are who says so, why and when.
    """
    *_, now = words
    arrival = _changed(_waiting(connection, number).arrival, change)
    writer = Writer(connection, now)
    try:
        writer.take([arrival], permit, judged=True)
        writer.flush()
    except Conflict as error:
        if error.code is not DIFFERS:
            raise
        stored = Correction(result=arrival.result, quality=arrival.quality)
        correct(connection, scope, int(str(error.params["id"])), stored, words, permit)
    _settle(connection, number, "released", words[:2], now)


def _changed(arrival: Arrival, change: Correction) -> Arrival:
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not msgspec.UNSET}
    if "phenomenon_start" in given:
        given = {"phenomenon_end": None, **given}
    return msgspec.structs.replace(arrival, **{"quality": "suspect", **given})


def discard(connection: Connection, number: int, words: tuple[str, str], now: int, permit: Permit) -> None:
    """Decide that an observation is not stored."""
    waiting = _waiting(connection, number)
    tie = NO_TIE if waiting.datastream_id is None else ties(connection, [waiting.datastream_id])[waiting.datastream_id]
    permit({tie: 1})
    _settle(connection, number, "discarded", words, now)


def sweep(connection: Connection, before: int) -> dict[Tie, int]:
    """Delete what came, and what was decided, before an instant; give how many of each category."""
    old = func.coalesce(_c.decided, _c.received) < before
    gone = connection.execute(delete(quarantine).where(old).returning(_c.category)).scalars().all()
    amounts: dict[Tie, int] = {}
    for category in gone:
        tie = Tie(category or NO_CATEGORY, "")
        amounts[tie] = amounts.get(tie, 0) + 1
    return amounts
