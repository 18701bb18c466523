"""The work process: what is done on a schedule, beside the requests."""

import signal
import threading
import time
from collections.abc import Callable

import msgspec
import structlog

from allmende.connectors.simulation.generate import advance, is_running
from allmende.gate.door import Gate, open_gate
from allmende.gate.ledger import Ledger
from allmende.gate.quarantine import sweep_quarantine
from allmende.kernel.clock import today, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.serve.datasets import declare_source
from allmende.serve.ledger import Sequencer
from allmende.serve.logs import configure_logs
from allmende.serve.retention import delete_overdue
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django
from allmende.sources.definition import Connector
from allmende.sources.rounds import Rounds
from allmende.sources.run import House

log = structlog.get_logger("allmende.work")
HEARTBEAT_SECONDS = 5.0
SOURCES_SECONDS = 2.0


class Job(msgspec.Struct, kw_only=True):
    """Something that is done again and again; safe to do twice."""

    name: str
    every_seconds: float
    run: Callable[[], object]
    due: float = 0.0


def _advance_demonstration(gate: Gate) -> None:
    """Add the simulated values that have come due, where a demonstration was set up."""
    if is_running(gate):
        advance(gate, utc_now())


def _seal(gate: Gate) -> None:
    """Pack what makes a chunk, and what came before today."""
    gate.seal(utc_now().replace(hour=0, minute=0, second=0, microsecond=0))


def _beat(settings: Settings) -> None:
    """Leave a sign of life that /health of the data process reads."""
    folder = settings.home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "work.alive").write_text(utc_now().isoformat(), encoding="utf-8")


def _warn(settings: Settings, gate: Gate) -> None:
    """Judge the rules of alerts, and send the messages that are due."""
    set_up_django()
    from allmende.alerts.services import deliver, evaluate

    evaluate(gate, utc_now())
    deliver(utc_now(), settings.source_hosts)


def _determine(gate: Gate) -> None:
    """Determine the values of the indicators that are due by their rhythm."""
    set_up_django()
    from allmende.accounts.rules import SystemActor
    from allmende.effects.runs import run_due

    run_due(SystemActor("system:work"), gate=gate, today=today())


def _remind(settings: Settings) -> None:
    """Send the weekly mail about what is late or due soon, where a mail server is set."""
    if not settings.mail_url:
        return
    set_up_django()
    from allmende.programme.services.reminders import send_digests

    send_digests(today(), base=settings.public_url.rstrip("/"))


def source_house(settings: Settings) -> House:
    """Say where sources keep what they need, and whom they may ask."""
    return House(settings.home, settings.source_hosts, settings.public_url)


def _declare(settings: Settings, declared: set[str], connector: Connector) -> None:
    """Enter a source's dataset into the catalogue, once in the life of this process."""
    if connector.name not in declared:
        declare_source(settings, connector)
        declared.add(connector.name)


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
    jobs = [
        Job(name="heartbeat", every_seconds=HEARTBEAT_SECONDS, run=lambda: _beat(settings)),
        Job(name="retention", every_seconds=3600.0, run=lambda: delete_overdue(gate, utc_now())),
        Job(name="demonstration", every_seconds=300.0, run=lambda: _advance_demonstration(gate)),
        Job(name="sealing", every_seconds=60.0, run=lambda: _seal(gate)),
        Job(name="ledger", every_seconds=1.0, run=Sequencer(gate, settings).run),
        Job(name="ledger days", every_seconds=600.0, run=lambda: Ledger(gate).close_days()),
        Job(name="quarantine", every_seconds=3_600.0, run=lambda: sweep_quarantine(gate)),
        Job(name="sources", every_seconds=SOURCES_SECONDS, run=rounds.look),
        Job(name="alerts", every_seconds=15.0, run=lambda: _warn(settings, gate), due=time.monotonic() + 15.0),
        Job(name="indicators", every_seconds=600.0, run=lambda: _determine(gate), due=time.monotonic() + 20.0),
        Job(name="reminders", every_seconds=3_600.0, run=lambda: _remind(settings), due=time.monotonic() + 60.0),
        Job(name="raw replies", every_seconds=3_600.0, run=rounds.sweep),
    ]
    try:
        while not stop.wait(0.5):
            _run_due(jobs, time.monotonic())
    finally:
        rounds.close()
        gate.close()
