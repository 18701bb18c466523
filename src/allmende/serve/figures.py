"""What ``/metrics`` shows; counting costs little, the form of Prometheus is made when it is asked for."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from allmende.serve.source_figures import SourceFigures

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# Upper bounds in seconds.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Figures(Collector):
    """Requests by method and status, their times, and what was written. Counted in the loop's thread alone."""

    def __init__(self, listeners: Callable[[], int], sources: SourceFigures) -> None:
        self._listeners, self._sources = listeners, sources
        self._requests: Counter[tuple[str, int]] = Counter()
        self._places = [0] * (len(BOUNDS) + 1)
        self._seconds, self._observations = 0.0, 0
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self.registry.register(sources)

    def note(self, method: str, status: int, seconds: float) -> None:
        """Count one answer; methods that are none of HTTP's share a name, so that nobody can make ever more."""
        self._requests[method if method in METHODS else "other", status] += 1
        self._places[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def written(self, number: int) -> None:
        """Count new observations."""
        self._observations += number

    def collect(self) -> Iterator[Metric]:
        """Give all figures in the form of Prometheus."""
        requests = CounterMetricFamily("allmende_requests", "Requests", labels=["method", "status"])
        for (method, status), count in self._requests.items():
            requests.add_metric([method, str(status)], count)
        yield requests
        bounds = [*map(str, BOUNDS), "+Inf"]
        buckets = list(zip(bounds, map(float, accumulate(self._places)), strict=True))
        yield HistogramMetricFamily(
            "allmende_request_seconds", "Time to the answer's head", buckets=buckets, sum_value=self._seconds
        )
        yield CounterMetricFamily("allmende_observations_written", "New observations", value=self._observations)
        yield GaugeMetricFamily("allmende_live_listeners", "Listeners of event streams", value=self._listeners())

    async def answer(self, _request: Request) -> Response:
        """Give all figures as Prometheus reads them."""
        await anyio.to_thread.run_sync(self._sources.refresh)
        return Response(generate_latest(self.registry), 200, None, CONTENT_TYPE_LATEST)
