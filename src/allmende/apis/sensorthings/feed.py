"""What is new among the observations that a reader may see, whichever process wrote it."""

import time

import msgspec

from allmende.gate.door import Ask, Gate, Grant
from allmende.gate.query import (
    Compare,
    Constant,
    Expression,
    Logic,
    Marks,
    Newer,
    Order,
    Path,
    Query,
    Record,
    Within,
)
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError, Denied

ID, TIME = Path(("id",)), Path(("phenomenonTime",))
PAGE = 1_000
LIMITED_SECONDS = 5.0


# What an observation keeps → the property that shows it.
SHOWN = {
    **dict.fromkeys(("phenomenon_start", "phenomenon_end"), "phenomenonTime"),
    **{"result": "result", "result_time": "resultTime", "quality": "resultQuality", "parameters": "parameters"},
}


class Correction(msgspec.Struct, frozen=True):
    """An observation as it is now, and which of its properties were different."""

    record: Record
    properties: tuple[str, ...]


class Fresh(msgspec.Struct, frozen=True):
    """New observations of one datastream, in order, and those told before that have been corrected."""

    datastream: int
    records: list[Record]
    multi: bool = False
    corrected: list[Correction] = []


class Trail(msgspec.Struct):
    """How far one datastream has been read.

    Observations come in the order of their ids. Where the rules hold them back or sum them up they appear in the order
    of their times; what arrives there for a time that has passed is not followed.
    """

    datastream: int
    limited: bool
    mark: int

    def place(self, record: Record) -> int:
        """Give what orders a record."""
        return int(record.value.phenomenon_start if self.limited else record.id)

    def read(self, gate: Gate, grant: Grant, where: Expression | None = None) -> list[Record]:
        """Read one page of what follows, and go there."""
        behind = self._beyond()
        query = Query(
            kind="Observations",
            within=Within("Datastreams", self.datastream),
            where=behind if where is None else Logic("and", (behind, where)),
            order=(Order(TIME), Order(ID)) if self.limited else (Order(ID),),
            top=PAGE,
        )
        return self.pass_by(gate.page(grant, query).records)

    def pass_by(self, records: list[Record]) -> list[Record]:
        """Give those of some records that follow, and go behind them."""
        found = [record for record in records if self.place(record) > self.mark]
        if found:
            self.mark = self.place(found[-1])
        return found

    def _beyond(self) -> Expression:
        if self.limited:
            return Compare("gt", TIME, Constant(self.mark, is_instant=True))
        return Compare("gt", ID, Constant(self.mark))

    def go_to_end(self, gate: Gate, grant: Grant) -> None:
        """Go behind all that is there."""
        if not self.limited:
            self.mark = gate.news(grant, None).marks.last(self.datastream)
            return
        within = Within("Datastreams", self.datastream)
        query = Query(kind="Observations", within=within, order=(Order(TIME, True), Order(ID, True)), top=1)
        found = gate.page(grant, query).records
        self.mark = self.place(found[0]) if found else 0

    def go_behind(self, gate: Gate, grant: Grant, observation: int) -> None:
        """Go behind an observation that was read before; one that is not seen any more leads to the end."""
        if not self.limited:
            self.mark = observation
            return
        found = gate.page(grant, Query(kind="Observations", id=observation, order=(Order(ID),), top=1)).records
        if found:
            self.mark = self.place(found[0])
        else:
            self.go_to_end(gate, grant)


class Standing:
    """A grant that is kept, and asked for again only when the rules or the day have changed."""

    def __init__(self, gate: Gate, ask: Ask) -> None:
        self._gate, self.ask = gate, ask
        self._asked: tuple[tuple[int, int], object] | None = None
        self.grant: Grant | None = None

    def renew(self) -> bool:
        """Bring the grant up to date, None where the rules open nothing; tell whether it was asked for again."""
        asked = (self._gate.versions(), today())
        if asked == self._asked:
            return False
        try:
            self.grant = self._gate.grant(self.ask)
        except Denied:
            self.grant = None
        self._asked = asked
        return True


class Feed:
    """Follows all datastreams that an asker may read. Blocks, and so runs in a thread, one at a time."""

    def __init__(self, gate: Gate, ask: Ask) -> None:
        self._gate, self._standing = gate, Standing(gate, ask)
        self._marks: Marks | None = None
        self._trails: dict[int, Trail] = {}
        self._looked = float("-inf")
        self.behind = self.renewed = False

    @property
    def entities(self) -> int:
        """Give the count of changes of entities at the last look."""
        return self._marks.entities if self._marks is not None else 0

    def poll(self) -> list[Fresh]:
        """Give what is new since the last time; the first time all that is there is known."""
        self.renewed = renewed = self._standing.renew()
        grant = self._standing.grant
        if renewed:
            self._trails, self._looked = {}, float("-inf")
        if grant is None:
            self._marks, self.behind = None, False
            return []
        news = self._gate.news(grant, self._marks)
        found = [self._fresh(grant, newer) for newer in news.newer]
        found += self._held_back(grant, news.limited, begin=renewed or self._marks is None)
        self._marks, self.behind = news.marks, news.behind
        return found

    def _fresh(self, grant: Grant, newer: Newer) -> Fresh:
        corrected = [found for number in newer.corrected for found in self._correction(grant, number)]
        return Fresh(newer.datastream, newer.records, newer.multi, corrected)

    def _correction(self, grant: Grant, number: int) -> list[Correction]:
        """Read a corrected observation, and what is different of it; one that is gone by now is no news."""
        found = self._gate.page(grant, Query(kind="Observations", id=number, order=(Order(ID),), top=1)).records
        former = self._gate.former(grant, number)
        if not found or not former:
            return []
        value = found[0].value
        names = [shown for name, shown in SHOWN.items() if getattr(value, name) != getattr(former[0], name)]
        return [Correction(found[0], tuple(dict.fromkeys(names)))]

    def _held_back(self, grant: Grant, limited: dict[int, bool], *, begin: bool) -> list[Fresh]:
        """Look more rarely at what appears only later, for that has to be computed."""
        now = time.monotonic()
        if now - self._looked < LIMITED_SECONDS:
            return []
        for number in limited.keys() - self._trails.keys():
            trail = Trail(number, True, 0)
            if begin:
                trail.go_to_end(self._gate, grant)
            self._trails[number] = trail
        marks = {number: self._trails[number].mark for number in limited}
        try:
            found = [Fresh(number, self._trails[number].read(self._gate, grant), limited[number]) for number in limited]
        except AllmendeError:
            for number, mark in marks.items():
                self._trails[number].mark = mark
            raise
        self._looked = now
        return [fresh for fresh in found if fresh.records]
