"""The public log of what was decided: acts become entries, without personal data, under a signed checkpoint."""

import datetime as dt
import secrets
from collections.abc import Collection

import msgspec

from allmende.ethics.model import NO_DUTIES
from allmende.gate.door import PUBLIC, Ask, Gate
from allmende.gate.recording import day_number
from allmende.kernel.clock import UTC, instant_from_micros, micros_from_instant, utc_now
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.ledger.check import write_proof
from allmende.ledger.entry import (
    FORMAT,
    Begun,
    ClockSetBack,
    DayClosed,
    Deleted,
    DocumentApproved,
    Entry,
    MinutesSealed,
    Opening,
    Released,
    RulesPublished,
    SheetMoved,
    Tally,
    TextSealed,
    committed,
    entry_bytes,
)
from allmende.ledger.files import CHECKPOINT, ENTRIES, KEY, read_rulebook_path, read_tile_path, require
from allmende.ledger.note import Checkpoint, Key, Note, Signer, read_key, read_note, signed
from allmende.ledger.witness import Seen, Submission, judged
from allmende.store import ledger as tables
from allmende.store.ledger import Act, Composed, Head
from allmende.store.scope import DecisionRow

WRONG_SIGNER = ErrorCode(
    "ledger.wrong_signer",
    Text(
        "Das Protokoll gehört zum Schlüssel {expected}; hier liegt {found}.",
        "The log belongs to the key {expected}; here is {found}.",
    ),
    Text(
        "Legen Sie den richtigen nach ALLMENDE_HOME/ledger.key, oder nennen Sie ihn mit ALLMENDE_LEDGER_KEY_FILE.",
        "Put the right key to ALLMENDE_HOME/ledger.key, or name it with ALLMENDE_LEDGER_KEY_FILE.",
    ),
)
NO_ENTRY = ErrorCode(
    "ledger.no_entry",
    Text("Einen Eintrag {index} gibt es nicht.", "There is no entry {index}."),
    Text(
        "Die Einträge zählen von 0; wie viele es sind, sagt /ledger/checkpoint.",
        "Entries count from 0; how many there are says /ledger/checkpoint.",
    ),
)
NOT_BEGUN = ErrorCode(
    "ledger.not_begun",
    Text("Das Protokoll ist noch nicht begonnen.", "The log has not begun yet."),
    Text("Starten Sie die Hintergrundarbeit: allmende work", "Start the background work: allmende work"),
)
OTHER_DAY = ErrorCode(
    "ledger.day_unknown",
    Text("Der Tag {day} ist im Protokoll nicht abgeschlossen.", "The day {day} is not closed in the log."),
    Text(
        "Abgeschlossen wird ein Tag (UTC) eine Stunde nach seinem Ende.", "A day (UTC) is closed an hour after its end."
    ),
)
SLACK_SECONDS, MOST_TALLIES = 5, 50
CLOSING_HOUR = dt.timedelta(hours=1)
OPEN = Ask(PUBLIC, "publish", "open-data", "public")


