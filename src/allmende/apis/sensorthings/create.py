"""Creating observations (18-088, clauses 10.2 and 13): one by one, or many as a dataArray."""

import datetime as dt
from typing import Any

import msgspec
import numpy as np

from allmende.apis.sensorthings.render import Json
from allmende.apis.sensorthings.times import micros_of
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.query import Arrival, Block
from allmende.gate.tokens import Token
from allmende.kernel.clock import UTC, micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, ErrorCode, Invalid, Malformed, NotFound
from allmende.kernel.text import Text

BAD_BODY = ErrorCode(
    "sensorthings.bad_body",
    Text("Der Inhalt der Anfrage ist nicht lesbar: {why}", "The body of the request cannot be read: {why}"),
    Text("Senden Sie JSON nach SensorThings 1.1.", "Send JSON as in SensorThings 1.1."),
)
NO_DATASTREAM = ErrorCode(
    "sensorthings.no_datastream",
    Text("Die Messreihe {id} gibt es nicht.", "There is no datastream {id}."),
    Text(
        "Nennen Sie Datastream mit @iot.id, oder senden Sie an Datastreams(ID)/Observations.",
        "Name Datastream with @iot.id, or send to Datastreams(ID)/Observations.",
    ),
)
BAD_TIME = ErrorCode(
    "sensorthings.bad_time",
    Text("{field} „{value}“ ist kein Zeitpunkt mit Zeitzone.", "{field} “{value}” is no instant with a time zone."),
    Text(
        "Schreiben Sie zum Beispiel 2026-11-24T12:00:00Z oder Anfang/Ende.",
        "Write for example 2026-11-24T12:00:00Z or start/end.",
    ),
)
DEFAULT_PURPOSE = "climate-adaptation"
RECIPIENT = "administration"
NOT_NESTED = Text(
    "FeatureOfInterest wird hier nur mit @iot.id verknüpft", "FeatureOfInterest is linked by @iot.id only here"
)
ABOUT = ("FeatureOfInterest/id", "FeatureOfInterest/@iot.id")
PLAIN = {"phenomenonTime", "result", "resultTime"}


class Reference(msgspec.Struct, frozen=True):
    """A link to an entity that is there already."""

    id: int = msgspec.field(name="@iot.id")


class Feature(msgspec.Struct, frozen=True):
    """A feature of interest: one that is there already, or none of that number, which is to be made along."""

    id: int | None = msgspec.field(name="@iot.id", default=None)


class Incoming(
    msgspec.Struct,
    frozen=True,
    rename={
        **{"phenomenon_time": "phenomenonTime", "result_time": "resultTime"},
        **{"result_quality": "resultQuality", "valid_time": "validTime"},
    },
):
    """An observation in a body; members that SensorThings does not know are left aside."""

    result: Any
    phenomenon_time: str | None = None
    result_time: str | None = None
    parameters: Json | None = None
    result_quality: Any = None
    valid_time: str | None = None
    Datastream: Reference | None = None
    MultiDatastream: Reference | None = None
    FeatureOfInterest: Feature | None = None

    @property
    def nested(self) -> bool:
        """Tell whether a feature of interest is to be made along."""
        return self.FeatureOfInterest is not None and self.FeatureOfInterest.id is None

    @property
    def stream(self) -> int | None:
        """Give the number of the datastream that is named."""
        named = self.Datastream or self.MultiDatastream
        return named.id if named else None


class DataArray(msgspec.Struct, frozen=True, rename={"data_array": "dataArray"}):
    """One block of ``CreateObservations``."""

    components: list[str]
    data_array: list[list[Any]]
    Datastream: Reference | None = None
    MultiDatastream: Reference | None = None


def _instant(field: str, text: str) -> int:
    try:
        instant = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(BAD_TIME, field=field, value=text[:60]) from error
    if instant.tzinfo is None:
        raise Invalid(BAD_TIME, field=field, value=text[:60])
    return micros_from_instant(instant.astimezone(UTC))


def _times(text: str | None) -> tuple[int, int | None]:
    """Read an instant or an interval; none means now (18-088, clause 8.2.7)."""
    if text is None:
        return micros_from_instant(utc_now()), None
    start, _, end = text.partition("/")
    first = _instant("phenomenonTime", start)
    return first, _instant("phenomenonTime", end) if end else None


def _valid(text: str) -> tuple[int, int]:
    start, _, end = text.partition("/")
    first = _instant("validTime", start)
    return first, _instant("validTime", end) if end else first


