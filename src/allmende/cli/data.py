"""``allmende load``: observations, addresses and messages about formal procedures from files."""

from pathlib import Path

import click

from allmende.cli.speech import language, progress, say, t
from allmende.connectors.table.load import load_files
from allmende.connectors.table.report import LoadReport, prepare_refusals, write_refusals
from allmende.gate.door import open_gate
from allmende.serve import datasets, procedures
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


@load.command(
    "procedures",
    help=t(
        "Förmliche Verfahren anderer Stellen aus Nachrichten nach XBeteiligung 1.x laden (kommunal 0401, 0402, 0409). "
        "Zweimal laden verdoppelt nichts; ältere Nachrichten ersetzen keine neueren.",
        "Load formal procedures of other bodies from messages of XBeteiligung 1.x (kommunal 0401, 0402, 0409). "
        "Loading twice doubles nothing; older messages replace no newer ones.",
    ),
    epilog="\b\nallmende load procedures nachrichten/*.xml --dry-run\nallmende load procedures nachrichten/*.xml",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--url",
    default="",
    help=t(
        "wo man teilnimmt, wenn eine Nachricht es nicht sagt", "where people take part if a message does not say it"
    ),
)
@click.option("--dry-run", is_flag=True, help=t("nur zeigen, was daraus würde", "only show what would become of it"))
def load_procedures(files: tuple[Path, ...], url: str, dry_run: bool) -> None:
    """Take messages, and say what became of each."""
    require_ready(settings())
    if url and not (url.startswith(("https://", "http://")) and len(url) <= 500):
        raise click.BadParameter(t("eine Adresse mit https:// oder http://", "an address with https:// or http://"))
    found = procedures.load(files, own_url=url, dry_run=dry_run)
    for one, result in found:
        click.echo(f"{one.source}: {result.within(language())}  {one.plan_id}  {one.title}")
        for hint in one.hints:
            click.echo(f"  {hint.within(language())}")
    if dry_run:
        say("Nichts davon wurde gespeichert.", "Nothing of it was stored.")


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
