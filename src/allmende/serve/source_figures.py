"""What ``/metrics`` shows of sources: the figures of the staff's page."""

import time
from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from allmende.gate.door import Ask, Asker, Gate
from allmende.kernel.errors import AllmendeError
from allmende.sources.counts import Counts
from allmende.sources.definition import Connector, connectors
from allmende.sources.health import WORDS, Health, health
from allmende.sources.orders import Orders
from allmende.sources.run import House

ASK = Ask(Asker("system:metrics"), "use", "", "administration")
# Whoever asks more often gets what was read last: it is read from files and the store.
KEPT_SECONDS = 10.0
MICROS = 1_000_000
# Name, what it means, and how it is read; a value that is not known is not told.
PLAIN = (
    ("last_value_timestamp_seconds", "Time of the newest value", lambda one: _seconds(one.state.last_value)),
    (
        "last_success_timestamp_seconds",
        "Time of the last run without fault",
        lambda one: _seconds(one.state.last_success),
    ),
    ("next_run_timestamp_seconds", "When it is asked again", lambda one: one.state.next_run or None),
    ("lag_seconds", "Age of the newest value", lambda one: one.lag),
    ("failures", "Runs in a row that failed", lambda one: one.state.failures),
    ("taken", "Values stored by the last run; of one that sends by itself, of all", lambda one: one.state.taken),
    ("unread", "Messages that could not be read", lambda one: one.state.unread),
)


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros / MICROS


class SourceFigures(Collector):
    """Reads the figures of all sources; ``refresh`` may wait for disk and store, ``collect`` does not."""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house, self._counts = house, Counts(gate)
        self._read_at = -KEPT_SECONDS
        self._found: list[Health] = []
        self._paused: set[str] = set()
        self._today: dict[str, int] = {}

    def refresh(self) -> None:
        """Read anew what is older than ten seconds."""
        if time.monotonic() - self._read_at < KEPT_SECONDS:
            return
        self._read_at = time.monotonic()
        self._found = health(self._house)
        self._paused = {one.name for one in self._found if Orders(self._house, one.name).paused}
        sound = [one for one in connectors(self._house.home) if isinstance(one, Connector)]
        try:
            self._today = self._counts.today(sound, ASK)
        except AllmendeError:
            self._today = {}

    def collect(self) -> Iterator[Metric]:
        """Give the figures in the form of Prometheus."""
        state = GaugeMetricFamily(
            "allmende_source_state", "1 for the state that a source has", labels=["source", "state"]
        )
        paused = GaugeMetricFamily("allmende_source_paused", "1 where staff halted a source", labels=["source"])
        refused = GaugeMetricFamily(
            "allmende_source_refused", "Values that were refused, as for taken", labels=["source", "reason"]
        )
        today = GaugeMetricFamily("allmende_source_values_today", "Values of this day (UTC)", labels=["source"])
        for one in self._found:
            for word in WORDS:
                state.add_metric([one.name, word], float(word == one.word))
            paused.add_metric([one.name], float(one.name in self._paused))
            for reason, count in one.state.refused.items():
                refused.add_metric([one.name, reason], count)
            if one.name in self._today:
                today.add_metric([one.name], self._today[one.name])
        yield from (state, paused, refused, today)
        for name, text, read in PLAIN:
            family = GaugeMetricFamily(f"allmende_source_{name}", text, labels=["source"])
            for one in self._found:
                value = read(one)
                if value is not None and one.word != "broken":
                    family.add_metric([one.name], float(value))
            yield family
