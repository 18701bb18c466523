"""Messages turned into stored readings: many at once, each for itself, and what is remembered of them."""

import contextlib
import datetime as dt
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import cast

import msgspec

from allmende.apis.sensorthings.ingest import Ingest, Sender
from allmende.apis.sensorthings.ingest import Outcome as Answer
from allmende.connectors.replies import NOT_READABLE
from allmende.gate.door import Gate
from allmende.gate.query import Arrival, Receipt
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, Busy, Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.sources.archive import RawReply
from allmende.sources.definition import Connector
from allmende.sources.parse import Reading, Told
from allmende.sources.run import MQTT, House, keeps, note_unknown, topic_in
from allmende.sources.state import State
from allmende.sources.streams import Streams
from allmende.sources.write import Outcome, Single, Sink, each_once

GONE = ErrorCode(
    "ingest.streams_gone",
    Text("Messreihen dieser Quelle wurden eben gelöscht.", "Datastreams of this source have just been deleted."),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
SAVE_SECONDS = 1.0
# A frame that comes again within this time, with another time, is the same: the network heard it twice.
SAME_FRAME, MOST_FRAMES, RECALLED = 600 * 1_000_000, 200_000, 20_000
# Topic, empty over HTTP, and body.
Message = tuple[str, bytes]


class Parcel(msgspec.Struct):
    """Messages of one sender that came at once, and what became of them.

    ``error`` is why the whole parcel is refused, or the last of its messages that could not be read.
    """

    connector: Connector
    sender: Sender
    messages: list[Message]
    outcome: Outcome = msgspec.field(default_factory=Outcome)
    error: AllmendeError | None = None
    unread: int = 0
    kept: bool = False

    def apart(self) -> list["Parcel"]:
        """Give each message a parcel of its own."""
        return [Parcel(self.connector, self.sender, [one], kept=self.kept) for one in self.messages]


class _Read(msgspec.Struct):
    """The readings of one message."""

    parcel: Parcel
    readings: list[Reading]
    arrivals: list[Arrival] = []


class _Part(msgspec.Struct):
    """The messages of one sender, while they are being stored."""

    sender: Sender
    sink: Sink
    read: list[_Read]
    told: Future[list[Answer]] | None = None


class Reception:
    """Takes the messages of one source; blocks, and is called by one thread."""

    def __init__(self, house: House, gate: Gate, ingest: Ingest, name: str) -> None:
        self._gate, self._ingest, self._name = gate, ingest, name
        self._state, self._archive = house.state(name), house.archive(name)
        self._connector: Connector | None = None
        self._frames: dict[str, int] = {}
        self._saved, self._troubled = 0.0, True
        self._notes: list[Parcel] = []

    @property
    def unsaved(self) -> bool:
        """Tell whether the state on disk lags behind."""
        return bool(self._notes)

    def take(self, parcels: Sequence[Parcel]) -> None:
        """Store what is good of all; raise only what passes by itself, and then nothing is settled."""
        self._keep([one for one in parcels if not one.kept])
        for one in parcels:
            one.outcome, one.error, one.unread = Outcome(), None, 0
        place = 0
        while place < len(parcels):
            connector = parcels[place].connector
            run = [one for one in parcels[place:] if one.connector is connector]
            self._open(connector)
            self._take(run)
            place += len(run)

    def _keep(self, parcels: list[Parcel]) -> None:
        """Keep messages as they came."""
        received = utc_now().isoformat()
        self._archive.add(
            *(
                RawReply(received, MQTT + topic if topic else "", "", body)
                for one in parcels
                if keeps(one.connector)
                for topic, body in one.messages
            )
        )
        for one in parcels:
            one.kept = True

    def _open(self, connector: Connector) -> None:
        if self._connector is not connector:
            self._connector, self._parser = connector, connector.parser()
            self._topics = connector.recipe.reads_topic()
            self._streams = Streams(self._gate, connector)
            # Code that takes replies apart names a message by device, session and frame counter.
            if connector.recipe.parser and connector.recipe.message:
                if not self._frames:
                    self._recall(connector)
                self._parser.first_heard = self._first_heard

    def _recall(self, connector: Connector) -> None:
        """Know the frames again that were heard before this process began."""
        parser = connector.parser()
        parser.first_heard = self._first_heard
        for reply in self._archive.last(RECALLED):
            with contextlib.suppress(Invalid, RecursionError):
                received = micros_from_instant(dt.datetime.fromisoformat(reply.received))
                told = Told(received=received, topic=topic_in(connector, reply.url))
                parser.parse(reply.body, told)

    def _first_heard(self, frame: str, start: int) -> int:
        """Give the time that a frame had when it came first; much later it is another with the same number."""
        frames = self._frames
        first = frames.setdefault(frame, start)
        if first == start or abs(first - start) <= SAME_FRAME:
            return first
        frames[frame] = start
        return start

    def _forget_frames(self) -> None:
        # In one go: to look for the first of a dict passes over all that was removed before it.
        for frame in list(islice(self._frames, max(0, len(self._frames) - MOST_FRAMES))):
            del self._frames[frame]

    def _take(self, parcels: list[Parcel]) -> None:
        with self._counting() as state:
            if state is not None:
                self._parser.resume(state.counters)
            read = [one for parcel in parcels for one in self._read(parcel)]
            self._forget_frames()
            self._store(read)
            if state is not None:
                state.counters = self._parser.counted()
                _note(state, [*self._notes, *parcels])
                self._notes = []
        if state is None:
            self._notes += parcels
            troubled = any(one.error or one.outcome.refused["unknown-station"] for one in parcels)
            if troubled or self._troubled or time.monotonic() - self._saved > SAVE_SECONDS:
                self.flush()
            self._troubled = troubled

    @contextlib.contextmanager
    def _counting(self) -> Iterator[State | None]:
        """Give the state, to nobody else, where readings of counters go on from message to message."""
        if not self._parser.counters:
            yield None
            return
        with self._state.alone(self._name, wait=True) as state:
            yield state

    def flush(self) -> None:
        """Write what is to be remembered."""
        if self._notes:
            with self._state.alone(self._name, wait=True) as state:
                _note(state, self._notes)
            self._notes = []
            self._saved = time.monotonic()

    def _read(self, parcel: Parcel) -> Iterator[_Read]:
        """Read the messages of a parcel; one that cannot be read holds no other up."""
        connector, parser = parcel.connector, self._parser
        plain = Told(received=micros_from_instant(utc_now()))
        for topic, body in parcel.messages:
            try:
                told = plain
                if topic and self._topics:
                    told = msgspec.structs.replace(plain, topic=topic_in(connector, MQTT + topic))
                found = parser.parse(body, told)
            except (Invalid, RecursionError) as error:
                parcel.unread += 1
                parcel.error = error if isinstance(error, Invalid) else _too_deep(error)
                continue
            alone = len(found) == 1 and isinstance(found[0], Reading)
            readings = cast(list[Reading], found) if alone else each_once(found, parcel.outcome)
            if readings:
                yield _Read(parcel, readings)

    def _store(self, read: list[_Read]) -> None:
        """Store messages whole, and what is refused of one reading by reading."""
        parts = self._parts(read)
        for part in parts:
            part.told = self._ingest.submit(part.sender, [one.arrivals for one in part.read])
        for part in parts:
            self._judge(part)

    def _parts(self, read: list[_Read]) -> list[_Part]:
        """Put messages together by sender; what a sender may not send is refused."""
        found: dict[Sender, list[_Read]] = {}
        for one in read:
            found.setdefault(one.parcel.sender, []).append(one)
        parts = []
        for sender, several in found.items():
            connector = several[0].parcel.connector
            try:
                grant = sender.grant(self._gate)
                self._gate.require_open(grant, connector.recipe.category)
            except AllmendeError as error:
                _refuse(several, error)
                continue
            sink = Sink(self._gate, connector, grant, self._streams)
            arrivals = iter(sink.arrivals([reading for one in several for reading in one.readings]))
            for one in several:
                one.arrivals = [next(arrivals) for _ in one.readings]
            parts.append(_Part(sender, sink, several))
        return parts

    def _judge(self, part: _Part) -> None:
        told = part.told.result() if part.told is not None else []
        singles: list[Single] = []
        for one, answer in zip(part.read, told, strict=True):
            if isinstance(answer, Receipt):
                one.parcel.outcome.count(answer.added, answer.repeated, one.readings[-1].start)
            elif isinstance(answer, NotFound):
                self._streams.forget()
                raise Busy(GONE)
            elif isinstance(answer, Invalid | Conflict):
                outcome = one.parcel.outcome
                singles += [
                    (reading, arrival, outcome) for reading, arrival in zip(one.readings, one.arrivals, strict=True)
                ]
            else:
                _refuse([one], answer)
        if singles:
            answers = self._ingest.submit(part.sender, [(arrival,) for _, arrival, _ in singles]).result()
            part.sink.judge(singles, answers)


def _too_deep(error: RecursionError) -> Invalid:
    return Invalid(NOT_READABLE, form="JSON", why=str(error))


def _refuse(read: list[_Read], error: AllmendeError) -> None:
    """Refuse messages for good; what passes by itself is raised."""
    if error.status >= 500:
        raise error
    for one in read:
        one.parcel.error = error


def _note(state: State, parcels: Sequence[Parcel]) -> None:
    """Count parcels in the state of their source; trouble is where nothing at all could be read."""
    state.last_run = micros_from_instant(utc_now())
    well = False
    for one in parcels:
        outcome = one.outcome
        state.taken += outcome.taken
        state.repeated += outcome.repeated
        state.corrected += outcome.corrected
        for reason, number in outcome.refused.items():
            state.refused[reason] = state.refused.get(reason, 0) + number
        note_unknown(state, outcome)
        if outcome.latest is not None:
            state.last_value = max(state.last_value or outcome.latest, outcome.latest)
        state.unread += one.unread
        if one.unread and one.error is not None:
            state.last_unread = State.told(one.error)
        well = well or one.error is None or 0 < one.unread < len(one.messages)
    error = next((one.error for one in reversed(parcels) if one.error is not None), None)
    if well:
        state.last_success, state.failures, state.trouble = state.last_run, 0, None
    elif error is not None:
        state.failures += 1
        state.trouble = State.told(error)
