"""The ledger's tables: acts wait beside what they are acts of, and one transaction at a time puts them into the log."""

import hashlib
from collections.abc import Callable, Iterable

import msgspec
from sqlalchemy import Connection, Engine

from allmende.ledger.entry import Opening
from allmende.ledger.files import bundled
from allmende.ledger.tree import HASH, WIDTH, Tree, extended, hash_leaf
from allmende.ledger.witness import Seen
from allmende.store import raw
from allmende.store.closing import digest_of_day
from allmende.store.engine import reading, writing
from allmende.store.scope import DecisionRow

MINUTE = 60_000_000
MOST_AT_ONCE = 5_000
RELEASING = ("publish", "pass_on")
_LATER = "INSERT INTO ledger_outbox (at, act, body) VALUES (?, ?, ?)"
_COUNT = (
    "INSERT INTO ledger_tallies (minute, verb, category, purpose, recipient, rules, rulebook_version, times) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (minute, verb, category, purpose, recipient, rules, rulebook_version) "
    "DO UPDATE SET times = ledger_tallies.times + excluded.times"
)
_TAKE_ACTS = (
    "DELETE FROM ledger_outbox WHERE id IN (SELECT id FROM ledger_outbox ORDER BY id LIMIT ?) "
    "RETURNING id, at, act, body"
)
_TAKE_TALLIES = (
    "DELETE FROM ledger_tallies WHERE minute < ? "
    "RETURNING minute, verb, category, purpose, recipient, rules, rulebook_version, times"
)
_PUT_TILE = (
    "INSERT INTO ledger_tiles (level, place, hashes) VALUES (?, ?, ?) "
    "ON CONFLICT (level, place) DO UPDATE SET hashes = excluded.hashes"
)
_SEE = (
    "INSERT INTO ledger_witnessed (origin, size, root, second) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, second = excluded.second"
)


class Act(msgspec.Struct, frozen=True):
    """Something that happened and is to be told: when, what kind, and its particulars as JSON."""

    at: int
    kind: str
    body: str


class Released(msgspec.Struct, frozen=True, order=True):
    """How often something was published or passed on within the minute that begins at ``minute``."""

    minute: int
    verb: str
    category: str
    purpose: str
    recipient: str
    rules: str
    rulebook_version: int
    times: int


class Head(msgspec.Struct, frozen=True):
    """The state of the log: the time of its last entry, the next day to be closed, the key that signs."""

    size: int
    last: str
    day: int
    key: str
    checkpoint: bytes


class Composed(msgspec.Struct, frozen=True):
    """What is to be put in: entries, what opens their commitments, the time of the last, the key that signs."""

    entries: list[bytes]
    openings: list[Opening]
    last: str
    key: str


Compose = Callable[[Head, list[Act], list[Released]], Composed]
Sign = Callable[[int, bytes], bytes]


def put_later(connection: Connection, act: Act) -> None:
    """Leave an act to be put into the log, in the transaction of the act."""
    raw.run(connection, _LATER, [(act.at, act.kind, act.body)])


def tell_rulebook(connection: Connection, version: int, content: str, actor: str, now: int) -> None:
    """Leave word of a published rule book."""
    body = {"version": version, "sha256": hashlib.sha256(content.encode()).hexdigest(), "actor": actor}
    put_later(connection, Act(now, "rules", msgspec.json.encode(body).decode()))


