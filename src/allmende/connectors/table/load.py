"""Tables loaded through the gate: all files are checked first, then written; a second run adds nothing."""

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from allmende.connectors.table.lines import FILE_MISSING, file_lines
from allmende.connectors.table.mapping import Mapping
from allmende.connectors.table.parse import Reading, TableParser
from allmende.connectors.table.reading import read_mapping
from allmende.connectors.table.report import FileReport, LoadReport, Refusal
from allmende.connectors.table.streams import Series, make_datastreams
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Arrival
from allmende.kernel.clock import iso_from_micros, micros_from_instant, utc_now
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.ids import slug_from_title
from allmende.kernel.text import Text

BATCH = 20_000
SMALL_BATCH = 64
STEP_BYTES = 65_536
STATIONS = 10_000

FILE_CHANGED = ErrorCode(
    "table.file_changed",
    Text("Die Datei {file} hat sich während des Ladens geändert.", "The file {file} changed while it was loaded."),
    Text(
        "Laden Sie sie noch einmal, wenn sie fertig geschrieben ist; bereits Geladenes wird nicht verdoppelt.",
        "Load it again once it is written; what was loaded is not doubled.",
    ),
)

Progress = Callable[[int, int], None]


def load_files(gate: Gate, files: Sequence[Path], mapping: Path, *, progress: Progress | None = None) -> LoadReport:
    """Load tables by a mapping file; raise before anything is written when a file or the mapping is broken."""
    return load(gate, files, read_mapping(mapping), progress=progress)


def load(
    gate: Gate, files: Sequence[Path], mapping: Mapping, *, progress: Progress | None = None, by: str = ""
) -> LoadReport:
    """Load tables by a mapping, for ``by``; the report counts what was taken, repeated, absent and refused."""
    asker = Asker(by or f"system:load:{mapping.id}")
    grant = gate.grant(Ask(asker, "collect", mapping.purpose, "administration"))
    gate.require_open(grant, mapping.category)
    run = _Load(gate, grant, mapping, files, progress or (lambda done, total: None))
    run.check()
    return run.write()


class _Load:
    """One run over the files: first checked whole, then written batch by batch."""

    def __init__(self, gate: Gate, grant: Grant, mapping: Mapping, files: Sequence[Path], progress: Progress) -> None:
        self._gate = gate
        self._grant = grant
        self._mapping = mapping
        self._files = files
        self._states = [_state(path) for path in files]
        self._total = 2 * sum(state.st_size for state in self._states)
        self._done = 0
        self._told = 0
        self._progress = progress
        self._now = micros_from_instant(utc_now())
        self._known = mapping.names()
        self._station = lru_cache(maxsize=STATIONS)(self._station_slug)
        self._found: set[Series] = set()

    def _station_slug(self, text: str) -> str | None:
        """Know a station by the mapping's names, else by the slug of a thing in the store."""
        if text in self._known:
            return self._known[text]
        slug = slug_from_title(text)
        return slug if slug and self._gate.find("Things", slug) is not None else None

    def _moved(self, size: int) -> None:
        self._done += size
        if self._done - self._told >= STEP_BYTES or self._done >= self._total:
            self._told = self._done
            self._progress(self._done, self._total)

    def check(self) -> None:
        """Read all files whole, so that a broken one stops the load before the first write."""
        parser = TableParser(self._mapping, self._station, self._now)
        for path in self._files:
            for outcome in parser.parse(file_lines(path, self._mapping.form, self._moved), path.name):
                if isinstance(outcome, Reading):
                    self._found.add((outcome.station, outcome.value))

    def write(self) -> LoadReport:
        """Write what was found, file by file."""
        report = LoadReport(mapping=self._mapping.id)
        streams = make_datastreams(self._gate, self._grant, self._mapping, self._found)
        parser = TableParser(self._mapping, self._station, self._now)
        for path, state in zip(self._files, self._states, strict=True):
            if _signature(_state(path)) != _signature(state):
                raise Conflict(FILE_CHANGED, file=path.name)
            file = FileReport(file=path.name)
            report.files.append(file)
            self._write_file(path, parser, streams, report, file)
        return report

    def _write_file(
        self, path: Path, parser: TableParser, streams: dict[Series, int], report: LoadReport, file: FileReport
    ) -> None:
        rows, absent = parser.rows, parser.absent
        batch: list[tuple[Reading, Arrival]] = []
        for outcome in parser.parse(file_lines(path, self._mapping.form, self._moved), path.name):
            if isinstance(outcome, Refusal):
                report.refuse(file, outcome)
                continue
            batch.append((outcome, self._arrival(outcome, streams)))
            if len(batch) == BATCH:
                self._append(batch, report, file)
        self._append(batch, report, file)
        file.rows, file.absent = parser.rows - rows, parser.absent - absent

    def _arrival(self, reading: Reading, streams: dict[Series, int]) -> Arrival:
        since = None if reading.since is None else {"counted_since": iso_from_micros(reading.since)}
        return Arrival(
            datastream_id=streams[reading.station, reading.value],
            phenomenon_start=reading.start,
            phenomenon_end=reading.start + self._mapping.time.interval_seconds * 1_000_000,
            result=reading.result,
            source=self._mapping.id,
            parameters=since,
        )

    def _append(self, batch: list[tuple[Reading, Arrival]], report: LoadReport, file: FileReport) -> None:
        """Append a batch by datastream; a value that differs from the stored one is refused, the others are taken."""
        batch.sort(key=lambda pair: pair[1].datastream_id)
        position, size = 0, len(batch)
        while position < len(batch):
            part = batch[position : position + size]
            try:
                self._take([arrival for _, arrival in part], file)
                position, size = position + len(part), 2 * size
            except Conflict as error:
                index = int(str(error.params["index"]))
                self._take([arrival for _, arrival in part[:index]], file)
                report.refuse(file, self._differing(part[index][0], file))
                position, size = position + index + 1, SMALL_BATCH
        batch.clear()

    def _take(self, arrivals: list[Arrival], file: FileReport) -> None:
        if arrivals:
            receipt = self._gate.append(self._grant, arrivals)
            file.taken += receipt.added
            file.repeated += receipt.repeated
            newest = max(arrival.phenomenon_start for arrival in arrivals)
            file.latest = newest if file.latest is None else max(file.latest, newest)

    def _differing(self, reading: Reading, file: FileReport) -> Refusal:
        column = self._mapping.values[reading.value].column
        return Refusal(file.file, reading.line, column, f"{reading.result:g}", "differs")


def _state(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise NotFound(FILE_MISSING, file=path) from error


def _signature(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_ino, state.st_size, state.st_mtime_ns
