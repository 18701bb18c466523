"""Observations over HTTP: read, stored together with what comes in at the same time, and answered when durable."""

from collections.abc import Sequence
from typing import Any

import anyio.to_thread
import msgspec

from allmende.apis.sensorthings.create import BAD_BODY, Blocks, Incoming, Slot, arrival_from, stream_of
from allmende.apis.sensorthings.ingest import Ingest, Outcome
from allmende.apis.sensorthings.nested import Making
from allmende.gate.door import Gate
from allmende.gate.query import Arrival
from allmende.gate.tokens import LACKS_SCOPE
from allmende.kernel.errors import AllmendeError, Malformed

_decoder = msgspec.json.Decoder(Incoming)
LARGE = 30_000


class Creating:
    """Creates observations for whoever sends a token."""

    def __init__(self, gate: Gate, ingest: Ingest) -> None:
        self._gate = gate
        self.ingest = ingest

    def known(self, plain: str) -> str | None:
        """Name the source of a token that was seen lately; None for any other."""
        return self.ingest.known(plain)

    def plain(self, body: bytes, named: int | None, source: str, key: str) -> Arrival | None:
        """Read an observation for which nothing has to be looked up; None for any other, also for a faulty one."""
        try:
            incoming = _decoder.decode(body)
            if incoming.MultiDatastream is not None or isinstance(incoming.result, list) or incoming.nested:
                return None
            return arrival_from(incoming, stream_of(self._gate, incoming, named, multi=False), source, key)
        except (msgspec.DecodeError, UnicodeDecodeError, AllmendeError):
            return None

    async def one(self, plain: str, body: bytes, named: int | None, key: str, *, multi: bool) -> tuple[int, bool]:
        """Store one observation; give its number and whether it is new. ``multi`` names a MultiDatastream."""
        source = await self.ingest.source(plain)
        try:
            incoming = _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        if multi or incoming.MultiDatastream is not None or isinstance(incoming.result, list):
            stream = await anyio.to_thread.run_sync(lambda: stream_of(self._gate, incoming, named, multi=multi))
        else:
            stream = stream_of(self._gate, incoming, named, multi=False)
        if incoming.nested:
            return await anyio.to_thread.run_sync(lambda: Making(self._gate, plain, key).along(incoming, stream, body))
        (outcome,) = await self.ingest.put(plain, [[arrival_from(incoming, stream, source, key)]])
        if isinstance(outcome, AllmendeError):
            raise outcome
        return outcome.ids[0], outcome.added == 1

    async def arrays(self, plain: str, body: bytes, key: str, root: str) -> tuple[list[str], int]:
        """Store blocks of observations; give for each its address or ``error`` with the reason (clause 13.3).

        Tells too how many are new.
        """
        source = await self.ingest.source(plain)
        reading = _Arrays(Blocks(body, source, key), root)
        if len(body) > LARGE:
            await anyio.to_thread.run_sync(reading.read)
        else:
            reading.read()
        while reading.waiting:
            sent, batches = reading.next_batches()
            outcomes = await self.ingest.put(plain, batches)
            reading.settle(sent, outcomes)
        return reading.answers(), reading.added


class _Part(msgspec.Struct):
    """Some rows of a block, and where their answers belong."""

    batch: Any
    answers: list[str]
    places: Sequence[int]
    block: int


class _Arrays:
    """The answers of one request while its rows are stored; what is refused as a whole is halved until it is found."""

    def __init__(self, blocks: Blocks, root: str) -> None:
        self._blocks, self._root = blocks, root
        self._answers: list[list[str]] = []
        self.waiting: list[_Part] = []
        self.added = 0

    def read(self) -> None:
        """Read the blocks."""
        for place in range(len(self._blocks)):
            columns = self._blocks.columns(place)
            if columns is None:
                self._read_rows(place)
                continue
            answers: list[str] = [""] * len(columns.start)
            self._answers.append(answers)
            self.waiting.append(_Part(columns, answers, range(len(answers)), place))

    def _read_rows(self, place: int, answers: list[str] | None = None) -> None:
        slots: list[Slot] = self._blocks.arrivals(place)
        if answers is None:
            answers = [""] * len(slots)
            self._answers.append(answers)
        rows: list[Arrival] = []
        places = []
        for index, slot in enumerate(slots):
            if isinstance(slot, AllmendeError):
                answers[index] = _told(slot)
            else:
                rows.append(slot)
                places.append(index)
        if rows:
            self.waiting.append(_Part(rows, answers, places, place))

    def next_batches(self) -> tuple[list[_Part], list[Any]]:
        """Give what is to be stored next."""
        sent, self.waiting = self.waiting, []
        return sent, [part.batch for part in sent]

    def settle(self, sent: list[_Part], outcomes: list[Outcome]) -> None:
        """Note what became of it; what was refused and holds several rows is tried again in halves."""
        for part, outcome in zip(sent, outcomes, strict=True):
            if isinstance(outcome, AllmendeError):
                self._refused(part, outcome)
                continue
            self.added += outcome.added
            start = f"{self._root}/Observations("
            for place, number in zip(part.places, outcome.ids, strict=True):
                part.answers[place] = f"{start}{number})"

    def _refused(self, part: _Part, error: AllmendeError) -> None:
        if error.status == 401 or error.status >= 500 or error.code is LACKS_SCOPE:
            raise error
        if error.status == 403:
            for place in part.places:
                part.answers[place] = _told(error)
        elif not isinstance(part.batch, list):
            self._read_rows(part.block, part.answers)
        elif len(part.batch) == 1:
            part.answers[part.places[0]] = _told(error)
        else:
            half = len(part.batch) // 2
            for piece in (slice(None, half), slice(half, None)):
                self.waiting.append(_Part(part.batch[piece], part.answers, part.places[piece], part.block))

    def answers(self) -> list[str]:
        """Give the answers in the order of the rows."""
        return [answer for answers in self._answers for answer in answers]


def _told(error: AllmendeError) -> str:
    return f"error: {error.what.en}"
