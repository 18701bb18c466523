"""Creating observations (18-088, clauses 10.2 and 13): one by one, or many as a dataArray."""

import datetime as dt
from typing import Any

import msgspec

from allmende.apis.sensorthings.render import Json, self_link
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Arrival
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


class Reference(msgspec.Struct, frozen=True):
    """A link to an entity that is there already."""

    id: int = msgspec.field(name="@iot.id")


class Incoming(msgspec.Struct, frozen=True, rename={"phenomenon_time": "phenomenonTime", "result_time": "resultTime"}):
    """An observation in a body; members that SensorThings does not know are left aside."""

    result: Any
    phenomenon_time: str | None = None
    result_time: str | None = None
    parameters: Json | None = None
    Datastream: Reference | None = None
    MultiDatastream: Reference | None = None
    FeatureOfInterest: Reference | None = None

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


def arrival_from(incoming: Incoming, datastream: int, source: str, key: str) -> Arrival:
    """Give what a body says as an arrival from a source."""
    start, end = _times(incoming.phenomenon_time)
    return Arrival(
        datastream_id=datastream,
        phenomenon_start=start,
        phenomenon_end=end,
        result_time=_instant("resultTime", incoming.result_time) if incoming.result_time else None,
        result=incoming.result,
        source=source,
        message=key,
        parameters=incoming.parameters,
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


class Creator:
    """Creates observations for a token; the purpose is the one that the datastream's data use declares."""

    def __init__(self, gate: Gate, token: Token, root: str) -> None:
        token.require("sensorthings:write", "observations:write")
        self.gate, self.token, self.root = gate, token, root
        self._source = f"token:{token.name}"

    def _grant(self) -> Grant:
        return self.gate.grant(Ask(Asker(f"token:{self.token.name}"), "collect", DEFAULT_PURPOSE, RECIPIENT))

    def one(self, body: bytes, datastream: int | None, key: str, *, multi: bool = False) -> tuple[str, bool]:
        """Store one observation; give its address and whether it is new. ``multi`` names a MultiDatastream."""
        try:
            incoming = msgspec.json.decode(body, type=Incoming)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        datastream = stream_of(self.gate, incoming, datastream, multi=multi)
        receipt = self.gate.append(self._grant(), [arrival_from(incoming, datastream, self._source, key)])
        return self_link(self.root, "Observations", receipt.ids[0]), receipt.added == 1

    def arrays(self, body: bytes, key: str) -> list[str]:
        """Store blocks of observations; give for each its address, or ``error`` with the reason (clause 13.3)."""
        try:
            blocks = msgspec.json.decode(body, type=list[DataArray])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        grant = self._grant()
        answers: list[str] = []
        for block in blocks:
            answers += self._block(grant, block, key)
        return answers

    def _block(self, grant: Grant, block: DataArray, key: str) -> list[str]:
        answers: list[str] = []
        arrivals: list[Arrival] = []
        places: list[int] = []
        for place, row in enumerate(block.data_array):
            answers.append("")
            try:
                arrivals.append(self._row(block, row, key))
                places.append(place)
            except AllmendeError as error:
                answers[place] = f"error: {error.what.en}"
        self._store(grant, arrivals, places, answers)
        return answers

    def _row(self, block: DataArray, row: list[Any], key: str) -> Arrival:
        if len(row) != len(block.components):
            why = Text(
                f"{len(row)} Werte für {len(block.components)} components",
                f"{len(row)} values for {len(block.components)} components",
            )
            raise Malformed(BAD_BODY, why=why)
        values = dict(zip(block.components, row, strict=True))
        try:
            incoming = msgspec.convert(values, Incoming)
        except msgspec.ValidationError as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        named = block.Datastream or block.MultiDatastream
        if named is None:
            raise NotFound(NO_DATASTREAM, id="–")
        return arrival_from(incoming, named.id, self._source, key)

    def _store(self, grant: Grant, arrivals: list[Arrival], places: list[int], answers: list[str]) -> None:
        """Store all at once; where the door refuses one, store them one by one and name the bad ones."""
        try:
            receipt = self.gate.append(grant, arrivals) if arrivals else None
        except AllmendeError as error:
            if len(arrivals) == 1:
                answers[places[0]] = f"error: {error.what.en}"
                return
            half = len(arrivals) // 2
            self._store(grant, arrivals[:half], places[:half], answers)
            self._store(grant, arrivals[half:], places[half:], answers)
            return
        for place, number in zip(places, receipt.ids if receipt else (), strict=True):
            answers[place] = self_link(self.root, "Observations", number)
