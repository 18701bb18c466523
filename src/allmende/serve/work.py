"""The work process: what is done on a schedule, beside the requests."""

import signal
import threading
import time
from collections.abc import Callable

import msgspec
import structlog

from allmende.accounts.rules import SystemActor
from allmende.apis.sensorthings.mqtt.session import read_broker
from allmende.connectors.simulation.files import drop_files
from allmende.connectors.simulation.generate import advance, is_running
from allmende.gate.door import Gate, open_gate
from allmende.gate.ledger import Ledger
from allmende.gate.quarantine import sweep_quarantine
from allmende.kernel.clock import today, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.quality.rounds import Checks
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
QUALITY_SECONDS = 10.0
COUNCIL = SystemActor("system:council")


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


def _warn(settings: Settings, gate: Gate) -> None:
    """Judge the rules of alerts, and send the messages that are due."""
    set_up_django()
    from allmende.alerts.services import Ways, deliver, evaluate

    evaluate(gate, utc_now())
    broker = read_broker(settings.mqtt_url, settings.mqtt_ca) if settings.mqtt_url else None
    deliver(utc_now(), Ways(settings.source_hosts, broker))


def _council(settings: Settings) -> None:
    """Ask the council's systems that are due for papers."""
    set_up_django()
    from django.db import connections

    from allmende.council.services import import_due

    house = source_house(settings)
    try:
        import_due(COUNCIL, now=utc_now(), allowed_hosts=house.allowed_hosts, contact=house.contact)
    finally:
        connections.close_all()


def _remind(settings: Settings) -> None:
    """Send the weekly mail about what is late or due soon, where a mail server is set."""
    if not settings.mail_url:
        return
    set_up_django()
    from allmende.programme.services.reminders import send_digests

    send_digests(today(), base=settings.public_url.rstrip("/"))


def _determine(gate: Gate) -> None:
    """Determine the values of the indicators that are due by their rhythm."""
    set_up_django()
    from allmende.accounts.rules import SystemActor
    from allmende.effects.runs import run_due

    run_due(SystemActor("system:work"), gate=gate, today=today())


def _address(settings: Settings) -> Callable[[str, str], str]:
    """Give how a page of the portal is addressed in mails."""
    from django.urls import reverse

    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    return lambda name, word: base + reverse(name, args=[word])


def _write_to_people(settings: Settings) -> None:
    """Send the mails that are due, and each follower's digest of the day."""
    set_up_django()
    from allmende.participation.services.notices import send_digests, send_mails

    send_mails(utc_now())
    send_digests(utc_now(), _address(settings))


def _publish_and_forget(settings: Settings) -> None:
    """Write the open data of the participation once a day, and forget what is due."""
    set_up_django()
    from allmende.participation.services.opinions import look_again
    from allmende.participation.services.processes import forget_ended
    from allmende.participation.services.snapshot import newest_snapshot, write_snapshot

    now = utc_now()
    forget_ended(now)
    look_again(now)
    newest = newest_snapshot(settings.home)
    if newest is None or newest.name[:8] < f"{now:%Y%m%d}":
        write_snapshot(settings.home, now)


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
    jobs = [
        Job(name="heartbeat", every_seconds=HEARTBEAT_SECONDS, run=lambda: _beat(settings)),
        Job(name="retention", every_seconds=3600.0, run=lambda: delete_overdue(gate, utc_now())),
        Job(name="demonstration", every_seconds=300.0, run=lambda: _advance_demonstration(settings, gate)),
        Job(name="sealing", every_seconds=60.0, run=lambda: _seal(gate)),
        Job(name="ledger", every_seconds=1.0, run=Sequencer(gate, settings).run),
        Job(name="ledger days", every_seconds=600.0, run=lambda: Ledger(gate).close_days()),
        Job(name="quarantine", every_seconds=3_600.0, run=lambda: sweep_quarantine(gate)),
        Job(name="sources", every_seconds=SOURCES_SECONDS, run=rounds.look),
        Job(name="alerts", every_seconds=15.0, run=lambda: _warn(settings, gate), due=time.monotonic() + 15.0),
        Job(
            name="quality",
            every_seconds=QUALITY_SECONDS,
            run=Aside("quality", Checks(gate).look),
            due=time.monotonic() + 5.0,
        ),
        Job(
            name="council",
            every_seconds=60.0,
            run=Aside("council", lambda: _council(settings)),
            due=time.monotonic() + 30.0,
        ),
        Job(name="reminders", every_seconds=3_600.0, run=lambda: _remind(settings), due=time.monotonic() + 60.0),
        Job(name="indicators", every_seconds=600.0, run=lambda: _determine(gate), due=time.monotonic() + 20.0),
        Job(name="mails", every_seconds=15.0, run=lambda: _write_to_people(settings), due=time.monotonic() + 20.0),
        Job(name="open data", every_seconds=900.0, run=lambda: _publish_and_forget(settings)),
        Job(name="raw replies", every_seconds=3_600.0, run=rounds.sweep),
    ]
    try:
        while not stop.wait(0.5):
            _run_due(jobs, time.monotonic())
    finally:
        rounds.close()
        gate.close()
