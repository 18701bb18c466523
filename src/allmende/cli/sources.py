"""``allmende connector`` and ``allmende new connector``: sources from the first try to replay."""

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import click

from allmende.cli.speech import language, say, t
from allmende.gate.door import Gate, open_gate
from allmende.kernel.clock import UTC, instant_from_micros, iso_from_micros
from allmende.serve import datasets
from allmende.serve.readiness import require_ready
from allmende.serve.settings import Settings, settings
from allmende.serve.work import source_house
from allmende.sources.create import About, create, models
from allmende.sources.definition import RECIPE, Connector, connector, shipped
from allmende.sources.health import WORDS, Health, health
from allmende.sources.inbox import take_all
from allmende.sources.parse import REASONS, Reading, Refusal
from allmende.sources.run import preview, pull, replay
from allmende.sources.write import Outcome

SHOWN = 40


@click.group(
    help=t("Neues anlegen.", "Make something new."), epilog="\b\nallmende new connector level --like pegelonline"
)
def new() -> None:
    """Gather the commands that make something new."""


@new.command(
    "connector",
    help=t(
        "Einen Konnektor anlegen: zwei Dateien im Ordner connectors, zum Anpassen.",
        "Make a connector: two files in the folder connectors, to be adapted.",
    ),
    epilog="\b\nallmende new connector level --like pegelonline\n"
    'allmende new connector sunshine --title "Sonne" --licence CC-BY-4.0 --attribution "Stadt Testdorf"',
)
@click.argument("name")
@click.option("--like", default="", help=t("als Kopie von", "as a copy of") + ": " + ", ".join(models()))
@click.option("--title", default="", help=t("wie die Quelle heißt", "what the source is called"))
@click.option("--licence", default="", help=t("etwa CC-BY-4.0 oder DL-DE-BY-2.0", "such as CC-BY-4.0 or DL-DE-BY-2.0"))
@click.option("--attribution", default="", help=t("wer zu nennen ist", "who is to be named"))
@click.option("--url", default="", help=t("wo die Quelle beschrieben ist", "where the source is described"))
@click.option("--every", default=0, help=t("Sekunden von Wert zu Wert", "seconds from value to value"))
def new_connector(name: str, like: str, **about: Any) -> None:
    """Make the folder of a connector."""
    current = settings()
    require_ready(current)
    folder = create(current.home, name, like, About(**about))
    say(f"Angelegt: {folder}", f"Made: {folder}")
    say(f"Passen Sie an: {folder / RECIPE}", f"Adapt: {folder / RECIPE}")
    say(f"Nächster Schritt: allmende connector try {name}", f"Next step: allmende connector try {name}")


@click.group(
    "connector",
    help=t("Quellen ansehen, probieren und lesen.", "See, try and read sources."),
    epilog="\b\nallmende connector list\nallmende connector try level",
)
def connector_group() -> None:
    """Gather the commands about connectors."""


@connector_group.command(
    "list",
    help=t("Alle Quellen mit Zustand, letztem Wert und Fehlern.", "All sources with state, last value and errors."),
    epilog="\b\nallmende connector list",
)
def list_connectors() -> None:
    """List the city's sources, and what ships to be copied."""
    current = settings()
    found = health(source_house(current))
    for one in found:
        last = "–" if one.state.last_value is None else iso_from_micros(one.state.last_value)
        ran = "–" if one.state.last_run is None else f"{instant_from_micros(one.state.last_run):%Y-%m-%dT%H:%M:%SZ}"
        word = WORDS[one.word].within(language())
        click.echo(f"{one.name:<24} {one.kind:<5} {word:<20} {t('gelaufen', 'ran')} {ran}  {t('Wert', 'value')} {last}")
        if one.why is not None:
            click.echo(f"  {one.why.within(language())}")
        _tell_messages(one)
    own = {one.name for one in found}
    say("Zum Kopieren (allmende new connector NAME --like …):", "To copy (allmende new connector NAME --like …):")
    for member in shipped():
        if member.manifest.id not in own:
            click.echo(f"  {member.manifest.id:<22} {member.manifest.title.within(language())}")


def _tell_messages(one: Health) -> None:
    """Say what was wrong with what a source sent."""
    unread = one.state.last_unread
    if unread is not None:
        say(
            f"  {one.state.unread} Nachrichten nicht lesbar, zuletzt: {unread.what.de}",
            f"  {one.state.unread} messages could not be read, the last: {unread.what.en}",
        )
    if one.kind == "push":
        for reason, count in sorted(one.state.refused.items()):
            click.echo(f"  {count:>7}  {REASONS[reason].within(language())}")
    if one.state.unknown:
        say(
            f"  Unbekannte Stationen: {', '.join(one.state.unknown)}",
            f"  Unknown stations: {', '.join(one.state.unknown)}",
        )


