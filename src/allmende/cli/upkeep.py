"""``allmende seal`` and ``backup``: the upkeep of what is stored."""

import datetime as dt
from pathlib import Path

import click

from allmende.cli.speech import progress, say, t
from allmende.gate.door import open_gate
from allmende.kernel.clock import utc_now
from allmende.serve.backup import back_up
from allmende.serve.readiness import require_ready
from allmende.serve.settings import settings


@click.command(
    help=t(
        "Frische Messwerte in Blöcke packen: was einen Block füllt oder vor heute (UTC) eintraf.",
        "Pack fresh observations into chunks: what fills a chunk, or came before today (UTC).",
    ),
    epilog="\b\nallmende seal --all",
)
@click.option("--all", "everything", is_flag=True, help=t("alles Frische packen", "pack all that is fresh"))
def seal(everything: bool) -> None:
    """Seal fresh observations; safe to repeat and beside a running installation."""
    current = settings()
    require_ready(current)
    now = utc_now()
    before = now + dt.timedelta(days=1) if everything else now.replace(hour=0, minute=0, second=0, microsecond=0)
    points = streams = 0
    gate = open_gate(current.store_url)
    try:
        with progress("Messwerte werden gepackt", "Packing observations") as advance:
            for count, total in gate.sealing(before):
                points, streams = points + count, streams + 1
                advance(streams, total)
    finally:
        gate.close()
    say(
        f"{points} Messwerte aus {streams} Messreihen gepackt.",
        f"{points} observations of {streams} datastreams packed.",
    )


@click.command(
    help=t(
        "Alle Datenbanken im laufenden Betrieb in einen neuen Unterordner von FOLDER sichern, und die Kopie prüfen.",
        "Back up all databases, while they are in use, into a new folder within FOLDER, and check the copy.",
    ),
    epilog="\b\nallmende backup /srv/backups",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup(folder: Path) -> None:
    """Back up store and portal."""
    current = settings()
    require_ready(current)
    with progress("Datenbanken werden gesichert", "Backing up the databases") as advance:
        made = back_up(current, folder, advance)
    size = sum(path.stat().st_size for path in made.iterdir())
    say(f"Gesichert nach {made} ({size / 1e6:.1f} MB).", f"Backed up to {made} ({size / 1e6:.1f} MB).")
