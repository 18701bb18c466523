"""``allmende load``: observations from files."""

from pathlib import Path

import click

from allmende.cli.speech import progress, t
from allmende.connectors.table.load import load_files
from allmende.gate.door import open_gate
from allmende.serve import datasets
from allmende.serve.readiness import require_ready
from allmende.serve.settings import settings

SHOWN_REFUSALS = 10


@click.group(help=t("Daten aus Dateien übernehmen.", "Take data from files."))
def load() -> None:
    """Gather the commands that load."""


@load.command(
    help=t(
        "Messwerte aus CSV-Dateien laden, beschrieben durch eine Zuordnung (YAML). Zweimal laden verdoppelt nichts.",
        "Load measurements from CSV files, described by a mapping (YAML). Loading twice doubles nothing.",
    ),
    epilog="\b\nallmende load observations messwerte/*.csv --mapping weather-2024.yaml",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    required=True,
    type=click.Path(path_type=Path),
    help=t("Zuordnung der Spalten", "mapping of the columns"),
)
@click.option(
    "--refusals",
    type=click.Path(path_type=Path),
    help=t("abgelehnte Werte als CSV hierhin schreiben", "write refused values here as CSV"),
)
def observations(files: tuple[Path, ...], mapping: Path, refusals: Path | None) -> None:
    """Load observations through the gate and report what was taken and what was refused."""
    current = settings()
    require_ready(current)
    gate = open_gate(current.store_url)
    try:
        with progress("Messwerte werden geladen", "Loading measurements") as advance:
            report = load_files(gate, files, mapping, progress=advance)
    finally:
        gate.close()
    datasets.declare(current, mapping)
    _tell(report)
    if refusals is not None:
        _write_refusals(report, refusals)
