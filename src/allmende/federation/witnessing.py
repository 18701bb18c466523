"""Other cities' logs: each checkpoint must continue the last one seen; and what they testify about ours."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from allmende.gate.ledger import Ledger
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.ledger.check import FORK, OTHER_ROOT, SHRUNK
from allmende.ledger.files import CHECKPOINT, Source, read_hashes, require
from allmende.ledger.note import Checkpoint, Key, Note, Signer, cosigned_at, opened, read_note, signed_by
from allmende.ledger.tree import Tree, continues
from allmende.ledger.witness import NOT_CONTINUED, OTHER_SIZE, Submission

CONTRADICTION = ErrorCode(
    "federation.log_contradicts",
    Text(
        "Das Protokoll von {city} widerspricht dem, was es früher zeigte: {why}",
        "The log of {city} contradicts what it showed before: {why}",
    ),
    Text(
        "Beide Prüfpunkte sind aufbewahrt. Sprechen Sie mit der Stadt, und sagen Sie es öffentlich.",
        "Both checkpoints are kept. Talk to the city, and say so publicly.",
    ),
)


class Contradiction(Conflict):
    """A log is not the continuation of itself; ``checkpoint`` is the one that contradicts."""

    checkpoint: str = ""


class Found(msgspec.Struct, frozen=True):
    """A city's log as it was found now: its checkpoint, as bytes and read, and its tree."""

    raw: str
    note: Note
    tree: Tree


def look(source: Source, city: str, key: Key, *, seen: str, told: str) -> Found:
    """Fetch a log's checkpoint and prove by its tiles that it continues the one that was ``seen`` last.

    So it must with the one ``told`` in the signed document, unless that is newer than a file cached for some seconds.
    Raises ``Contradiction`` where the log has forked or shrunk.
    """
    raw = require(source, CHECKPOINT)
    note = opened(raw, key)
    now = note.checkpoint
    tree = Tree(now.size, lambda level, place, width: read_hashes(source, level, place, width))
    if tree.root() != now.root:
        raise Invalid(OTHER_ROOT, size=now.size)
    found = Found(raw.decode(), note, tree)
    if seen:
        _require_continued(found, opened(seen.encode(), key).checkpoint, city)
    if told and (signed := opened(told.encode(), key).checkpoint).size <= now.size:
        _require_continued(found, signed, city)
    return found


def _require_continued(found: Found, old: Checkpoint, city: str) -> None:
    if old.size > found.tree.size:
        raise _contradiction(city, found.raw, SHRUNK.what.filled(new=found.tree.size, old=old.size))
    if found.tree.root(old.size) != old.root:
        raise _contradiction(city, found.raw, FORK.what.filled(old=old.size))


def _contradiction(city: str, raw: str, why: Text) -> Contradiction:
    error = Contradiction(CONTRADICTION, city=city, why=why)
    error.checkpoint = raw
    return error


def cosign(own: Ledger, signer: Signer, found: Found, city: str) -> str:
    """Co-sign a checkpoint as a witness, who signs only what continues the last that it signed, whoever asked for that.

    Gives the checkpoint with our line; nothing where we have meanwhile signed a newer one.
    """
    old = 0
    for _ in range(2):
        submission = Submission(old, tuple(found.tree.consistency(old)), found.note)
        try:
            seen = own.witness(submission, int(utc_now().timestamp()))
        except AllmendeError as error:
            if error.code in (FORK, NOT_CONTINUED):
                raise _contradiction(city, found.raw, error.what) from error
            if error.code is not OTHER_SIZE:
                raise
            old = int(str(error.params["size"]))
            if old > found.tree.size:
                return ""
        else:
            return found.raw + signer.line(found.note.text, seen.second)
    return ""


class Testified(msgspec.Struct, frozen=True):
    """A checkpoint of ours that another city co-signed; ``holds`` is false where our log is no continuation of it."""

    size: int
    at: dt.datetime
    note: str
    holds: bool


def testimony(own: Ledger, notes: Sequence[str], witness: Key) -> Testified | None:
    """Find among the notes of a witness the newest about our log, and check it; None where there is none."""
    ours = own.key()
    found: list[tuple[int, str, Note]] = []
    for text in notes:
        note = read_note(text.encode())
        if note.checkpoint.origin == ours.name and signed_by(note, ours) and signed_by(note, witness):
            found.append((cosigned_at(note, witness), text, note))
    if not found:
        return None
    second, text, note = max(found, key=lambda one: one[0])
    return Testified(note.checkpoint.size, dt.datetime.fromtimestamp(second, dt.UTC), text, _is_ours(own, note))


def _is_ours(own: Ledger, note: Note) -> bool:
    old, head = note.checkpoint, own.note().checkpoint
    if old.size > head.size:
        return False
    path, raw = own.continuation(old.size)
    now = read_note(raw).checkpoint
    return continues((old.size, old.root), (now.size, now.root), path)