def _second(instant: dt.datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Composing:
    """Makes entries of acts."""

    def __init__(self, head: Head, key: Key, public: Collection[str], now: dt.datetime) -> None:
        self.openings: list[Opening] = []
        self.entries: list[Entry] = []
        self.public = public
        self.key = key
        self.at = max(_second(now), head.last)
        if head.size == 0:
            self.entries.append(Begun(at=self.at, format=FORMAT, origin=key.name))
        if head.last and _second(now + dt.timedelta(seconds=SLACK_SECONDS)) < head.last:
            self.entries.append(ClockSetBack(at=self.at, clock=_second(now)))

    def _commit(self, value: str, subject: str = "") -> str:
        opening = committed(value, subject)
        self.openings.append(opening)
        return opening.commitment

    def composed(self, acts: list[Act], released: list[tables.Released]) -> Composed:
        """Give the entries of what happened."""
        for act in acts:
            self._act(act)
        self._released(released)
        return Composed([entry_bytes(entry) for entry in self.entries], self.openings, self.at, str(self.key))

    def _act(self, act: Act) -> None:
        acted = _second(instant_from_micros(act.at))
        if act.kind == "rules":
            told = msgspec.json.decode(act.body)
            actor = self._commit(told["actor"], told["actor"])
            self.entries.append(RulesPublished(at=self.at, acted=acted, **{**told, "actor": actor}))
        elif act.kind == "sheet":
            told = msgspec.json.decode(act.body)
            actor = self._commit(told["actor"], told["actor"])
            self.entries.append(SheetMoved(at=self.at, acted=acted, **{**told, "actor": actor}))
        elif act.kind == "minutes":
            told = msgspec.json.decode(act.body)
            hidden = {"actor": self._commit(told["actor"], told["actor"]), "whole": self._commit(told["whole"])}
            self.entries.append(MinutesSealed(at=self.at, acted=acted, **{**told, **hidden}))
        elif act.kind == "text":
            self.entries.append(TextSealed(at=self.at, acted=acted, **msgspec.json.decode(act.body)))
        elif act.kind == "document":
            told = msgspec.json.decode(act.body)
            actor = self._commit(told["actor"], told["actor"])
            self.entries.append(DocumentApproved(at=self.at, acted=acted, **{**told, "actor": actor}))
        elif act.kind == "day":
            self.entries.append(DayClosed(at=self.at, **msgspec.json.decode(act.body)))
        else:
            self._deletion(msgspec.json.decode(act.body, type=DecisionRow), acted)

    def _deletion(self, row: DecisionRow, acted: str) -> None:
        public = row.category in self.public
        entry = Deleted(
            at=self.at,
            acted=acted,
            category=row.category,
            purpose=row.purpose,
            recipient=row.recipient,
            rules=row.rules,
            rulebook=row.rulebook_version,
            actor=self._commit(row.asker, row.asker),
            amount=row.amount if public else None,
            amount_commitment=None if public else self._commit(str(row.amount)),
        )
        self.entries.append(entry)

    def _released(self, rows: list[tables.Released]) -> None:
        for minute in sorted({row.minute for row in rows}):
            tallies = tuple(_tally(row) for row in rows if row.minute == minute)
            told = _second(instant_from_micros(minute))
            self.entries += [
                Released(at=self.at, minute=told, tallies=tallies[first : first + MOST_TALLIES])
                for first in range(0, len(tallies), MOST_TALLIES)
            ]


def _tally(row: tables.Released) -> Tally:
    return Tally(
        verb=row.verb,
        category=row.category,
        purpose=row.purpose,
        recipient=row.recipient,
        rules=tuple(row.rules.split()),
        rulebook=row.rulebook_version,
        times=row.times,
    )


class Ledger:
    """The log behind a gate; any process may put into it, one at a time."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._tables = gate.store.ledger

    def _public(self) -> set[str]:
        """Name the categories whose observations everybody may see as they are, and so may count."""
        names = [category.slug for category in self._gate.rulebook().categories]
        found = {name: self._gate.decide(OPEN, name) for name in names}
        return {name for name, decision in found.items() if decision.allowed and decision.duties == NO_DUTIES}

    def sequence(self, signer: Signer, now: dt.datetime | None = None) -> int:
        """Put what waits into the log, signed; give the number of new entries. A minute is told when it is over."""
        moment = now or utc_now()
        before = micros_from_instant(moment) // tables.MINUTE * tables.MINUTE - tables.MINUTE
        public = self._public()

        def compose(head: Head, acts: list[Act], released: list[tables.Released]) -> Composed:
            if head.key and head.key != str(signer.key):
                raise Conflict(WRONG_SIGNER, expected=head.key, found=str(signer.key))
            return _Composing(head, signer.key, public, moment).composed(acts, released)

        added = 0
        while not self._tables.head().size or self._tables.waits(before):
            added += self._tables.append(before, compose, _signing(signer))
        return added

    def close_days(self, now: dt.datetime | None = None) -> int:
        """Leave the digests of the days (UTC) that ended over an hour ago; give how many."""
        first = day_number((now or utc_now()).astimezone(UTC).date())
        self._tables.begin_days(first)
        end, closed = day_number(((now or utc_now()) - CLOSING_HOUR).astimezone(UTC).date()), 0
        for day in range(self._tables.head().day, end):
            self._close(day)
            closed += 1
        return closed

    def _close(self, day: int) -> None:
        name = (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()
        salt = secrets.token_bytes(32)
        root, streams = self._tables.digest(day, salt)
        number = committed(str(streams))
        body = {"day": name, "root": root.hex(), "datastreams_commitment": number.commitment}
        act = Act(micros_from_instant(utc_now()), "day", msgspec.json.encode(body).decode())
        self._tables.close_day(day, act, [Opening(f"day/{name}", "", salt, root.hex()), number])

    def day_is_as_closed(self, day: dt.date) -> bool:
        """Tell whether what is stored of a day is still what was stored when it was closed."""
        found = self._tables.openings([f"day/{day.isoformat()}"])
        if not found:
            raise NotFound(OTHER_DAY, day=day.isoformat())
        return self._tables.digest(day_number(day), found[0].salt)[0].hex() == found[0].value

    def read(self, path: str) -> bytes | None:
        """Give a file of the log, as a source for checking and copying."""
        if path == CHECKPOINT:
            return self._tables.head().checkpoint or None
        if path == KEY:
            key = self._tables.head().key
            return f"{key}\n".encode() if key else None
        version = read_rulebook_path(path)
        if version is not None:
            return self._tables.rulebook(version)
        tile = read_tile_path(path)
        if tile is None:
            return None
        level, place, width = tile
        return self._tables.bundle(place, width) if level == ENTRIES else self._tables.tile(int(level), place, width)

    @property
    def size(self) -> int:
        """Give the number of entries."""
        return self._tables.head().size

    def note(self) -> Note:
        """Give the present checkpoint with its signatures."""
        return read_note(require(self, CHECKPOINT))

    def key(self) -> Key:
        """Give the log's public key."""
        key = self._tables.head().key
        if not key:
            raise NotFound(NOT_BEGUN)
        return read_key(key)

    def entries(self, first: int, count: int) -> list[bytes]:
        """Give entries as they stand in the log."""
        return self._tables.entries(first, count)

    def entry(self, index: int) -> bytes:
        """Give one entry."""
        found = self._tables.entries(index, 1)
        if not found:
            raise NotFound(NO_ENTRY, index=index)
        return found[0]

    def proof(self, index: int) -> bytes:
        """Give an entry with the proof that it stands in the log, as a file that stands for itself."""
        self.entry(index)
        entry, path, head = self._tables.prove(index)
        return write_proof(entry, index, path, head.checkpoint)

    def continuation(self, old: int) -> tuple[list[bytes], bytes]:
        """Give the proof that the log continues its state of a size, and the checkpoint under which it holds."""
        path, head = self._tables.proved_since(old)
        return path, head.checkpoint

    def cosign(self, lines: list[str]) -> None:
        """Add signatures of witnesses to the checkpoint, unless the log has grown in the meantime."""
        head = self._tables.head()
        note = read_note(head.checkpoint)
        kept = head.checkpoint.decode() + "".join(line for line in lines if line not in head.checkpoint.decode())
        self._tables.cosign(note.checkpoint.size, kept.encode())

    def tell_text(self, name: str, sha256: str) -> None:
        """Leave word of a sealed text: its name and the hash of its bytes, to stand in the log within seconds."""
        body = msgspec.json.encode({"text": name, "sha256": sha256}).decode()
        self._tables.tell(Act(micros_from_instant(utc_now()), "text", body))

    def tell_document(self, name: str, sha256: str, actor: str) -> None:
        """Leave word that a frozen report or proof of use was approved: its name, the hash of its bytes, and by whom.

        Who it was goes into the log as a commitment only.
        """
        body = msgspec.json.encode({"document": name, "sha256": sha256, "actor": actor}).decode()
        self._tables.tell(Act(micros_from_instant(utc_now()), "document", body))

    def openings(self, index: int) -> list[Opening]:
        """Give what the commitments of an entry hide, for those who may know."""
        told = msgspec.json.decode(self.entry(index))
        return self._tables.openings(str(value) for value in told.values())

    def forget(self, subject: str) -> int:
        """Delete what opens the commitments about somebody; the log stays as it is. Give how many there were."""
        return self._tables.forget(subject)

    def witness(self, submission: Submission, second: int) -> Seen:
        """Take another log's checkpoint as the newest, or refuse it."""
        origin = submission.note.checkpoint.origin
        return self._tables.witness(origin, lambda seen: judged(submission, seen, second))


def _signing(signer: Signer) -> tables.Sign:
    return lambda size, root: signed(Checkpoint(signer.key.name, size, root), signer)
