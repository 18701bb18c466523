"""The forms of what cities give each other; each part refuses what no page, table or computation here could bear."""

import datetime as dt
import hashlib
import re
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from allmende.kernel.text import Text
from allmende.transfer.rules import SECTIONS, FindingContent

FORMAT = 1
DOCUMENT, FINDINGS, DATASETS, WITNESSED = "document.json", "findings.json", "datasets.json", "witnessed.json"
FOLDER = "/api/federation/"
# What a city may send at most, in bytes after decompression.
LARGEST = {DOCUMENT: 2_000_000, FINDINGS: 5_000_000, DATASETS: 3_000_000, WITNESSED: 500_000}
MOST_VALUES, MOST_INDICATORS, MOST_FINDINGS, MOST_DATASETS = 120, 500, 500, 5_000
# A number that others write may be no trap: "1E+999999999" is written out in a billion digits.
MOST_DIGITS, MOST_PLACES = 15, 9
FIRST_YEAR, LAST_YEAR = 1800, 2200
LONGEST_TITLE, LONGEST_TEXT = 300, 20_000
Count = Annotated[int, Meta(ge=0, le=2**53)]
Line = Annotated[str, Meta(max_length=300)]
# A path on the city's own address; nothing in it can lead elsewhere.
Path = Annotated[str, Meta(max_length=500, pattern=r"^/(?![/\\])[!-\[\]-~]*$")]
Slug = Annotated[str, Meta(max_length=100, pattern=r"^[-A-Za-z0-9_]+$")]
Name = Annotated[str, Meta(max_length=200, pattern=r"^[-A-Za-z0-9_/.]+$")]
Sha = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Paths = Annotated[dict[Slug, Path], Meta(max_length=40)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a document in which an unknown field is an error."""


def _require_plain(*values: Decimal) -> None:
    for value in values:
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -MOST_PLACES or value.adjusted() >= MOST_DIGITS:
            raise ValueError("a number of at most 15 digits and 9 decimals is expected")


def _require_days(*days: dt.date) -> None:
    if not all(FIRST_YEAR <= day.year <= LAST_YEAR for day in days) or list(days) != sorted(days):
        raise ValueError(f"days between {FIRST_YEAR} and {LAST_YEAR}, in order, are expected")


def _require_short(title: Text, *texts: Text | None) -> None:
    if max(len(title.de), len(title.en)) > LONGEST_TITLE:
        raise ValueError(f"a title has at most {LONGEST_TITLE} characters")
    if any(text is not None and max(len(text.de), len(text.en)) > LONGEST_TEXT for text in texts):
        raise ValueError(f"a text has at most {LONGEST_TEXT} characters")


class Figure(Part, frozen=True, kw_only=True):
    """A figure about a city with its day and source; the area is in km²."""

    value: Decimal
    day: dt.date | None = None
    source: Line = ""
    source_url: Annotated[str, Meta(max_length=500, pattern=r"^(https?://[!-~]+)?$")] = ""

    def __post_init__(self) -> None:
        """Refuse a number that is none."""
        _require_plain(self.value)


class City(Part, frozen=True, kw_only=True):
    """Who speaks; ``ags`` is the official municipality key (Amtlicher Gemeindeschlüssel). None is unknown."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    ags: Annotated[str, Meta(pattern=r"^[0-9]{8}$")] | None = None
    inhabitants: Figure | None = None
    area: Figure | None = None
    notice: Text | None = None


class File(Part, frozen=True):
    """A part that lies in a file of its own: its path, length in bytes and SHA-256."""

    path: Path
    size: Count
    sha256: Sha


class Step(Part, frozen=True):
    """One step of a qualitative scale."""

    value: int
    name: Text


class Aim(Part, frozen=True):
    """Where an indicator was or is to be on a day, between two values."""

    day: dt.date
    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        """Refuse numbers and days that are none."""
        _require_plain(self.low, self.high)
        _require_days(self.day)


class Value(Part, frozen=True, kw_only=True):
    """A value for some days, with what makes it uncertain."""

    first: dt.date
    last: dt.date
    value: Decimal
    known_since: dt.date
    quality: Literal["provisional", "final", "corrected"]
    simulated: bool = False
    used: Count = 0
    left_out: Count = 0

    def __post_init__(self) -> None:
        """Refuse numbers and days that are none."""
        _require_plain(self.value)
        _require_days(self.first, self.last)


class Shared(Part, frozen=True, kw_only=True):
    """One version of an indicator's definition, with its values; ``rule`` names the computation, where there is one."""

    slug: Slug
    version: Annotated[int, Meta(ge=1, le=100_000)]
    since: dt.date
    title: Text
    unit: Annotated[str, Meta(max_length=40)]
    digits: Annotated[int, Meta(ge=0, le=9)]
    direction: Literal["up", "down", "range", "none"]
    period: Literal["day", "month", "year"]
    method: Text
    current: bool
    rule: Line = ""
    steps: tuple[Step, ...] = ()
    caveat: Text | None = None
    baseline: Aim | None = None
    target: Aim | None = None
    values: Annotated[tuple[Value, ...], Meta(max_length=MOST_VALUES)] = ()

    def __post_init__(self) -> None:
        """Refuse what no page has room for."""
        _require_short(self.title, self.method, self.caveat)

    def meaning(self, city: str) -> str:
        """Give a mark that two cities share if and only if they mean the same by this definition.

        Where a computation is named it counts, and else the method's words, in which the city's own name is left open.
        """
        words = self.rule or " ".join(re.sub(rf"\b{re.escape(city)}\b", "{city}", self.method.de).split())
        steps = [(step.value, step.name.de) for step in self.steps]
        told = (self.slug, self.version, self.unit, self.period, words, steps)
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


class Document(Part, frozen=True, kw_only=True):
    """What a city says of itself to others, signed with the key of its ledger."""

    format: Literal[1]
    sequence: Annotated[int, Meta(ge=1, le=2**53)]
    issued: Annotated[dt.datetime, Meta(tz=True)]
    key: Line
    witness: Line = ""
    city: City
    links: Paths
    files: Annotated[dict[Slug, File], Meta(max_length=10)]
    indicators: Annotated[tuple[Shared, ...], Meta(max_length=MOST_INDICATORS)]
    checkpoint: Annotated[str, Meta(max_length=65_536)] = ""


class Finding(Part, frozen=True):
    """What a project taught, as it was published."""

    project: Slug
    title: Text
    version: Annotated[int, Meta(ge=1, le=100_000)]
    published: dt.date
    path: Path
    content: FindingContent

    def __post_init__(self) -> None:
        """Refuse what no page has room for."""
        _require_short(self.title, *(self.content.section(name) for name in SECTIONS), self.content.contact)


class Findings(Part, frozen=True):
    """``findings.json``."""

    format: Literal[1]
    findings: Annotated[tuple[Finding, ...], Meta(max_length=MOST_FINDINGS)]


class Dataset(Part, frozen=True, kw_only=True):
    """A data set of a city's catalogue, as a list tells of it."""

    name: Name
    title: Text
    description: Text
    publisher: Line
    licence: Line
    path: Path
    simulated: bool = False
    changed: dt.date | None = None

    def __post_init__(self) -> None:
        """Refuse what no page has room for."""
        _require_short(self.title, self.description)


class Datasets(Part, frozen=True):
    """``datasets.json``."""

    format: Literal[1]
    datasets: Annotated[tuple[Dataset, ...], Meta(max_length=MOST_DATASETS)]


class Witnessed(Part, frozen=True):
    """``witnessed.json``: checkpoints of other cities with our cosignature, which stand for themselves."""

    format: Literal[1]
    notes: Annotated[tuple[Annotated[str, Meta(max_length=65_536)], ...], Meta(max_length=500)]
