"""What a witness answers: it co-signs a log's checkpoint that continues the last one seen (C2SP tlog-witness)."""

import base64
import re
from collections.abc import Sequence

import msgspec

from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid, Malformed, NotFound
from allmende.kernel.text import Text
from allmende.ledger.check import FORK
from allmende.ledger.note import OTHER_KEY, Checkpoint, Key, Note, decoded, read_note, signed_by
from allmende.ledger.tree import EMPTY_ROOT, continues

BAD_REQUEST = ErrorCode(
    "ledger.bad_request",
    Text("Die Anfrage hat nicht die Form von „add-checkpoint“.", "The request has not the form of “add-checkpoint”."),
    Text("Sehen Sie nach in C2SP tlog-witness.", "Look it up in C2SP tlog-witness."),
)
UNKNOWN_LOG = ErrorCode(
    "ledger.unknown_log",
    Text("Das Protokoll „{origin}“ bezeugen wir nicht.", "We are no witness of the log “{origin}”."),
    Text(
        "Wer es bezeugen will, nimmt seinen Schlüssel in ALLMENDE_LEDGER_WITNESSED auf.",
        "Who wants to witness it puts its key into ALLMENDE_LEDGER_WITNESSED.",
    ),
)
OTHER_SIZE = ErrorCode(
    "ledger.other_size",
    Text("Zuletzt bezeugt ist Größe {size}.", "The size last witnessed is {size}."),
    Text("Beweisen Sie die Fortsetzung ab dieser Größe.", "Prove the continuation from this size."),
)
NOT_CONTINUED = ErrorCode(
    "ledger.not_continued",
    Text(
        "Der Nachweis zeigt nicht, dass das Protokoll seit Größe {old} nur gewachsen ist.",
        "The proof does not show that the log has only grown since size {old}.",
    ),
    Text(
        "Das Protokoll hat sich gegabelt, oder der Nachweis ist falsch.", "The log has forked, or the proof is wrong."
    ),
)
CLOCK = ErrorCode(
    "ledger.witness_clock",
    Text("Die Uhr des Zeugen ging zurück; er unterschreibt nicht.", "The witness's clock went back; it does not sign."),
    Text("Stellen Sie die Uhr dieses Rechners.", "Set this machine's clock."),
)
MOST_NODES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class Seen(msgspec.Struct, frozen=True):
    """The checkpoint of a log that was co-signed last, and in which second."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    second: int = 0


class Submission(msgspec.Struct, frozen=True):
    """A checkpoint with the proof that it continues that of size ``old``."""

    old: int
    path: tuple[bytes, ...]
    note: Note


def write_submission(old: int, path: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Write the body of a request to a witness."""
    lines = [f"old {old}", *(base64.b64encode(node).decode() for node in path)]
    return "\n".join([*lines, "", ""]).encode() + checkpoint


def read_submission(raw: bytes) -> Submission:
    """Read the body of such a request."""
    head, blank, tail = raw.partition(b"\n\n")
    try:
        first, *lines = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise Malformed(BAD_REQUEST) from error
    old = _OLD.fullmatch(first)
    path = tuple(filter(None, map(decoded, lines)))
    if not blank or old is None or len(lines) > MOST_NODES or len(path) < len(lines):
        raise Malformed(BAD_REQUEST)
    try:
        note = read_note(tail)
    except Invalid as error:
        raise Malformed(BAD_REQUEST) from error
    return Submission(int(old[1]), path, note)


def key_for(submission: Submission, watched: Sequence[Key]) -> Key:
    """Find the key by which a log that is watched has signed."""
    origin = submission.note.checkpoint.origin
    keys = [key for key in watched if key.name == origin]
    if not keys:
        raise NotFound(UNKNOWN_LOG, origin=origin[:200])
    try:
        found = next((key for key in keys if signed_by(submission.note, key)), None)
    except Invalid as error:
        raise Denied(error.code, **error.params) from error
    if found is None:
        names = ", ".join(f"{name}+{number.hex()}" for name, number, _ in submission.note.signatures)
        raise Denied(OTHER_KEY, expected=f"{keys[0].name}+{keys[0].id.hex()}", found=names)
    return found


def judged(submission: Submission, seen: Seen, second: int) -> Seen:
    """Decide about a submission; give what was seen now, or refuse it."""
    now: Checkpoint = submission.note.checkpoint
    if submission.old > now.size:
        raise Malformed(BAD_REQUEST)
    if submission.old != seen.size:
        raise Conflict(OTHER_SIZE, size=seen.size)
    if now.size == seen.size and now.root != seen.root:
        raise Conflict(FORK, old=seen.size)
    if not continues((seen.size, seen.root), (now.size, now.root), submission.path):
        raise Invalid(NOT_CONTINUED, old=seen.size)
    if second < seen.second:
        raise Conflict(CLOCK)
    return Seen(now.size, now.root, second)
