"""``allmende lake``: observations as Parquet files in an open layout."""

import click

from allmende.cli.speech import progress, say, t, warn
from allmende.lake.reading import faults, open_lake
from allmende.serve import lake as work
from allmende.serve.readiness import require_ready
from allmende.serve.settings import settings

FAULTY = 1
PLACE = click.argument("lake", required=False)
PURPOSE = click.option("--purpose", default=work.PUBLIC_PURPOSE, show_default=True, help=t("Zweck", "purpose"))
RECIPIENT = click.option(
    "--recipient", default=work.PUBLIC_RECIPIENT, show_default=True, help=t("Empfängerkreis", "class of recipients")
)


@click.group(
    help=t(
        "Der See: Messwerte als sortierte Parquet-Dateien, in einem Ordner oder über S3 (s3://BUCKET/PRÄFIX).",
        "The lake: observations as sorted Parquet files, in a folder or over S3 (s3://BUCKET/PREFIX).",
    ),
    epilog="\b\nallmende lake update\nallmende lake check\n"
    "allmende lake update s3://region/konstanz-research --purpose research --recipient research",
)
def lake() -> None:
    """Gather the commands about lakes."""


def _write(address: str | None, purpose: str, recipient: str, *, anew: bool) -> None:
    current = settings()
    require_ready(current)
    if address is None and (purpose, recipient) != (work.PUBLIC_PURPOSE, work.PUBLIC_RECIPIENT):
        raise click.UsageError(
            t("Nennen Sie den Ort: im eigenen See liegt, was alle sehen.", "Name the place: the city's lake is public.")
        )
    where = work.place(current, address)
    with progress("Der See wird geschrieben", "Writing the lake") as advance:
        done = work.write(current, where, work.ask_for(purpose, recipient), anew=anew, advance=advance)
    rows, parts = done.manifest.rows, len(done.manifest.observations)
    say(
        f"{where.address}: {rows} Messwerte in {parts} Dateien; {done.written} geschrieben, {done.kept} unverändert, "
        f"{done.removed} entfernt.",
        f"{where.address}: {rows} observations in {parts} files; {done.written} written, {done.kept} unchanged, "
        f"{done.removed} removed.",
    )
    if done.refusal is not None:
        warn("Der See ist jetzt leer:", "The lake is empty now:")
        raise done.refusal


@lake.command(
    help=t("Alle Monate neu schreiben.", "Write all months anew."),
    epilog="\b\nallmende lake rebuild\nallmende lake rebuild /srv/lake",
)
@PLACE
@PURPOSE
@RECIPIENT
def rebuild(lake: str | None, purpose: str, recipient: str) -> None:
    """Write everything; the same observations give the same bytes."""
    _write(lake, purpose, recipient, anew=True)


@lake.command(
    help=t(
        "Nur die Monate schreiben, in denen sich etwas geändert hat; Gelöschtes und Entzogenes verschwindet.",
        "Write only the months in which something changed; what was deleted or withdrawn goes.",
    ),
    epilog="\b\nallmende lake update\nallmende lake update s3://region/konstanz",
)
@PLACE
@PURPOSE
@RECIPIENT
def update(lake: str | None, purpose: str, recipient: str) -> None:
    """Write what has changed."""
    _write(lake, purpose, recipient, anew=False)


@lake.command(
    help=t("Sagen, was im See liegt und für wen.", "Tell what is in the lake, and for whom."),
    epilog="\b\nallmende lake status\nallmende lake status s3://region/konstanz",
)
@PLACE
def status(lake: str | None) -> None:
    """Tell of a lake from its manifest."""
    opened = open_lake(work.place(settings(), lake))
    told = opened.manifest
    size = sum(file.bytes for file in told.files) / 1e6
    say(f"See von {told.city} in {opened.place.address}", f"Lake of {told.city} in {opened.place.address}")
    say(
        f"Zweck {told.purpose}, an {told.recipient}; Regelwerk {told.rulebook}; bis {told.until}",
        f"Purpose {told.purpose}, to {told.recipient}; rule book {told.rulebook}; until {told.until}",
    )
    say(f"{told.rows} Messwerte, {size:.1f} MB", f"{told.rows} observations, {size:.1f} MB")
    for category in sorted({part.category for part in told.observations}):
        parts = [part for part in told.observations if part.category == category]
        click.echo(f"{category:<24} {parts[0].month} – {parts[-1].month}  {sum(part.rows for part in parts):>14}")


@lake.command(
    help=t(
        "Prüfen, ob alle Dateien sind, wie sie geschrieben wurden: Prüfsummen, Spalten, Anzahl, Reihenfolge.",
        "Check that all files are as they were written: checksums, columns, counts, order.",
    ),
    epilog="\b\nallmende lake check\nallmende lake check /srv/region/musterstadt",
)
@PLACE
def check(lake: str | None) -> None:
    """Check a lake, of this or another city."""
    opened = open_lake(work.place(settings(), lake))
    with progress("Der See wird geprüft", "Checking the lake") as advance:
        found = list(faults(opened, advance))
    for fault in found:
        click.echo(fault)
    if found:
        say(f"{len(found)} Fehler.", f"{len(found)} faults.")
        click.get_current_context().exit(FAULTY)
    count = len(opened.manifest.files)
    say(f"{count} Dateien, alle in Ordnung.", f"{count} files, all in order.")
