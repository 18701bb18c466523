"""``$apply``: numbers put together by units of time, beyond SensorThings in the words of OData Data Aggregation 4.0."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from allmende.apis.sensorthings.answer import Answerer
from allmende.apis.sensorthings.cells import Written
from allmende.apis.sensorthings.grammar import Places, Reader
from allmende.apis.sensorthings.groups import FIGURES, Figure, written
from allmende.apis.sensorthings.lex import Misplaced, Source, Word, fault
from allmende.apis.sensorthings.options import Options
from allmende.apis.sensorthings.paths import Resource
from allmende.gate.query import Grouping, Unit, bounds_of
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import Malformed

OPTION, BESIDE, MOST_VALUES = "$apply", ("$filter",), 50
UNITS: dict[str, Unit] = {"hour": "hour", "day": "day", "month": "month", "year": "year"}
_STREAM = ("Datastream/@iot.id", "Datastream/id")


class Applied(msgspec.Struct, frozen=True):
    """What is to be put together: by which times, by datastream or not, and which values by their names."""

    unit: Unit
    zone: str
    by_stream: bool
    values: dict[str, Figure]

    def body(self, answerer: Answerer, resource: Resource, options: Options) -> Written:
        """Give the answer as JSON."""
        number = answerer.start(resource)[1] if resource.steps else None
        bounds = bounds_of(options.where, micros_from_instant(utc_now()))
        if not bounds.exact:
            raise fault(
                "$filter",
                1,
                "mit $apply sind nur genaue Grenzen von phenomenonTime und Datastream/@iot.id möglich",
                "with $apply, only exact bounds of phenomenonTime and Datastream/@iot.id are possible",
            )
        streams = bounds.streams
        if number is not None:
            streams = frozenset({number}) if streams is None else streams & {number}
        grouping = Grouping(
            unit=self.unit,
            zone=self.zone,
            since=bounds.since,
            until=bounds.until,
            extremes=not {"min", "max"}.isdisjoint(self.values.values()),
            ends=not {"first", "last"}.isdisjoint(self.values.values()),
        )
        try:
            groups = answerer.gate.aggregate(answerer.grant, None if streams is None else sorted(streams), grouping)
        except Malformed as error:
            raise Misplaced(error, OPTION, 1) from error
        return written(groups, self.values, by_stream=self.by_stream)


def read_apply(resource: Resource, pairs: dict[str, str], form: str | None) -> Applied:
    """Read ``$apply``; refuse what it cannot stand beside."""
    _check_path(resource)
    for name in pairs:
        if name not in (OPTION, *BESIDE):
            raise fault(name[:40], 1, "mit $apply nicht möglich", "not possible with $apply")
    if form is not None and form.lower() != "json":
        raise fault("$resultFormat", 1, "mit $apply ist nur JSON möglich", "with $apply, only JSON is possible")
    applied = _Groupby(Reader(Source(OPTION), pairs[OPTION], Places())).read()
    if not resource.steps and not applied.by_stream:
        raise fault(
            OPTION,
            1,
            "über mehrere Datenströme gehört Datastream/@iot.id in groupby",
            "over several datastreams, Datastream/@iot.id is needed in groupby",
        )
    return applied


def _check_path(resource: Resource) -> None:
    """Refuse what leads to anything but the observations of datastreams."""
    kinds = [resource.kind, *(step.link.target for step in resource.steps)]
    whole = resource.target == "Observations" and not (resource.single or resource.ref or resource.part)
    if not whole or (resource.steps and kinds[-2] != "Datastreams"):
        raise fault(
            OPTION,
            1,
            "nur für Observations und Datastreams(…)/Observations möglich",
            "possible for Observations and Datastreams(…)/Observations only",
        )


class _Groupby:
    """Reads ``groupby((day(phenomenonTime,'Europe/Berlin')),aggregate(result with average as mean))``."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.unit: Unit | None = None
        self.zone = "UTC"
        self.by_stream = False
        self.values: dict[str, Figure] = {}

    def read(self) -> Applied:
        """Read the whole option."""
        reader = self.reader
        for text in ("groupby", "(", "("):
            reader.expect(text)
        keys = reader.word
        self._listed(self._key)
        if self.unit is None:
            raise reader.source.fault(
                keys.place,
                "hier fehlt eine Zeiteinheit wie day(phenomenonTime)",
                "a unit of time such as day(phenomenonTime) is missing here",
            )
        for text in (")", ",", "aggregate", "("):
            reader.expect(text)
        self._listed(self._value)
        for text in (")", ")"):
            reader.expect(text)
        reader.end()
        return Applied(self.unit, self.zone, self.by_stream, self.values)

    def _listed(self, read: Callable[[], None]) -> None:
        read()
        while self.reader.word.text == ",":
            self.reader.take()
            read()

    def _refused(self, word: Word, possible: tuple[str, ...]) -> Malformed:
        shown, known = word.text[:30], ", ".join(possible)
        return self.reader.source.fault(
            word.place, f"„{shown}“ passt hier nicht (möglich: {known})", f"“{shown}” does not fit (possible: {known})"
        )

    def _key(self) -> None:
        word = self.reader.take()
        if word.text in _STREAM and not self.by_stream:
            self.by_stream = True
        elif word.text in UNITS and self.unit is None:
            self.unit = UNITS[word.text]
            self._time()
        else:
            raise self._refused(word, (*UNITS, _STREAM[0]))

    def _time(self) -> None:
        self.reader.expect("(")
        self.reader.expect("phenomenonTime")
        if self.reader.word.text == ",":
            self.reader.take()
            self._zone(self.reader.take())
        self.reader.expect(")")

    def _zone(self, word: Word) -> None:
        name = word.text[1:-1] if word.kind == "text" else ""
        try:
            self.zone = ZoneInfo(name).key if name else ""
        except (KeyError, ValueError, OSError):
            self.zone = ""
        if not self.zone:
            shown = word.text[:40]
            raise self.reader.source.fault(
                word.place,
                f"{shown} ist keine Zeitzone wie 'Europe/Berlin'",
                f"{shown} is no time zone such as 'Europe/Berlin'",
            )

    def _value(self) -> None:
        word = self.reader.take()
        if word.text == "$count":
            self._named("count")
        elif word.text == "result":
            self.reader.expect("with")
            method = self.reader.take()
            if method.text not in FIGURES or method.kind != "name":
                raise self._refused(method, FIGURES)
            self._named(method.text)
        else:
            raise self._refused(word, ("result with …", "$count"))

    def _named(self, figure: str) -> None:
        self.reader.expect("as")
        word = self.reader.take()
        plain = word.kind == "name" and word.text.isidentifier()
        if not plain or word.text in self.values or word.text == "phenomenonTime" or len(self.values) >= MOST_VALUES:
            shown = word.text[:30]
            raise self.reader.source.fault(
                word.place, f"„{shown}“ kann kein neuer Name sein", f"“{shown}” cannot be a new name"
            )
        self.values[word.text] = figure
