"""Whatever happens in whatever order, the store answers as a plain list of observations would."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from allmende.gate.door import Gate, Grant, migrate_store, open_gate
from allmende.gate.query import (
    Arrival,
    Correction,
    Datastream,
    ObservedProperty,
    Order,
    Path,
    Query,
    Sensor,
    Thing,
    Within,
)
from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.kernel.errors import Conflict
from tests.contract.conftest import COLLECT, DELETE, MINUTE, NOON, READ, STANDARD

STEP = 6 * 60 * MINUTE
STREAMS = 2
values = st.integers(-50, 50).map(float)
places = st.integers(0, 40)
streams = st.integers(0, STREAMS - 1)


class Kept(msgspec.Struct):
    """An observation as the model keeps it."""

    stream: int
    time: int
    value: float


class Histories(RuleBasedStateMachine):
    """A store and a model of it, side by side."""

    url = ""
    number = 0

    @initialize()
    def found(self) -> None:
        self.gate = open_gate(self.url)
        self.abandoned: list[Gate] = []
        self.kept: dict[int, Kept] = {}
        self.streams = [self._stream() for _ in range(STREAMS)]

    def _stream(self) -> int:
        Histories.number += 1
        word = f"history {Histories.number}"
        grant = self.collect()
        thing = self.gate.create(grant, "Things", Thing(name=word, description=""))
        sensor = self.gate.create(grant, "Sensors", Sensor(name=word, description=""))
        seen = ObservedProperty(name=word, definition="", description="")
        stream = Datastream(
            name=word,
            description="",
            unit="Cel",
            category="weather",
            data_use="tests",
            thing_id=thing,
            sensor_id=sensor,
            observed_property_id=self.gate.create(grant, "ObservedProperties", seen),
        )
        return self.gate.create(grant, "Datastreams", stream)

    def collect(self) -> Grant:
        return self.gate.grant(COLLECT)

    def read(self) -> Grant:
        return self.gate.grant(READ)

    def at(self, stream: int, time: int) -> int | None:
        """Give the id of what the model keeps at a time."""
        return next((number for number, one in self.kept.items() if (one.stream, one.time) == (stream, time)), None)

    @rule(place=streams, start=places, series=st.lists(values, min_size=1, max_size=8), order=st.randoms())
    def insert(self, place: int, start: int, series: list[float], order: Any) -> None:
        """Send a run of values, in any order; what is there already is sent as it is."""
        stream = self.streams[place]
        sent: dict[int, float] = {}
        for offset, value in enumerate(series):
            time = NOON + (start + offset) * STEP
            there = self.at(stream, time)
            sent[time] = self.kept[there].value if there is not None else value
        times = list(sent)
        order.shuffle(times)
        new = [time for time in times if self.at(stream, time) is None]
        arrivals = [Arrival(datastream_id=stream, phenomenon_start=time, result=sent[time]) for time in times]
        receipt = self.gate.append(self.collect(), arrivals)
        assert (receipt.added, receipt.repeated) == (len(new), len(times) - len(new))
        for time, number in zip(times, receipt.ids, strict=True):
            assert self.at(stream, time) in (None, number)
            self.kept[number] = Kept(stream, time, sent[time])

    @rule(pick=st.integers(0, 10_000), value=values)
    def contradict(self, pick: int, value: float) -> None:
        """Another value under the same name is refused, with all that came with it."""
        if not self.kept:
            return
        one = self.kept[sorted(self.kept)[pick % len(self.kept)]]
        fresh = Arrival(datastream_id=one.stream, phenomenon_start=NOON - DAY_MICROSECONDS, result=1.0, message="new")
        again = Arrival(datastream_id=one.stream, phenomenon_start=one.time, result=value)
        if value != one.value:
            with pytest.raises(Conflict):
                self.gate.append(self.collect(), [fresh, again])

    def pick(self, number: int) -> tuple[int, Kept]:
        """Choose one of what the model keeps."""
        chosen = sorted(self.kept)[number % len(self.kept)]
        return chosen, self.kept[chosen]

    @rule(number=st.integers(0, 10_000), value=values)
    def correct(self, number: int, value: float) -> None:
        """Put another value in place; the former one stays readable."""
        if self.kept:
            chosen, one = self.pick(number)
            before = len(self.gate.former(self.read(), chosen))
            self.gate.correct(self.collect(), chosen, Correction(result=value), "tests")
            former = self.gate.former(self.read(), chosen)
            assert (len(former), former[0].result, former[0].reason) == (before + 1, one.value, "tests")
            one.value = value

    @rule(number=st.integers(0, 10_000), place=places)
    def move(self, number: int, place: int) -> None:
        """Correct the time; a time that is taken is refused."""
        if self.kept:
            chosen, one = self.pick(number)
            time = NOON + place * STEP
            there = self.at(one.stream, time)
            if there in (None, chosen):
                self.gate.correct(self.collect(), chosen, Correction(phenomenon_start=time))
                one.time = time
            else:
                with pytest.raises(Conflict):
                    self.gate.correct(self.collect(), chosen, Correction(phenomenon_start=time))

    @rule(number=st.integers(0, 10_000), more=st.integers(0, 3))
    def remove(self, number: int, more: int) -> None:
        """Delete some by their number, whatever else is named with them."""
        if self.kept:
            chosen, one = self.pick(number)
            mine = [other for other, kept in self.kept.items() if kept.stream == one.stream and other >= chosen]
            gone = sorted(mine)[: more + 1]
            assert self.gate.remove(self.gate.grant(DELETE), one.stream, ids=[*gone, one.stream << 32]) == len(gone)
            for other in gone:
                del self.kept[other]

    @rule(stream=streams, place=places)
    def expire(self, stream: int, place: int) -> None:
        """Delete all that is older than a time."""
        number, until = self.streams[stream], NOON + place * STEP
        gone = [other for other, kept in self.kept.items() if kept.stream == number and kept.time < until]
        assert self.gate.remove(self.gate.grant(DELETE), number, until=until) == len(gone)
        for other in gone:
            del self.kept[other]

    @rule()
    def seal(self) -> None:
        """Pack what is fresh; nothing of it changes any answer."""
        self.gate.seal()
        assert self.gate.seal() == 0

    @rule()
    def reopen(self) -> None:
        """Close and open the store."""
        self.gate.close()
        self.gate = open_gate(self.url)

    @rule()
    def crash(self) -> None:
        """Open the store anew without having closed it."""
        self.abandoned.append(self.gate)
        self.gate = open_gate(self.url)

    def of(self, stream: int) -> list[tuple[int, Kept]]:
        """Give what the model keeps of a datastream, by time."""
        found = [(number, one) for number, one in self.kept.items() if one.stream == stream]
        return sorted(found, key=lambda pair: pair[1].time)

    @invariant()
    def pages_agree(self) -> None:
        """Every observation comes once, in order, with its id and value, and is counted."""
        for stream in self.streams:
            order = (Order(Path(("phenomenonTime",))),)
            query = Query(kind="Observations", within=Within("Datastreams", stream), order=order, top=7, count=True)
            found: list[tuple[int, int, float]] = []
            after: str | None = None
            while True:
                page = self.gate.page(self.read(), msgspec.structs.replace(query, after=after))
                found += [(record.id, record.value.phenomenon_start, record.value.result) for record in page.records]
                assert page.count in (None, len(self.of(stream)))
                if page.next_after is None:
                    break
                after = page.next_after
            assert found == [(number, one.time, one.value) for number, one in self.of(stream)]

    @invariant()
    def maintained_state_agrees(self) -> None:
        """Count, span and the latest are those of the observations."""
        summary, latest = self.gate.summary(self.read(), self.streams), self.gate.latest(self.read(), self.streams)
        for stream in self.streams:
            mine = self.of(stream)
            told = summary.get(stream)
            expected = (len(mine), mine[0][1].time, mine[-1][1].time) if mine else (0, None, None)
            assert ((told.count, told.first, told.last) if told else (0, None, None)) == expected
            assert (latest[stream].id if stream in latest else None) == (mine[-1][0] if mine else None)
            if mine:
                assert latest[stream].result == mine[-1][1].value

    @invariant()
    def series_and_days_agree(self) -> None:
        """The series of numbers, and the statistics of days, are those of the observations."""
        for stream in self.streams:
            mine = [one for _number, one in self.of(stream)]
            series = self.gate.series(self.read(), stream, 0, 2**62)
            assert list(zip(series.times.tolist(), series.values.tolist(), strict=True)) == [
                (one.time, one.value) for one in mine
            ]
            days: dict[dt.date, list[float]] = {}
            for one in mine:
                day = dt.datetime.fromtimestamp(one.time // 1_000_000, dt.UTC).date()
                days.setdefault(day, []).append(one.value)
            told = self.gate.days(self.read(), [stream], dt.date(2024, 1, 1), dt.date(2026, 1, 1))
            assert [(day.day, day.count, day.minimum, day.maximum, day.total) for day in told] == [
                (day, len(found), min(found), max(found), sum(found)) for day, found in sorted(days.items())
            ]

    def teardown(self) -> None:
        """Let go of everything."""
        for gate in (*getattr(self, "abandoned", []), self.gate):
            gate.close()


def test_every_history_is_answered_like_the_model(store_url: str) -> None:
    migrate_store(store_url)
    gate = open_gate(store_url)
    gate.publish(STANDARD, "tests")
    gate.close()
    Histories.url = store_url
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            phases=(Phase.explicit, Phase.generate),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
