"""The recipe: how a source is asked and what its replies mean, as ``source.yaml`` says it."""

import re
from typing import Literal

import msgspec

from allmende.connectors.table.mapping import Counter, Instrument, ThingEntry
from allmende.kernel.text import Text

STATION, PART = "{station}", "{part}"
# The time of a source that says only how things are just now: when its reply came.
RECEIVED = "@received"
# The next page, where the header Link names it.
LINK = "@link"
_VARIABLE = re.compile(r"\{[a-z0-9_-]+\}")


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the recipe in which an unknown field is an error."""


class Secret(_Strict, frozen=True):
    """A header that carries a secret; ``environment`` names the variable (or, with ``_FILE``, the file) that has it."""

    environment: str
    header: str = "Authorization"
    prefix: str = "Bearer "


class Login(_Strict, frozen=True):
    """Name and password by HTTP Digest or Basic; each from an environment variable, or with ``_FILE`` from a file."""

    user_environment: str
    password_environment: str
    scheme: Literal["digest", "basic"] = "digest"


class Via(_Strict, frozen=True):
    """An index that says where the reply is: its address, and the paths of which the first that leads to a link counts.

    The link has to be on the same host.
    """

    url: str
    paths: tuple[str, ...]


class Since(_Strict, frozen=True):
    """How ``{since}`` and ``{until}`` are written in an address, and how far back each run asks again.

    ``window_seconds`` is the longest span of one request, ``first_seconds`` the span of the first run. ``cursor`` says
    which time the next run goes on from: that of the phenomenon, or that at which the result was known.
    """

    format: str = "%Y-%m-%dT%H:%M:%SZ"
    zone: str = "UTC"
    overlap_seconds: int = 3_600
    first_seconds: int = 86_400
    window_seconds: int = 2_592_000
    cursor: Literal["time", "result"] = "time"


class Page(_Strict, frozen=True):
    """Numbered pages: one with fewer records than ``size`` is the last."""

    parameter: str
    size: int
    start: int = 1


class Request(_Strict, frozen=True):
    """What is fetched; an address with ``{station}`` is asked for each station by its ``key``.

    With ``{part}`` it is asked for each of ``parts`` too, such as a pollutant. With ``via`` the address is a link in an
    index and ``url`` is empty. ``next`` is the path of the next page's address on the same host, or ``@link``.
    """

    url: str = ""
    via: Via | None = None
    parts: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    secret: Secret | None = None
    login: Login | None = None
    since: Since | None = None
    next: str = ""
    page: Page | None = None
    most_pages: int = 1_000
    most_bytes: int = 50_000_000
    timeout_seconds: float = 30.0
    pause_seconds: float = 0.0


class Subscription(_Strict, frozen=True):
    """A topic of an MQTT broker to which a source sends; a level such as ``{device}`` is any, and known by that name.

    ``secret`` is the password of ``user``. Several processes that name the same ``share`` divide the messages.
    ``authority`` is the PEM file of who vouches for the broker's certificate, where the system does not know them.
    """

    url: str
    topic: str
    user: str = ""
    secret: Secret | None = None
    share: str = ""
    authority: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """Name the levels that have a name."""
        return tuple(level for level in self.topic.split("/") if _VARIABLE.fullmatch(level))

    @property
    def filter(self) -> str:
        """Give the topic as a broker takes it."""
        plain = "/".join("+" if _VARIABLE.fullmatch(level) else level for level in self.topic.split("/"))
        return f"$share/{self.share}/{plain}" if self.share else plain

    def read(self, topic: str) -> dict[str, str]:
        """Give what stands in a topic for each level that has a name."""
        return {
            level: found
            for level, found in zip(self.topic.split("/"), topic.split("/"), strict=False)
            if _VARIABLE.fullmatch(level)
        }


class Moment(_Strict, frozen=True):
    """Where the time stands and how it is written: ``iso``, ``epoch``, ``epoch-ms`` or a strptime format.

    ``zone`` is an IANA name, or ``in-time`` when the offset is part of the text. A local time that the change of
    clocks doubles or leaves out is refused unless ``doubled`` says which is meant. Without an interval a value is of
    an instant, and ``every_seconds`` says how far apart they are. ``end`` is the path of the span's end where records
    have one, ``result`` that of the time at which the result was known. ``@received`` as path is the time at which the
    reply came.
    """

    path: str
    zone: str
    format: str = "iso"
    interval_seconds: int = 0
    stamp: Literal["start", "end"] = "start"
    doubled: Literal["refuse", "first", "second"] = "refuse"
    every_seconds: int = 0
    end: str = ""
    result: str = ""


class Station(ThingEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A station, with the key by which the source knows it (otherwise its slug)."""

    key: str = ""

    @property
    def known_as(self) -> str:
        """Give the key of the source."""
        return self.key or self.slug


class Value(_Strict, frozen=True):
    """A number (or a truth) of each record; ``unit_path`` leads to the unit, which has to be ``unit_given``.

    ``optional`` values may be in no record of a reply; of others that means that the form has changed. ``part`` is the
    part of the request that has it. ``before_seconds`` is the span before the time that a sum is of.
    """

    path: str
    observed: str
    name: Text
    unit: str
    minimum: float | None = None
    maximum: float | None = None
    kind: Literal["number", "boolean"] = "number"
    factor: float = 1.0
    offset: float = 0.0
    sentinels: tuple[float, ...] = ()
    counter: Counter | None = None
    optional: bool = False
    unit_path: str = ""
    unit_given: str = ""
    part: str = ""
    before_seconds: int = 0
    definition: str = ""
    properties: dict[str, str | Text] = {}


class Where(_Strict, frozen=True):
    """Which records are taken: those that have one of these texts at the path."""

    path: str
    among: tuple[str, ...]


class Recipe(_Strict, frozen=True):
    """A whole recipe; ``parser`` names the connector whose code takes replies apart, otherwise ``format`` does.

    ``records`` is the path of the list in a reply, ``station`` the path of the station in a record (empty: the one
    asked for). ``inherit`` names what each record takes over from the top of the reply. Where a source changes a value
    later, ``changed`` says whether that becomes a correction. A ``forecast`` keeps what each run foretold. What is
    ``simulated`` is marked so wherever it shows.
    """

    source: Literal[1]
    dataset: str
    category: str
    purpose: str
    time: Moment
    stations: tuple[Station, ...]
    values: tuple[Value, ...]
    instrument: Instrument
    data_use: str = ""
    request: Request | None = None
    mqtt: Subscription | None = None
    parser: str = ""
    format: Literal["json", "json-lines", "csv", "xml", "geojson"] = "json"
    encoding: Literal["utf-8", "latin-1", "windows-1252"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Literal[".", ","] = "."
    absent: tuple[str, ...] = ("",)
    records: str = ""
    station: str = ""
    message: str = ""
    changed: Literal["correct", "refuse"] = "correct"
    inherit: dict[str, str] = {}
    where: tuple[Where, ...] = ()
    forecast: bool = False
    simulated: bool = False

    def reads_topic(self) -> bool:
        """Tell whether anything is read from the levels of a topic that have a name."""
        if self.mqtt is None:
            return False
        said = msgspec.json.encode(msgspec.structs.replace(self, mqtt=None)).decode()
        return any(variable in said for variable in self.mqtt.variables)

    def by_key(self) -> dict[str, str]:
        """Give the slug for every name by which a station is known, in lower case."""
        return {
            name.casefold(): one.slug
            for one in self.stations
            for name in (one.slug, one.name, one.known_as, *one.aliases)
        }
