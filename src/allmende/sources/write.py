"""Readings through the gate: each once, however often they come; what differs is corrected or refused, on record."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.quarantine import keep_refused
from allmende.gate.query import Arrival, Batch, Block, Correction, Receipt
from allmende.kernel.clock import iso_from_micros
from allmende.kernel.errors import AllmendeError, Conflict, Invalid
from allmende.sources.definition import Connector
from allmende.sources.parse import Reading, Refusal
from allmende.sources.streams import Streams

TOGETHER, FEW, KEPT = 2_000, 8, 1_000
FORECAST = "forecast"
DIFFERS = "observation.differs"
RECIPIENT = "administration"


class Outcome(msgspec.Struct):
    """What became of readings; ``refusals`` keeps the first thousand, the counts are of all."""

    taken: int = 0
    repeated: int = 0
    corrected: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    refusals: list[Refusal] = []
    latest: int | None = None

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal and keep it while there is room."""
        self.refused[refusal.reason] += 1
        if len(self.refusals) < KEPT:
            self.refusals.append(refusal)

    def count(self, added: int, repeated: int, start: int) -> None:
        """Count what is stored, the newest of which begins at ``start``."""
        self.taken += added
        self.repeated += repeated
        self.latest = start if self.latest is None or start > self.latest else self.latest

    def add(self, other: "Outcome") -> None:
        """Take what became of other readings along."""
        self.taken += other.taken
        self.repeated += other.repeated
        self.corrected += other.corrected
        self.refused += other.refused
        self.refusals = (self.refusals + other.refusals)[:KEPT]
        self.latest = max((one for one in (self.latest, other.latest) if one is not None), default=None)


# A reading, how it is stored, and where what becomes of it is counted.
Single = tuple[Reading, Arrival, Outcome]


def collecting(gate: Gate, connector: Connector, asker: str) -> Grant:
    """Give the permission to collect for a connector; refuse, on record, where its category is closed."""
    grant = gate.grant(Ask(Asker(asker), "collect", connector.recipe.purpose, RECIPIENT))
    gate.require_open(grant, connector.recipe.category)
    return grant


class Sink:
    """Where the readings of one connector go, under one grant."""

    def __init__(self, gate: Gate, connector: Connector, grant: Grant, streams: Streams | None = None) -> None:
        self._gate, self._connector, self._grant = gate, connector, grant
        self._streams = streams or Streams(gate, connector)
        # By dataset: what comes by two ways, such as by webhook and from the storage, is one message all the same.
        self._source = f"dataset:{connector.recipe.dataset}"

    def write(self, found: Sequence[Reading | Refusal]) -> Outcome:
        """Store readings; durable when this returns."""
        outcome = Outcome()
        readings = each_once(found, outcome)
        numbers = self._streams.numbers(self._grant, readings)
        series: dict[int, list[Reading]] = {}
        for number, reading in zip(numbers, readings, strict=True):
            series.setdefault(number, []).append(reading)
        blocks, single = [], []
        for number, several in series.items():
            several.sort(key=lambda one: one.start)
            if len(several) >= FEW and _are_plain(several):
                blocks.append((self._block(number, several), number, several))
            else:
                single += [(number, one) for one in several]
        told = self._gate.append_all([(self._grant, block) for block, _, _ in blocks])
        for (_, number, several), one in zip(blocks, told, strict=True):
            if isinstance(one, Receipt):
                outcome.count(one.added, one.repeated, several[-1].start)
            else:
                single += [(number, reading) for reading in several]
        for place in range(0, len(single), TOGETHER):
            self._singly(single[place : place + TOGETHER], outcome)
        return outcome

    def _block(self, number: int, several: list[Reading]) -> Block:
        ends = [one.end for one in several if one.end is not None]
        known = [one.known for one in several if one.known is not None]
        return Block(
            datastream_id=number,
            start=np.array([one.start for one in several], np.int64),
            end=np.array(ends, np.int64) if ends else None,
            number=np.array([one.result for one in several], np.float64),
            result_time=np.array(known, np.int64) if known else None,
            source=self._source,
        )

    def _singly(self, pairs: list[tuple[int, Reading]], outcome: Outcome) -> None:
        """Store readings each for itself, so that one that is refused holds no other up."""
        singles = [(reading, self._arrival(number, reading), outcome) for number, reading in pairs]
        told = self._gate.append_all([(self._grant, [arrival]) for _, arrival, _ in singles])
        self.judge(singles, told)

    def arrivals(self, readings: Sequence[Reading]) -> list[Arrival]:
        """Write readings as they are stored; makes the datastreams that are not there yet."""
        numbers = self._streams.numbers(self._grant, readings)
        return [self._arrival(number, reading) for number, reading in zip(numbers, readings, strict=True)]

    def judge(self, singles: Sequence[Single], told: Sequence[Receipt | AllmendeError]) -> None:
        """Count what was stored singly; correct what the source changed, quarantine what cannot be stored."""
        doubtful: list[tuple[tuple[Grant, Batch], AllmendeError]] = []
        for (reading, arrival, outcome), one in zip(singles, told, strict=True):
            if isinstance(one, Receipt):
                outcome.count(one.added, one.repeated, reading.start)
            elif isinstance(one, Conflict) and one.code.code == DIFFERS:
                self._differing(reading, one, outcome)
            elif isinstance(one, Invalid):
                doubtful.append(((self._grant, [arrival]), one))
                outcome.refuse(self._refusal(reading, "quarantine"))
            else:
                raise one
        keep_refused(self._gate, [batch for batch, _ in doubtful], [error for _, error in doubtful])

    def _arrival(self, number: int, reading: Reading) -> Arrival:
        since = None if reading.since is None else {"counted_since": iso_from_micros(reading.since)}
        return Arrival(
            datastream_id=number,
            phenomenon_start=reading.start,
            phenomenon_end=reading.end,
            result=reading.result,
            result_time=reading.known,
            source=self._source,
            message=reading.message,
            quality=FORECAST if self._connector.recipe.forecast else "unchecked",
            parameters=since,
        )

    def _differing(self, reading: Reading, error: Conflict, outcome: Outcome) -> None:
        """Correct what the source changed; the former value stays readable. Otherwise it is refused."""
        number = error.params["id"]
        if self._connector.recipe.changed == "refuse" or not isinstance(number, int):
            outcome.refuse(self._refusal(reading, "differs"))
            return
        self._gate.correct(self._grant, number, Correction(result=reading.result), "changed by the source")
        outcome.corrected += 1

    def _refusal(self, reading: Reading, reason: str) -> Refusal:
        return Refusal(self._connector.recipe.values[reading.value].path, f"{reading.result:g}", reason)


def _are_plain(several: Sequence[Reading]) -> bool:
    """Tell whether readings are columns: numbers without a message that all have the same times."""
    first = several[0]
    return all(
        not one.message
        and one.since is None
        and not isinstance(one.result, bool)
        and (one.end is None) == (first.end is None)
        and (one.known is None) == (first.known is None)
        for one in several
    )


def each_once(found: Sequence[Reading | Refusal], outcome: Outcome) -> list[Reading]:
    """Leave out what stands twice in a reply; of two different values the first is taken."""
    seen: dict[tuple[object, ...], Reading] = {}
    for one in found:
        if isinstance(one, Refusal):
            outcome.refuse(one)
            continue
        key = (one.station, one.value, one.start, one.message)
        first = seen.setdefault(key, one)
        if first.result != one.result:
            outcome.refuse(Refusal(f"value {one.value}", f"{one.result:g}", "doubled-value"))
    return list(seen.values())
