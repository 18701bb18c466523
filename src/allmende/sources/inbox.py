"""Folders that are watched: each file is taken once by its content, put away, and what was wrong lies beside it."""

import contextlib
import csv
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from allmende.connectors.table.load import load
from allmende.connectors.table.report import LoadReport, write_refusals
from allmende.gate.door import Gate
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.ask import targets
from allmende.sources.definition import Connector
from allmende.sources.parse import REASONS, Refusal, Told
from allmende.sources.run import House, failed, remember, succeeded
from allmende.sources.state import State
from allmende.sources.write import Outcome, Sink, collecting

DONE, FAILED = "done", "failed"
UNFINISHED = (".part", ".tmp", ".crdownload", "~")
SETTLED_SECONDS, STUCK_SECONDS = 5.0, 600.0
LARGEST, MOST_KNOWN, PIECE = 500_000_000, 20_000, 1_048_576

STUCK = ErrorCode(
    "source.inbox_stuck",
    Text(
        "Die Datei {file} lässt sich nicht lesen und wegräumen ({why}).",
        "The file {file} cannot be read and put away ({why}).",
    ),
    Text("Geben Sie dem Programm Schreibrecht im Ordner {folder}.", "Let the program write in the folder {folder}."),
)
TOO_BIG = ErrorCode(
    "source.file_too_big",
    Text("Die Datei {file} ist größer als {limit} Bytes.", "The file {file} is bigger than {limit} bytes."),
    Text("Teilen Sie sie, oder laden Sie sie mit allmende load.", "Split it, or load it with allmende load."),
)


def inbox(house: House, name: str) -> Path:
    """Give the folder in which files for a source are put."""
    return house.home / "inbox" / name


def waiting(house: House, name: str, *, settled: bool = True) -> list[Path]:
    """Give the files that wait, oldest first; with ``settled`` only those that nobody has written to of late."""
    folder = inbox(house, name)
    if not folder.is_dir():
        return []
    before = time.time() - (SETTLED_SECONDS if settled else 0.0)
    found = []
    for entry in os.scandir(folder):
        # A link could lead to any file of this machine.
        plain = entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
        if plain and not entry.name.endswith(UNFINISHED) and entry.stat().st_mtime <= before:
            found.append((entry.stat().st_mtime, Path(entry.path)))
    return [path for _, path in sorted(found)]


def take_all(house: House, gate: Gate, connector: Connector, *, settled: bool = True) -> Outcome:
    """Take the files that wait; one that is broken holds no other up. Raises the first error at the end."""
    inbox(house, connector.name).mkdir(parents=True, exist_ok=True)
    with house.state(connector.name).alone(connector.name) as state:
        state.last_run = micros_from_instant(utc_now())
        outcome, first = Outcome(), None
        for path in waiting(house, connector.name, settled=settled):
            try:
                outcome.add(_take(house, gate, connector, state, path))
            except Busy as error:
                failed(state, connector, error)
                raise
            except AllmendeError as error:
                first = first or error
        remember(state, outcome)
        if first is not None:
            failed(state, connector, first)
            state.next_run = time.time() + STUCK_SECONDS if first.code is STUCK else 0.0
            raise first
        succeeded(state, connector)
        return outcome


def take_upload(house: House, gate: Gate, connector: Connector, body: bytes, asker: str) -> Outcome:
    """Take a file that was sent, for ``asker``; durable when this returns."""
    folder = inbox(house, connector.name)
    folder.mkdir(parents=True, exist_ok=True)
    # A hidden name: nobody else takes it meanwhile.
    path = folder / f".upload-{hashlib.sha256(body).hexdigest()[:16]}-{os.getpid()}-{time.monotonic_ns()}.csv"
    path.write_bytes(body)
    try:
        with house.state(connector.name).alone(connector.name, wait=True) as state:
            state.last_run = micros_from_instant(utc_now())
            try:
                outcome = _take(house, gate, connector, state, path, asker)
            except AllmendeError as error:
                failed(state, connector, error)
                raise
            remember(state, outcome)
            succeeded(state, connector)
            return outcome
    finally:
        path.unlink(missing_ok=True)


def _take(house: House, gate: Gate, connector: Connector, state: State, path: Path, asker: str = "") -> Outcome:
    """Take one file, unless its content was taken already; put it away."""
    asker = asker or f"system:connector:{connector.name}"
    stamp = f"{utc_now():%Y%m%dT%H%M%S}-{path.name.lstrip('.')}"
    with _put_away(path):
        key = _hash(path)
        if key in state.files:
            _move(path, DONE, f"{stamp}.again")
            return Outcome()
        try:
            outcome = _read(gate, connector, path, asker, path.parent / DONE / f"{stamp}.refused.csv")
        except Busy:
            raise
        except AllmendeError as error:
            _move(path, FAILED, stamp)
            said = "\n".join((error.what.de, error.next.de, "", error.what.en, error.next.en, ""))
            (path.parent / FAILED / f"{stamp}.error.txt").write_text(said, encoding="utf-8")
            raise
        state.files = dict(list(state.files.items())[1 - MOST_KNOWN :]) | {key: stamp}
        # Known before it is put away: what cannot be moved is not read again and again.
        house.state(connector.name).write(state)
        _move(path, DONE, stamp)
        return outcome


@contextlib.contextmanager
def _put_away(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Invalid(STUCK, file=path.name, why=error.strerror or str(error), folder=path.parent) from error


def _move(path: Path, where: str, name: str) -> None:
    (path.parent / where).mkdir(exist_ok=True)
    shutil.move(path, path.parent / where / name)


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def _read(gate: Gate, connector: Connector, path: Path, asker: str, refusals: Path) -> Outcome:
    """Store what a file holds; what is refused is written down beside it, by line where it is a table."""
    if connector.mapping is not None:
        report = load(gate, [path], connector.mapping, by=asker)
        if report.refusals:
            refusals.parent.mkdir(exist_ok=True)
            write_refusals(report, refusals)
        return _told(report)
    if path.stat().st_size > LARGEST:
        raise Invalid(TOO_BIG, file=path.name, limit=LARGEST)
    asked = "" if connector.recipe.station else targets(connector)[0]
    received = int(path.stat().st_mtime * 1_000_000)
    found = connector.parser().parse(path.read_bytes(), Told(asked, None, received))
    outcome = Sink(gate, connector, collecting(gate, connector, asker)).write(found)
    if outcome.refusals:
        refusals.parent.mkdir(exist_ok=True)
        _write(outcome, refusals)
    return outcome


def _told(report: LoadReport) -> Outcome:
    outcome = Outcome(taken=report.taken, repeated=report.repeated, refused=report.refused)
    outcome.latest = max((one.latest for one in report.files if one.latest is not None), default=None)
    for one in report.refusals[:1_000]:
        place = f"{one.line} {one.column}".strip()
        outcome.refusals.append(Refusal(place, one.value, one.reason))
    return outcome


def _write(outcome: Outcome, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["stelle", "wert", "kennung", "grund", "reason"])
        for one in outcome.refusals:
            shown = f"'{one.shown}" if one.shown.startswith(("=", "+", "@", "\t")) else one.shown
            text = REASONS[one.reason]
            writer.writerow([one.what, shown, one.reason, text.de, text.en])
