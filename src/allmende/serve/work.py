"""The work process: what is done on a schedule, beside the requests."""

import signal
import threading
import time
from collections.abc import Callable

import msgspec
import structlog

from allmende.connectors.simulation.files import drop_files
from allmende.connectors.simulation.generate import advance, is_running
from allmende.gate.door import Gate, open_gate
from allmende.gate.ledger import Ledger
from allmende.gate.quarantine import sweep_quarantine
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.quality.rounds import Checks
from allmende.serve.datasets import declare_source
from allmende.serve.ledger import Sequencer
from allmende.serve.logs import configure_logs
from allmende.serve.portal_jobs import portal_jobs
from allmende.serve.retention import delete_overdue
from allmende.serve.settings import Settings
from allmende.sources.definition import Connector
from allmende.sources.rounds import Rounds
from allmende.sources.run import House

log = structlog.get_logger("allmende.work")
HEARTBEAT_SECONDS = 5.0
SOURCES_SECONDS = 2.0
QUALITY_SECONDS = 10.0


class Job(msgspec.Struct, kw_only=True):
    """Something that is done again and again; safe to do twice."""

    name: str
    every_seconds: float
    run: Callable[[], object]
    due: float = 0.0


def _advance_demonstration(settings: Settings, gate: Gate) -> None:
    """Add the simulated values that have come due, and the files of made-up instruments, in a demonstration."""
    if is_running(gate):
        advance(gate, utc_now())
        drop_files(settings.home, utc_now())


def _seal(gate: Gate) -> None:
    """Pack what makes a chunk, and what came before today."""
    gate.seal(utc_now().replace(hour=0, minute=0, second=0, microsecond=0))


def _beat(settings: Settings) -> None:
    """Leave a sign of life that /health of the data process reads."""
    folder = settings.home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "work.alive").write_text(utc_now().isoformat(), encoding="utf-8")


def source_house(settings: Settings) -> House:
    """Say where sources keep what they need, and whom they may ask."""
    return House(settings.home, settings.source_hosts, settings.public_url)


def _declare(settings: Settings, declared: set[str], connector: Connector) -> None:
    """Enter a source's dataset into the catalogue, once in the life of this process."""
    if connector.name not in declared:
        declare_source(settings, connector)
        declared.add(connector.name)


class Aside:
    """Does a job that may wait long for others in a thread of its own, one at a time."""

    def __init__(self, name: str, run: Callable[[], object]) -> None:
        self._name, self._run = name, run
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        """Begin, unless it still runs."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._guarded, name=self._name, daemon=True)
            self._thread.start()

    def _guarded(self) -> None:
        try:
            self._run()
        except Exception:
            log.exception("job broke", job=self._name)


def _run_due(jobs: list[Job], now: float) -> None:
    for job in jobs:
        if now < job.due:
            continue
        try:
            job.run()
            job.due = now + job.every_seconds
        except AllmendeError as error:
            log.warning("job failed", job=job.name, error=str(error))
            job.due = now + job.every_seconds
        except Exception:
            log.exception("job broke", job=job.name)
            job.due = now + job.every_seconds


def run_work(settings: Settings) -> None:
    """Do the jobs as they come due until SIGINT or SIGTERM; one that fails does not stop the others."""
    configure_logs()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    gate = open_gate(settings.store_url)
    declared: set[str] = set()
    rounds = Rounds(source_house(settings), gate, lambda one: _declare(settings, declared, one))
    begun = time.monotonic()
    jobs = [
        Job(name="heartbeat", every_seconds=HEARTBEAT_SECONDS, run=lambda: _beat(settings)),
        Job(name="retention", every_seconds=3600.0, run=lambda: delete_overdue(gate, utc_now())),
        Job(name="demonstration", every_seconds=300.0, run=lambda: _advance_demonstration(settings, gate)),
        Job(name="sealing", every_seconds=60.0, run=lambda: _seal(gate)),
        Job(name="ledger", every_seconds=1.0, run=Sequencer(gate, settings).run),
        Job(name="ledger days", every_seconds=600.0, run=lambda: Ledger(gate).close_days()),
        Job(name="quarantine", every_seconds=3_600.0, run=lambda: sweep_quarantine(gate)),
        Job(name="sources", every_seconds=SOURCES_SECONDS, run=rounds.look),
        Job(name="quality", every_seconds=QUALITY_SECONDS, run=Aside("quality", Checks(gate).look), due=begun + 5.0),
        Job(name="raw replies", every_seconds=3_600.0, run=rounds.sweep),
        *(
            Job(
                name=one.name,
                every_seconds=one.every_seconds,
                run=Aside(one.name, one.run),
                due=begun + one.after_seconds,
            )
            for one in portal_jobs(settings, gate, source_house(settings))
        ),
    ]
    try:
        while not stop.wait(0.5):
            _run_due(jobs, time.monotonic())
    finally:
        rounds.close()
        gate.close()
