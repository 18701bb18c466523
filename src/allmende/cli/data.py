"""``allmende load``: observations and addresses from files."""

from pathlib import Path

import click

from allmende.cli.speech import language, progress, say, t
from allmende.connectors.table.load import load_files
from allmende.connectors.table.report import LoadReport, prepare_refusals, write_refusals
from allmende.gate.door import open_gate
from allmende.serve import datasets
from allmende.serve.readiness import require_ready
from allmende.serve.settings import settings


@click.group(
    help=t("Daten aus Dateien übernehmen.", "Take data from files."),
    epilog="\b\nallmende load observations messwerte/*.csv --mapping weather-2024.yaml",
)
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
    if refusals is not None:
        prepare_refusals(refusals)
    gate = open_gate(current.store_url)
    try:
        with progress("Messwerte werden geladen", "Loading measurements") as advance:
            report = load_files(gate, files, mapping, progress=advance)
    finally:
        gate.close()
    datasets.declare(current, mapping)
    _tell(report)
    if refusals is not None:
        write_refusals(report, refusals)
        say(f"Abgelehnte Werte: {refusals}", f"Refused values: {refusals}")
    if report.refused and not report.taken + report.repeated:
        click.get_current_context().exit(1)


@load.command(
    help=t(
        "Adressen der Stadt laden (CSV mit street, number, city, lon, lat); sie ersetzen die bisherigen. "
        "Danach findet die Ortssuche Straßen und Hausnummern, ohne jemand anderen zu fragen.",
        "Load the city's addresses (CSV with street, number, city, lon, lat); they replace those that are there. "
        "The search for places then finds streets and house numbers without asking anybody else.",
    ),
    epilog="\b\nallmende load addresses adressen.csv --source 'Stadt Konstanz, dl-de/by-2-0'",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, help=t("wessen Adressen, welche Lizenz", "whose addresses, which licence"))
def addresses(file: Path, source: str) -> None:
    """Load the addresses."""
    current = settings()
    require_ready(current)
    count = datasets.take_addresses(current, file, source)
    say(f"{count} Adressen geladen.", f"{count} addresses loaded.")


def _tell(report: LoadReport) -> None:
    """Say what was taken and what was refused, and show the first refusals by line."""
    say(
        f"{report.taken} Werte übernommen, {report.repeated} waren schon da, {report.absent} Zellen waren leer.",
        f"{report.taken} values taken, {report.repeated} were there already, {report.absent} cells were empty.",
    )
    if not report.refused:
        return
    total = sum(report.refused.values())
    say(f"{total} Werte abgelehnt:", f"{total} values refused:")
    for reason, count in report.refused.most_common():
        first = next(refusal for refusal in report.refusals if refusal.reason == reason)
        place = f"{first.file}:{first.line} {first.column} {first.value}"
        click.echo(f"  {count:>7}  {first.text.within(language())}  ({t('zuerst', 'first')} {place})")
