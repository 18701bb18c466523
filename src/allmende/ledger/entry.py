"""What stands in the log: canonical JSON, without personal data; what may concern a person is a salted commitment."""

import hashlib
import secrets

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

BAD_ENTRY = ErrorCode(
    "ledger.bad_entry",
    Text(
        "Eintrag {position} hat nicht die Form eines Eintrags: {why}.",
        "Entry {position} has not the form of an entry: {why}.",
    ),
    Text("Die Formen stehen in docs/reference/ledger.md.", "The forms stand in docs/reference/ledger.md."),
)

FORMAT = 1
LONGEST = 65_535
_COMMITMENT = b"allmende/ledger/commitment/v1\n"


class _Entry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    """``at`` is when it was put into the log; it never goes back."""

    at: str


class Begun(_Entry, frozen=True, tag="begun"):
    """The first entry of a log."""

    format: int
    origin: str


class RulesPublished(_Entry, frozen=True, tag="rules"):
    """A rule book came in force; ``sha256`` is that of its bytes, ``actor`` commits to who published it."""

    acted: str
    version: int
    sha256: str
    actor: str


class Deleted(_Entry, frozen=True, tag="deleted"):
    """Observations or entities were deleted; of categories that are not public, their number is a commitment."""

    acted: str
    category: str
    purpose: str
    recipient: str
    rules: tuple[str, ...]
    rulebook: int
    actor: str
    amount: int | None = None
    amount_commitment: str | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often something was published or passed on."""

    verb: str
    category: str
    purpose: str
    recipient: str
    rules: tuple[str, ...]
    rulebook: int
    times: int


class Released(_Entry, frozen=True, tag="released"):
    """What was published and passed on in a minute."""

    minute: str
    tallies: tuple[Tally, ...]


class DayClosed(_Entry, frozen=True, tag="day"):
    """What was stored of a UTC day when it was closed: the root over its datastreams, each salted."""

    day: str
    root: str
    datastreams_commitment: str


class SheetMoved(_Entry, frozen=True, tag="sheet"):
    """A data use entered a state, or its end or retention changed; ``sha256`` is that of the whole book of sheets."""

    acted: str
    slug: str
    state: str
    sheetbook: int
    sha256: str
    actor: str
    before: str | None = None
    until: str | None = None
    retention_days: int | None = None


class MinutesSealed(_Entry, frozen=True, tag="minutes"):
    """Minutes of a meeting were confirmed: the hash of what is public, a commitment to that of the whole."""

    acted: str
    number: str
    version: int
    body: str
    day: str
    sha256: str
    whole: str
    actor: str


class TextSealed(_Entry, frozen=True, tag="text"):
    """A text that people worked on was sealed; ``sha256`` is that of its bytes, which the portal gives."""

    acted: str
    text: str
    sha256: str


class DocumentApproved(_Entry, frozen=True, tag="document"):
    """A frozen report or proof of use was approved; ``sha256`` is that of its bytes, ``actor`` commits to who did."""

    acted: str
    document: str
    sha256: str
    actor: str


class ClockSetBack(_Entry, frozen=True, tag="clock"):
    """The machine's clock was behind the log; ``clock`` is what it showed."""

    clock: str


Entry = (
    Begun
    | RulesPublished
    | SheetMoved
    | MinutesSealed
    | TextSealed
    | DocumentApproved
    | Deleted
    | Released
    | DayClosed
    | ClockSetBack
)
_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def entry_bytes(entry: Entry) -> bytes:
    """Write an entry: members in order of their names, no space, UTF-8."""
    return _ENCODER.encode(entry)


def read_entry(raw: bytes, position: int) -> Entry:
    """Read an entry; refuse other forms and other bytes for the same content."""
    try:
        entry = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(BAD_ENTRY, position=position, why=str(error)) from error
    if _ENCODER.encode(entry) != raw:
        raise Invalid(BAD_ENTRY, position=position, why=Text("nicht die kanonischen Bytes", "not the canonical bytes"))
    return entry


class Opening(msgspec.Struct, frozen=True):
    """What a commitment hides; without the salt nobody can tell any more."""

    commitment: str
    subject: str
    salt: bytes
    value: str


def commitment(salt: bytes, value: str) -> str:
    """Commit to a value: who knows salt and value can show it, the commitment alone tells nothing."""
    return hashlib.sha256(_COMMITMENT + salt + value.encode()).hexdigest()


def committed(value: str, subject: str = "") -> Opening:
    """Commit to a value with a salt of its own; ``subject`` is whom it concerns."""
    salt = secrets.token_bytes(32)
    return Opening(commitment(salt, value), subject, salt, value)
