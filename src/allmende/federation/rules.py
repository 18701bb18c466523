"""What makes a document of another city acceptable: form, signature, number, time and city."""

import datetime as dt
import hashlib
import re
from typing import TypeVar

import msgspec

from allmende.federation.documents import DOCUMENT, FINDINGS, FORMAT, City, Document, File, Findings, Part
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.ledger.note import LOG, OTHER_KEY, Checkpoint, Key, Signer, read_key, read_note, signed, signed_by
from allmende.transfer.rules import hindrance

SLACK = dt.timedelta(minutes=10)

BAD_DOCUMENT = ErrorCode(
    "federation.bad_document",
    Text("{file}, {place}: {reason}.", "{file}, {place}: {reason}."),
    Text(
        "Die andere Stadt muss das berichtigen; was früher kam, bleibt.",
        "The other city has to correct that; what came earlier stays.",
    ),
)
NEWER_FORMAT = ErrorCode(
    "federation.newer_format",
    Text(
        "{file} hat das Format {found}; dieses Programm kennt {known}.",
        "{file} has the format {found}; this program knows {known}.",
    ),
    Text("Erneuern Sie Allmende.", "Bring Allmende up to date."),
)
CHANGED_BYTES = ErrorCode(
    "federation.changed_bytes",
    Text("{file} ist nicht das, was unterschrieben wurde.", "{file} is not what was signed."),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
OTHER_CITY = ErrorCode(
    "federation.other_city",
    Text(
        "Das Dokument spricht von „{found}“, nicht von „{expected}“.",
        "The document speaks of “{found}”, not of “{expected}”.",
    ),
    Text(
        "Fragen Sie die Stadt auf einem zweiten Weg, was das bedeutet.",
        "Ask the city by a second channel what that means.",
    ),
)
REPLAYED = ErrorCode(
    "federation.replayed",
    Text(
        "Das Dokument ist älter ({found}) als das letzte angenommene ({last}).",
        "The document is older ({found}) than the last one accepted ({last}).",
    ),
    Text(
        "Die andere Stadt muss das neueste zeigen; unseres bleibt.",
        "The other city has to show the newest; ours stays.",
    ),
)
TWO_OF_A_NUMBER = ErrorCode(
    "federation.two_of_a_number",
    Text(
        "Zum laufenden Zeichen {number} gibt es zwei verschiedene Dokumente.",
        "There are two different documents of the number {number}.",
    ),
    Text("Fragen Sie die Stadt, welches gilt; unseres bleibt.", "Ask the city which holds; ours stays."),
)
FROM_THE_FUTURE = ErrorCode(
    "federation.from_the_future",
    Text(
        "Das Dokument ist von {issued}, also aus der Zukunft.", "The document is of {issued}, which is in the future."
    ),
    Text("Eine der beiden Uhren geht falsch.", "One of the two clocks is wrong."),
)
OTHER_SIGNER = ErrorCode(
    "federation.other_signer",
    Text(
        "Das Dokument ist mit einem anderen Schlüssel unterschrieben: {found}.",
        "The document is signed with another key: {found}.",
    ),
    Text(
        "Vergleichen Sie den neuen Schlüssel am Telefon, und bestätigen Sie ihn, oder entfernen Sie die Stadt.",
        "Compare the new key by telephone, and confirm it, or remove the city.",
    ),
)


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: msgspec.Raw
    note: str


class _Any(msgspec.Struct, frozen=True):
    format: int


class Opened(msgspec.Struct, frozen=True):
    """A document with the SHA-256 of its bytes and the key that signed it."""

    document: Document
    sha256: str
    key: Key


class OtherSigner(Invalid):
    """The document is whole, and signed by another key than the one that is known; ``key`` is the new one."""

    key: Key


T = TypeVar("T", bound=Part)


def encoded(part: Part) -> bytes:
    """Write a part: members in the order of their names, no space, UTF-8."""
    return msgspec.json.encode(part, order="sorted")


def decoded(raw: bytes, kind: type[T], file: str) -> T:
    """Read a part; refuse a newer format, an unknown field, and what is too long or too deep."""
    # A database that is asked to keep a zero byte breaks off.
    if b"\\u0000" in raw:
        raise Invalid(BAD_DOCUMENT, file=file, place="$", reason="a zero byte")
    try:
        found = msgspec.json.decode(raw, type=_Any).format
        if found > FORMAT:
            raise Invalid(NEWER_FORMAT, file=file, found=found, known=FORMAT)
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason, _, place = str(error).partition(" - at `")
        raise Invalid(BAD_DOCUMENT, file=file, place=place.rstrip("`") or "$", reason=reason[:300]) from error


def _statement(key: Key, sequence: int, digest: bytes) -> Checkpoint:
    """Give what is signed: a checkpoint's form of an origin that is no log's, number and hash of the document."""
    return Checkpoint(f"{key.name}/federation/v1", sequence, digest)


def sealed(document: Document, signer: Signer) -> bytes:
    """Write a signed document."""
    raw = encoded(document)
    note = signed(_statement(signer.key, document.sequence, hashlib.sha256(raw).digest()), signer)
    return b'{"document":' + raw + b',"note":' + msgspec.json.encode(note.decode()) + b"}\n"


def opened(raw: bytes, expected: Key | None) -> Opened:
    """Read a signed document, and check form and signature; without a key that is known, the one that it names.

    Raises ``OtherSigner`` where it is sound, but signed by another key than ``expected``.
    """
    try:
        envelope = msgspec.json.decode(raw, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(BAD_DOCUMENT, file=DOCUMENT, place="$", reason=str(error)[:300]) from error
    inner = bytes(envelope.document)
    document = decoded(inner, Document, DOCUMENT)
    digest, note, key = hashlib.sha256(inner).digest(), read_note(envelope.note.encode()), read_key(document.key)
    if key.kind != LOG or not signed_by(note, key):
        named = ", ".join(f"{name}+{number.hex()}" for name, number, _ in note.signatures)
        raise Invalid(OTHER_KEY, expected=f"{key.name}+{key.id.hex()}", found=named[:300])
    if note.checkpoint != _statement(key, document.sequence, digest):
        raise Invalid(CHANGED_BYTES, file=DOCUMENT)
    if expected is not None and key != expected:
        other = OtherSigner(OTHER_SIGNER, found=str(key))
        other.key = key
        raise other
    return Opened(document, digest.hex(), key)


class Last(msgspec.Struct, frozen=True):
    """What was accepted of a city last."""

    city: str
    ags: str | None
    sequence: int
    sha256: str
    issued: dt.datetime


def require_next(found: Opened, last: Last, now: dt.datetime) -> bool:
    """Refuse a document that does not follow the last one; tell whether it is a new one."""
    document = found.document
    require_city(document.city, last.city, last.ags)
    if document.issued > now + SLACK:
        raise Invalid(FROM_THE_FUTURE, issued=document.issued.isoformat())
    if document.sequence < last.sequence or (document.sequence > last.sequence and document.issued < last.issued):
        raise Invalid(REPLAYED, found=document.sequence, last=last.sequence)
    if document.sequence == last.sequence and found.sha256 != last.sha256:
        raise Invalid(TWO_OF_A_NUMBER, number=document.sequence)
    return document.sequence > last.sequence


def require_city(city: City, name: str, ags: str | None) -> None:
    """Refuse what speaks of another city; a key that was unknown so far may be told later."""
    if city.name != name or (ags and city.ags != ags):
        found = f"{city.name} ({city.ags or '–'})"
        raise Invalid(OTHER_CITY, found=found, expected=f"{name} ({ags or '–'})")


def require_file(raw: bytes, told: File, name: str) -> None:
    """Refuse a file that is not the one that was signed."""
    if len(raw) != told.size or hashlib.sha256(raw).hexdigest() != told.sha256:
        raise Invalid(CHANGED_BYTES, file=name)


def require_findings(found: Findings) -> None:
    """Refuse findings that teach nothing or name a person; no city may publish such here either."""
    for number, one in enumerate(found.findings):
        if fault := hindrance(one.content):
            reason = fault[0].what.filled(**fault[1]).en.rstrip(".")
            raise Invalid(BAD_DOCUMENT, file=FINDINGS, place=f"$.findings[{number}]", reason=reason)


def fingerprint(key: Key) -> str:
    """Write a key so that two people can compare it by telephone: 16 groups of four characters (128 bits twice)."""
    digest = hashlib.sha256(str(key).encode()).hexdigest()
    return " ".join(digest[place : place + 4] for place in range(0, 64, 4))


_FAITHFUL = re.compile(r"https?://[^\s/?#@\\]+")


def base_address(url: str) -> str | None:
    """Give scheme, host and port of an address that somebody typed; None for what is none or has more."""
    trimmed = url.strip().rstrip("/")
    return trimmed.lower() if len(trimmed) <= 300 and _FAITHFUL.fullmatch(trimmed) else None