@connector_group.command(
    "try",
    help=t("Zeigen, was gespeichert würde; nichts wird gespeichert.", "Show what would be stored; nothing is stored."),
    epilog="\b\nallmende connector try level",
)
@click.argument("name")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=t("eine Antwort aus dieser Datei statt von der Quelle", "a reply from this file, not from the source"),
)
@click.option(
    "--part", help=t("zu welchem Teil der Anfrage die Datei gehört", "the part of the request the file is of")
)
@click.option(
    "--topic", default="", help=t("das Thema, unter dem sie über MQTT kam", "the topic under which it came by MQTT")
)
def try_connector(name: str, file: Path | None, part: str | None, topic: str) -> None:
    """Show the readings and refusals of a reply."""
    current = settings()
    one = connector(current.home, name)
    found = preview(source_house(current), one, None if file is None else file.read_bytes(), part, topic)
    readings = [entry for entry in found if isinstance(entry, Reading)]
    for reading in readings[:SHOWN]:
        value = one.recipe.values[reading.value]
        shown = reading.result if isinstance(reading.result, bool) else f"{reading.result:g}"
        click.echo(f"{iso_from_micros(reading.start)}  {reading.station:<24} {value.observed:<24} {shown} {value.unit}")
    if len(readings) > SHOWN:
        click.echo("…")
    refusals = [entry for entry in found if isinstance(entry, Refusal)]
    say(
        f"{len(readings)} Werte würden gespeichert, {len(refusals)} abgelehnt.",
        f"{len(readings)} values would be stored, {len(refusals)} refused.",
    )
    _tell_refusals(Counter(entry.reason for entry in refusals), refusals)


def _tell_refusals(counts: Counter[str], refusals: list[Refusal]) -> None:
    for reason, count in counts.most_common():
        first = next(one for one in refusals if one.reason == reason)
        place = f"({t('zuerst', 'first')} {first.what}: {first.shown})"
        click.echo(f"  {count:>7}  {REASONS[reason].within(language())} {place}")


@connector_group.command(
    help=t("Eine Quelle jetzt abholen.", "Fetch a source now."),
    epilog="\b\nallmende connector run level",
)
@click.argument("name")
def run(name: str) -> None:
    """Run a pull source once."""
    _pull(name, None)


@connector_group.command(
    help=t("Eine Quelle ab einem Tag (UTC) abholen.", "Fetch a source from a day (UTC) on."),
    epilog="\b\nallmende connector backfill level --since 2026-01-01",
)
@click.argument("name")
@click.option("--since", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]))
def backfill(name: str, since: dt.datetime) -> None:
    """Fetch the past; what is there already is not doubled."""
    _pull(name, since.replace(tzinfo=UTC))


def _pull(name: str, since: dt.datetime | None) -> None:
    current = settings()
    require_ready(current)
    one = connector(current.home, name)
    gate = open_gate(current.store_url)
    try:
        if one.manifest.kind == "folder":
            outcome = take_all(source_house(current), gate, one, settled=False)
        else:
            outcome = pull(source_house(current), gate, one, since)
    finally:
        gate.close()
    _finish(current, one, outcome)


@connector_group.command(
    "replay",
    help=t(
        "Die aufgehobenen Antworten noch einmal lesen, etwa mit verbessertem Rezept.",
        "Read the kept replies again, such as with a mended recipe.",
    ),
    epilog="\b\nallmende connector replay level --since 2026-11-01",
)
@click.argument("name")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]))
def replay_connector(name: str, since: dt.datetime | None) -> None:
    """Read the kept replies again."""
    current = settings()
    require_ready(current)
    one = connector(current.home, name)
    gate: Gate = open_gate(current.store_url)
    try:
        outcome, unread = replay(source_house(current), gate, one, None if since is None else since.replace(tzinfo=UTC))
    finally:
        gate.close()
    _finish(current, one, outcome)
    if unread:
        say(f"{unread} Antworten sind nicht lesbar.", f"{unread} replies cannot be read.")


def _finish(current: Settings, one: Connector, outcome: Outcome) -> None:
    datasets.declare_source(current, one)
    say(
        f"{outcome.taken} Werte übernommen, {outcome.repeated} waren schon da, {outcome.corrected} berichtigt.",
        f"{outcome.taken} values taken, {outcome.repeated} were there already, {outcome.corrected} corrected.",
    )
    _tell_refusals(outcome.refused, outcome.refusals)