def arrival_from(incoming: Incoming, datastream: int, source: str, key: str) -> Arrival:
    """Give what a body says as an arrival from a source."""
    start, end = _times(incoming.phenomenon_time)
    if incoming.nested:
        raise Malformed(BAD_BODY, why=NOT_NESTED)
    return Arrival(
        datastream_id=datastream,
        phenomenon_start=start,
        phenomenon_end=end,
        result_time=_instant("resultTime", incoming.result_time) if incoming.result_time else None,
        result=incoming.result,
        source=source,
        message=key,
        parameters=incoming.parameters,
        quality="unchecked" if incoming.result_quality is None else incoming.result_quality,
        valid=_valid(incoming.valid_time) if incoming.valid_time else None,
        feature_id=incoming.FeatureOfInterest.id if incoming.FeatureOfInterest else None,
    )


def stream_of(gate: Gate, incoming: Incoming, named: int | None, *, multi: bool) -> int:
    """Give the datastream of an observation: the one that path or topic names, or the one in the body."""
    if named is None:
        named, multi = incoming.stream, incoming.Datastream is None
    if named is None:
        raise NotFound(NO_DATASTREAM, id="–")
    # Only arrays can belong to a MultiDatastream, so that numbers need no look-up.
    if (multi or isinstance(incoming.result, list)) and (named in gate.multi({named})) != multi:
        raise NotFound(NO_DATASTREAM, id=named)
    return named


def decoded(body: bytes) -> Any:
    """Read a body as JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(BAD_BODY, why=str(error)) from error


def purpose_of(token: Token) -> str:
    """Give the purpose for which a token writes: the one of its scope ``write:PURPOSE``, else climate adaptation."""
    return token.purpose or DEFAULT_PURPOSE


def deleting(token: Token) -> Ask:
    """Give what a token asks for when it deletes."""
    return Ask(Asker(f"token:{token.name}"), "delete", purpose_of(token), RECIPIENT)


def collecting(token: Token) -> Ask:
    """Give what a token asks for when it writes."""
    return Ask(Asker(f"token:{token.name}"), "collect", purpose_of(token), RECIPIENT)


Slot = Arrival | AllmendeError


class Blocks:
    """The blocks of ``CreateObservations``: columns where that can be, otherwise single arrivals."""

    def __init__(self, body: bytes, source: str, key: str) -> None:
        try:
            self._blocks = msgspec.json.decode(body, type=list[DataArray])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        self._source, self._key = source, key

    def __len__(self) -> int:
        return len(self._blocks)

    def columns(self, place: int) -> Block | None:
        """Give a block as columns, where it has nothing but numbers and times of one form."""
        block = self._blocks[place]
        rows, names = block.data_array, block.components
        if block.Datastream is None or not rows or not set(names) <= PLAIN or len(set(names)) < len(names):
            return None
        if not {"phenomenonTime", "result"} <= set(names) or set(map(len, rows)) != {len(names)}:
            return None
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        results, start = columns["result"], micros_of(columns["phenomenonTime"])
        known = micros_of(columns["resultTime"]) if "resultTime" in columns else None
        if start is None or not set(map(type, results)) <= {int, float} or (known is None and "resultTime" in columns):
            return None
        try:
            number = np.array(results, np.float64)
        except OverflowError:
            return None
        return Block(
            datastream_id=block.Datastream.id,
            start=start,
            number=number,
            result_time=known,
            source=self._source,
            message=self._key,
        )

    def arrivals(self, place: int) -> list[Slot]:
        """Give the rows of a block as arrivals, or what is wrong with them."""
        block = self._blocks[place]
        return [self._slot(block, row) for row in block.data_array]

    def _slot(self, block: DataArray, row: list[Any]) -> Slot:
        try:
            return self._row(block, row)
        except AllmendeError as error:
            return error

    def _row(self, block: DataArray, row: list[Any]) -> Arrival:
        if len(row) != len(block.components):
            why = Text(
                f"{len(row)} Werte für {len(block.components)} components",
                f"{len(row)} values for {len(block.components)} components",
            )
            raise Malformed(BAD_BODY, why=why)
        values = dict(zip(block.components, row, strict=True))
        for name in ABOUT:
            if (feature := values.pop(name, None)) is not None:
                values["FeatureOfInterest"] = {"@iot.id": feature}
        try:
            incoming = msgspec.convert(values, Incoming)
        except msgspec.ValidationError as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        named = block.Datastream or block.MultiDatastream
        if named is None:
            raise NotFound(NO_DATASTREAM, id="–")
        return arrival_from(incoming, named.id, self._source, self._key)
