"""The layout of a lake, version 1 (docs/reference/lake.md): its files, their columns, and the manifest that names them.

The manifest alone says which files belong to the lake. Names of files carry the beginning of their SHA-256, so that a
file is never changed and a new state is switched on by one small write.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text

FORMAT, VERSION = "allmende-lake", 1
MANIFEST, README, CHECKPOINT = "manifest.json", "README.md", "ledger.txt"
# Rows that are compressed and skipped together.
GROUP = 500_000
# As in the chunk format; no mean and no indicator counts the bad ones.
QUALITIES = ("unchecked", "good", "suspect", "bad", "missing")

NO_LAKE = ErrorCode(
    "lake.none",
    Text("In {place} liegt kein See (manifest.json fehlt).", "There is no lake in {place} (no manifest.json)."),
    Text("Schreiben Sie ihn mit: allmende lake rebuild", "Write it with: allmende lake rebuild"),
)
BAD_MANIFEST = ErrorCode(
    "lake.bad_manifest",
    Text("Das Verzeichnis von {place} ist beschädigt: {reason}.", "The manifest of {place} is damaged: {reason}."),
    Text("Schreiben Sie den See neu: allmende lake rebuild", "Write the lake anew: allmende lake rebuild"),
)
NEWER = ErrorCode(
    "lake.newer",
    Text(
        "{place} hat die Formatversion {version}; hier wird {known} gelesen.",
        "{place} has format version {version}; this program reads {known}.",
    ),
    Text("Bringen Sie Allmende auf einen neueren Stand.", "Install a newer version of Allmende."),
)

# Letters, digits and the like alone: paths of others' manifests go into addresses and file systems.
SafePath = Annotated[str, Meta(pattern=r"^(observations|streams|things|rules)(/[A-Za-z0-9_=][A-Za-z0-9_=.-]*)+$")]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Word = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the lake."""

    path: SafePath
    bytes: int
    sha256: Digest


class Part(File, frozen=True, kw_only=True):
    """The observations of a category in a month (``YYYY-MM``, UTC); ``stamp`` tells of what they were made."""

    category: str
    month: str
    rows: int
    stamp: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to a lake, and for whom it was written; ``until`` is its end (exclusive, UTC)."""

    format: Literal["allmende-lake"] = "allmende-lake"
    version: int = VERSION
    city: Slug
    address: str
    verb: Word
    purpose: Word
    recipient: Word
    rulebook: int
    sheets: int
    until: str
    licences: tuple[str, ...]
    streams: File
    things: File
    rules: File
    observations: tuple[Part, ...]

    @property
    def files(self) -> tuple[File, ...]:
        """Give all files that the manifest names."""
        return (self.streams, self.things, self.rules, *self.observations)

    @property
    def rows(self) -> int:
        """Count the observations."""
        return sum(part.rows for part in self.observations)


class _Head(msgspec.Struct):
    format: Literal["allmende-lake"]
    version: int


def canonical(value: object) -> bytes:
    """Write a value as JSON, members by name, one to a line."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def read_manifest(raw: bytes | None, place: str) -> Manifest:
    """Read a manifest; refuse what is none, is damaged, or has a newer format."""
    if raw is None:
        raise NotFound(NO_LAKE, place=place)
    try:
        head = msgspec.json.decode(raw, type=_Head)
        if head.version > VERSION:
            raise Invalid(NEWER, place=place, version=head.version, known=VERSION)
        return msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise Invalid(BAD_MANIFEST, place=place, reason=error) from error


def named(folder: str, raw: bytes, ending: str) -> File:
    """Name a file by what is in it."""
    digest = hashlib.sha256(raw).hexdigest()
    return File(path=f"{folder}/{digest[:16]}.{ending}", bytes=len(raw), sha256=digest)


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def observation_schema() -> Any:
    """Give the columns of observations; times are UTC without a zone, so that every engine computes with them."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("stream", pa.int32(), nullable=False),
            pa.field("time", pa.timestamp("us"), nullable=False),
            pa.field("time_end", pa.timestamp("us")),
            pa.field("day", pa.date32(), nullable=False),
            pa.field("value", pa.float64()),
            pa.field("text", pa.string()),
            pa.field("quality", pa.int8(), nullable=False),
        ]
    )


def stream_schema() -> Any:
    """Give the columns of the table of datastreams."""
    import pyarrow as pa

    words = ("name", "observed", "unit", "category", "data_use", "dataset", "licence", "attribution")
    return pa.schema(
        [
            pa.field("stream", pa.int32(), nullable=False),
            pa.field("thing", pa.int32(), nullable=False),
            *(pa.field(word, pa.string(), nullable=False) for word in words),
            pa.field("simulated", pa.bool_(), nullable=False),
            pa.field("interval_seconds", pa.int32()),
        ]
    )


def thing_schema() -> Any:
    """Give the columns of the table of things, by which mostly stations are meant."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("thing", pa.int32(), nullable=False),
            pa.field("slug", pa.string(), nullable=False),
            pa.field("name", pa.string(), nullable=False),
            pa.field("description", pa.string(), nullable=False),
            pa.field("longitude", pa.float64()),
            pa.field("latitude", pa.float64()),
            pa.field("geometry", pa.string()),
        ]
    )