def tell_sheets(connection: Connection, content: str, steps: Iterable[dict[str, object]], now: int) -> None:
    """Leave word of what changed in the states of data sheets, one after the other."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    for step in steps:
        put_later(connection, Act(now, "sheet", msgspec.json.encode({**step, "sha256": digest}).decode()))


def tell_decisions(connection: Connection, rows: Iterable[DecisionRow]) -> None:
    """Leave word of deletions, each, and of what was published or passed on, counted by the minute.

    Refusals are not told: their words are those of whoever asked.
    """
    counted = []
    for row in rows:
        if row.verb == "delete" and row.allowed:
            put_later(connection, Act(row.at, "deleted", msgspec.json.encode(row).decode()))
        elif row.verb in RELEASING and row.allowed:
            minute = row.at // MINUTE * MINUTE
            key = (minute, row.verb, row.category, row.purpose, row.recipient, " ".join(row.rules))
            counted.append((*key, row.rulebook_version, row.times))
    # All transactions take the rows in the same order, or two of them could wait for each other.
    raw.run(connection, _COUNT, sorted(counted))


class LedgerTables:
    """The log in the store's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def head(self) -> Head:
        """Give the state of the log."""
        with reading(self._engine) as connection:
            return _head(connection)

    def put(self, act: Act) -> None:
        """Leave an act that happened elsewhere to be put into the log."""
        with writing(self._engine) as connection:
            put_later(connection, act)

    def waits(self, before: int) -> bool:
        """Tell whether acts wait, or tallies of minutes before an instant."""
        asked = "SELECT EXISTS (SELECT 1 FROM ledger_outbox) OR EXISTS (SELECT 1 FROM ledger_tallies WHERE minute < ?)"
        with reading(self._engine) as connection:
            return bool(raw.fetch(connection, asked, (before,))[0][0])

    def append(self, before: int, compose: Compose, sign: Sign) -> int:
        """Move what waits into the log, whole or not at all; give the number of entries added."""
        with writing(self._engine) as connection:
            # Whoever comes second waits here, and then sees what the first has added.
            raw.run(connection, "UPDATE ledger_state SET size = size WHERE id = ?", [(1,)])
            head = _head(connection)
            acts = [Act(*row[1:]) for row in sorted(raw.fetch(connection, _TAKE_ACTS, (MOST_AT_ONCE,)))]
            released = sorted(Released(*row) for row in raw.fetch(connection, _TAKE_TALLIES, (before,)))
            composed = compose(head, acts, released)
            if not composed.entries:
                return 0
            size = _add(connection, head.size, composed.entries)
            checkpoint = sign(size, Tree(size, _tiles(connection)).root())
            values = (size, composed.last, composed.key, checkpoint, 1)
            change = "UPDATE ledger_state SET size = ?, last = ?, signer = ?, checkpoint = ? WHERE id = ?"
            raw.run(connection, change, [values])
            keep_openings(connection, composed.openings)
        return len(composed.entries)

    def tell(self, act: Act) -> None:
        """Leave word of an act that is not in this database."""
        with writing(self._engine) as connection:
            put_later(connection, act)

    def cosign(self, size: int, checkpoint: bytes) -> None:
        """Put a checkpoint with signatures of witnesses in the place of the same without, unless the log has grown."""
        with writing(self._engine) as connection:
            change = "UPDATE ledger_state SET checkpoint = ? WHERE id = ? AND size = ?"
            raw.run(connection, change, [(checkpoint, 1, size)])

    def digest(self, day: int, salt: bytes) -> tuple[bytes, int]:
        """Give the digest of what is stored of a day, and over how many datastreams."""
        return digest_of_day(self._engine, day, salt)

    def begin_days(self, day: int) -> None:
        """Set the first day that is to be closed, where none is set."""
        with writing(self._engine) as connection:
            raw.run(connection, "UPDATE ledger_state SET day = ? WHERE id = ? AND day = 0", [(day, 1)])

    def close_day(self, day: int, act: Act, openings: list[Opening]) -> None:
        """Leave word of a closed day, and go on to the next; what others closed in the meantime stays."""
        with writing(self._engine) as connection:
            raw.run(connection, "UPDATE ledger_state SET size = size WHERE id = ?", [(1,)])
            if _head(connection).day <= day:
                raw.run(connection, "UPDATE ledger_state SET day = ? WHERE id = ?", [(day + 1, 1)])
                put_later(connection, act)
                keep_openings(connection, openings)

    def entries(self, first: int, count: int) -> list[bytes]:
        """Give entries in their order."""
        asked = "SELECT body FROM ledger_entries WHERE position >= ? AND position < ? ORDER BY position"
        with reading(self._engine) as connection:
            return [bytes(row[0]) for row in raw.fetch(connection, asked, (first, first + count))]

    def bundle(self, place: int, width: int) -> bytes | None:
        """Give the first entries of a bundle; None where there are not that many."""
        found = self.entries(place * WIDTH, width)
        return bundled(found) if len(found) == width else None

    def tile(self, level: int, place: int, width: int) -> bytes | None:
        """Give the first hashes of a tile; None where there are not that many."""
        with reading(self._engine) as connection:
            found = _tiles(connection)(level, place, width)
        return found[: width * HASH] if len(found) >= width * HASH else None

    def rulebook(self, version: int) -> bytes | None:
        """Give the bytes of a rule book as it was published."""
        asked = "SELECT content FROM rulebooks WHERE version = ?"
        with reading(self._engine) as connection:
            rows = raw.fetch(connection, asked, (version,))
        return rows[0][0].encode() if rows else None

    def prove(self, index: int) -> tuple[bytes, list[bytes], Head]:
        """Give an entry, the proof of its inclusion, and the state under which it holds."""
        with reading(self._engine) as connection:
            head = _head(connection)
            asked = "SELECT body FROM ledger_entries WHERE position = ?"
            body = bytes(raw.fetch(connection, asked, (index,))[0][0])
            return body, Tree(head.size, _tiles(connection)).inclusion(index), head

    def proved_since(self, old: int) -> tuple[list[bytes], Head]:
        """Give the proof that the log continues an earlier state, and the state under which it holds."""
        with reading(self._engine) as connection:
            head = _head(connection)
            return Tree(head.size, _tiles(connection)).consistency(old), head

    def openings(self, commitments: Iterable[str]) -> list[Opening]:
        """Give what commitments hide, where it was not forgotten."""
        asked = "SELECT commitment, subject, salt, value FROM ledger_openings WHERE commitment = ?"
        with reading(self._engine) as connection:
            rows = [row for one in commitments for row in raw.fetch(connection, asked, (one,))]
        return [Opening(row[0], row[1], bytes(row[2]), row[3]) for row in rows]

    def forget(self, subject: str) -> int:
        """Delete what opens the commitments about somebody; give how many."""
        with writing(self._engine) as connection:
            removed = "DELETE FROM ledger_openings WHERE subject = ? RETURNING commitment"
            return len(raw.fetch(connection, removed, (subject,)))

    def witness(self, origin: str, judge: Callable[[Seen], Seen]) -> Seen:
        """Replace what was seen of another log by what ``judge`` makes of it, or raises; one after the other."""
        with writing(self._engine) as connection:
            raw.run(connection, "UPDATE ledger_state SET size = size WHERE id = ?", [(1,)])
            asked = "SELECT size, root, second FROM ledger_witnessed WHERE origin = ?"
            rows = raw.fetch(connection, asked, (origin,))
            now = judge(Seen(rows[0][0], bytes(rows[0][1]), rows[0][2]) if rows else Seen())
            raw.run(connection, _SEE, [(origin, now.size, now.root, now.second)])
        return now


