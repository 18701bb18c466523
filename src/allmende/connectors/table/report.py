"""What became of a table: values taken, repeated, absent and refused, each refusal with line and reason."""

import csv
from collections import Counter
from pathlib import Path

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

KEPT_REFUSALS = 100_000

REFUSALS_UNWRITABLE = ErrorCode(
    "table.refusals_unwritable",
    Text("In die Datei {file} kann nicht geschrieben werden ({why}).", "The file {file} cannot be written ({why})."),
    Text(
        "Es wurde nichts geladen. Nennen Sie mit --refusals eine Datei in einem beschreibbaren Ordner.",
        "Nothing was loaded. Name with --refusals a file in a folder that can be written to.",
    ),
)

REASONS: dict[str, Text] = {
    "unknown-station": Text(
        "Diese Station kennt niemand; bekannt sind: {known}", "Nobody knows this station; known are: {known}"
    ),
    "unknown-property": Text(
        "Diese Messgröße steht nicht in der Zuordnung", "This property does not stand in the mapping"
    ),
    "doubled-time": Text(
        "Diese Ortszeit gab es bei der Zeitumstellung zweimal; time.doubled legt fest, welche gilt",
        "This local time happened twice at the change of clocks; time.doubled says which is meant",
    ),
    "skipped-time": Text(
        "Diese Ortszeit gab es wegen der Zeitumstellung nicht",
        "This local time did not exist because of the change of clocks",
    ),
    "future-time": Text("Diese Zeit liegt in der Zukunft", "This time lies in the future"),
    "sentinel": Text("Dieser Wert steht für „kein Messwert“", "This value stands for “no measurement”"),
    "out-of-range": Text(
        "Außerhalb des physikalischen Bereichs von {minimum} bis {maximum}",
        "Outside the physical range from {minimum} to {maximum}",
    ),
    "differs": Text(
        "Zu dieser Zeit ist schon ein anderer Wert gespeichert; er gilt weiter",
        "Another value is already stored for this time; it stays in force",
    ),
    "counter-range": Text(
        "Kein Stand eines Zählers von 0 bis {modulus}", "No reading of a counter from 0 to {modulus}"
    ),
    "counter-first": Text(
        "Erster Zählerstand oder erster nach langer Lücke: noch keine Menge",
        "First reading of the counter or first after a long gap: no amount yet",
    ),
    "counter-restart": Text(
        "Der Zähler begann in diesem Zeitraum neu: Menge unbekannt",
        "The counter started again in this interval: amount unknown",
    ),
    "counter-order": Text(
        "Zählerstände müssen nach der Zeit geordnet sein und je Zeit einmal vorkommen",
        "Readings of a counter must be in order of time and stand once for each time",
    ),
}


class Refusal(msgspec.Struct, frozen=True):
    """A value that was not taken; ``line`` is that of the file, the header being line 1."""

    file: str
    line: int
    column: str
    value: str
    reason: str
    detail: dict[str, str] = {}

    @property
    def text(self) -> Text:
        """Say why in both languages."""
        return REASONS[self.reason].filled(**self.detail)


class FileReport(msgspec.Struct):
    """What became of one file, counted in values (refused whole rows count once); ``latest`` is the newest time."""

    file: str
    rows: int = 0
    taken: int = 0
    repeated: int = 0
    absent: int = 0
    latest: int | None = None
    refused: Counter[str] = msgspec.field(default_factory=Counter)


class LoadReport(msgspec.Struct):
    """What became of all files; ``refusals`` keeps the first 100,000, the counts are of all."""

    mapping: str
    files: list[FileReport] = []
    refusals: list[Refusal] = []

    @property
    def taken(self) -> int:
        """Count the values that are new in the store."""
        return sum(file.taken for file in self.files)

    @property
    def repeated(self) -> int:
        """Count the values that the store had already."""
        return sum(file.repeated for file in self.files)

    @property
    def absent(self) -> int:
        """Count the cells that the table left empty."""
        return sum(file.absent for file in self.files)

    @property
    def refused(self) -> Counter[str]:
        """Count the refusals by reason."""
        return sum((file.refused for file in self.files), Counter())

    def refuse(self, file: FileReport, refusal: Refusal) -> None:
        """Count a refusal and keep it while there is room."""
        file.refused[refusal.reason] += 1
        if len(self.refusals) < KEPT_REFUSALS:
            self.refusals.append(refusal)


def prepare_refusals(path: Path) -> None:
    """Refuse a place where the refusals could not be written, before anything is loaded."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise Invalid(REFUSALS_UNWRITABLE, file=path, why=error.strerror) from error


def write_refusals(report: LoadReport, path: Path) -> None:
    """Write the kept refusals as CSV (UTF-8 with BOM for spreadsheets, semicolons)."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["datei", "zeile", "spalte", "wert", "kennung", "grund", "reason"])
        for refusal in report.refusals:
            text = refusal.text
            value = f"'{refusal.value}" if refusal.value.startswith(("=", "+", "@", "\t")) else refusal.value
            writer.writerow([refusal.file, refusal.line, refusal.column, value, refusal.reason, text.de, text.en])
