"""What is new among the observations that a reader may see, whichever process wrote it."""

import time

import msgspec

from allmende.gate.door import Ask, Gate, Grant
from allmende.gate.query import Compare, Constant, Expression, Logic, Order, Path, Query, Record, Within
from allmende.kernel.clock import today
from allmende.kernel.errors import Denied

ID, TIME = Path(("id",)), Path(("phenomenonTime",))
PAGE, STREAMS_PAGE, TRIES = 1_000, 1_000, 5
STREAMS_SECONDS, LIMITED_SECONDS = 2.0, 5.0


class Fresh(msgspec.Struct, frozen=True):
    """New observations of one datastream, in order."""

    datastream: int
    records: list[Record]


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
            order=self._order(),
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

    def _order(self, descending: bool = False) -> tuple[Order, ...]:
        return (Order(TIME, descending), Order(ID, descending)) if self.limited else (Order(ID, descending),)

    def go_back(self, gate: Gate, grant: Grant, number: int) -> None:
        """Go to the end, leaving so many of the last observations to be read."""
        query = Query(
            kind="Observations",
            within=Within("Datastreams", self.datastream),
            order=self._order(descending=True),
            skip=number,
            top=1,
        )
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
            self.go_back(gate, grant, 0)


class Standing:
    """A grant that is kept, and asked for again only when the rules or the day have changed."""

    def __init__(self, gate: Gate, ask: Ask) -> None:
        self._gate, self.ask = gate, ask
        self._asked: tuple[int, object] | None = None
        self.grant: Grant | None = None

    def renew(self) -> bool:
        """Bring the grant up to date, None where the rules open nothing; tell whether it was asked for again."""
        asked = (self._gate.rulebook().version, today())
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
        self._limited: dict[int, bool] = {}
        self._counts: dict[int, int] = {}
        self._trails: dict[int, Trail] = {}
        self._listed = self._looked = float("-inf")
        self.behind = False

    def poll(self) -> list[Fresh]:
        """Give what is new since the last time; the first time, and under new rules, all that is there is known."""
        self.behind = False
        begin = self._standing.renew()
        if begin:
            self._counts.clear()
            self._trails.clear()
            self._limited.clear()
            self._listed = self._looked = float("-inf")
        grant = self._standing.grant
        if grant is None:
            return []
        self._list(grant, begin)
        return [*self._plain(grant, begin), *self._held_back(grant)]

    def _list(self, grant: Grant, begin: bool) -> None:
        """Look now and then which datastreams there are, and which are given as they are."""
        now = time.monotonic()
        if now - self._listed < STREAMS_SECONDS:
            return
        self._listed = now
        after: str | None = None
        found: dict[int, bool] = {}
        while True:
            page = self._gate.page(grant, Query(kind="Datastreams", order=(Order(ID),), top=STREAMS_PAGE, after=after))
            for record in page.records:
                limits = grant.limits.get(record.value.category)
                found[record.id] = limits is None or not limits.plain
            after = page.next_after
            if after is None:
                break
        for number in found.keys() - self._limited.keys():
            if found[number]:
                self._trails[number] = trail = Trail(number, True, 0)
                if begin:
                    trail.go_back(self._gate, grant, 0)
        self._limited = found

    def _plain(self, grant: Grant, begin: bool) -> list[Fresh]:
        plain = [number for number, limited in self._limited.items() if not limited]
        if not plain:
            return []
        fresh = []
        for number, summary in self._gate.summary(grant, plain).items():
            known = summary.count if begin else self._counts.get(number, 0)
            if summary.count != known:
                fresh += self._newer(grant, number, known)
            if not self.behind:
                self._counts[number] = summary.count
        return fresh

    def _newer(self, grant: Grant, number: int, known: int) -> list[Fresh]:
        trail = self._trails.get(number)
        if trail is None:
            trail = self._trails[number] = self._starting(grant, number, known)
        records = trail.read(self._gate, grant)
        self.behind = self.behind or len(records) == PAGE
        return [Fresh(number, records)] if records else []

    def _starting(self, grant: Grant, number: int, known: int) -> Trail:
        """Find where the new ones of a datastream begin, between two counts that agree."""
        trail = Trail(number, False, 0)
        for _ in range(TRIES):
            grew = self._count(grant, number) - known
            trail.go_back(self._gate, grant, max(grew, 0))
            if self._count(grant, number) - known == grew:
                break
        return trail

    def _count(self, grant: Grant, number: int) -> int:
        summary = self._gate.summary(grant, [number]).get(number)
        return summary.count if summary is not None else 0

    def _held_back(self, grant: Grant) -> list[Fresh]:
        """Look more rarely at what appears only later, for that has to be computed."""
        now = time.monotonic()
        if now - self._looked < LIMITED_SECONDS:
            return []
        self._looked = now
        limited = (self._trails[number] for number, held in self._limited.items() if held)
        found = [Fresh(trail.datastream, trail.read(self._gate, grant)) for trail in limited]
        return [fresh for fresh in found if fresh.records]