def _head(connection: Connection) -> Head:
    asked = "SELECT size, last, day, signer, checkpoint FROM ledger_state WHERE id = ?"
    (row,) = raw.fetch(connection, asked, (1,))
    return Head(row[0], row[1], row[2], row[3], bytes(row[4]))


def _tiles(connection: Connection) -> Callable[[int, int, int], bytes]:
    def tile(level: int, place: int, _width: int) -> bytes:
        asked = "SELECT hashes FROM ledger_tiles WHERE level = ? AND place = ?"
        rows = raw.fetch(connection, asked, (level, place))
        return bytes(rows[0][0]) if rows else b""

    return tile


def _add(connection: Connection, size: int, entries: list[bytes]) -> int:
    numbered = list(enumerate(entries, size))
    raw.run(connection, "INSERT INTO ledger_entries (position, body) VALUES (?, ?)", numbered)
    changed = extended(size, [hash_leaf(entry) for entry in entries], _tiles(connection))
    raw.run(connection, _PUT_TILE, [(*key, hashes) for key, hashes in changed.items()])
    return size + len(entries)


def keep_openings(connection: Connection, openings: list[Opening]) -> None:
    """Keep what opens commitments."""
    rows = [(one.commitment, one.subject, one.salt, one.value) for one in openings]
    raw.run(connection, "INSERT INTO ledger_openings (commitment, subject, salt, value) VALUES (?, ?, ?, ?)", rows)
