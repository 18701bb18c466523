"""``allmende seal``, ``backup`` and ``restore``: the upkeep of what is stored."""

import datetime as dt
from pathlib import Path

import click

from allmende.cli.speech import progress, say, t, warn
from allmende.gate.door import open_gate
from allmende.kernel.clock import utc_now
from allmende.serve.backup import back_up
from allmende.serve.readiness import require_ready, require_writable
from allmende.serve.restore import open_backup, put_in_place, require_room
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


# What no later command can bring back or take back by itself.
LOSSES = (
    (
        "Messwerte und Einträge seit der Sicherung fehlen dann.",
        "Observations and entries since the backup are missing.",
    ),
    (
        "Was seither gelöscht wurde, ist wieder da: löschen Sie es noch einmal.",
        "What was deleted since is there again: delete it once more.",
    ),
    (
        "Seither entzogene Zugänge und Token gelten wieder: entziehen Sie sie noch einmal.",
        "Accounts and tokens that were revoked since are valid again: revoke them once more.",
    ),
    (
        "Seither veröffentlichte Regeln gelten nicht mehr: veröffentlichen Sie sie noch einmal.",
        "Rules that were published since do not apply any more: publish them once more.",
    ),
    (
        "Nummern, die Messwerte seither bekamen, bekommen andere.",
        "Numbers that observations got since are given to others.",
    ),
    (
        "Das öffentliche Protokoll ist wieder so kurz wie damals; Zeugen bemerken es: sagen Sie ihnen, warum.",
        "The public ledger is as short as it was then, which witnesses notice: tell them why.",
    ),
)


@click.command(
    help=t(
        "Eine Sicherung (den Ordner, den backup angelegt hat) prüfen und einspielen. Allmende muss angehalten sein.",
        "Check and restore a backup (the folder that backup made). Allmende has to be stopped.",
    ),
    epilog="\b\nallmende restore /srv/backups/2026-11-25T030000.000000Z",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--replace",
    is_flag=True,
    help=t("was da ist beiseitelegen, statt abzulehnen", "put aside what is there, in place of refusing"),
)
@click.option("--yes", is_flag=True, help=t("nicht nachfragen", "do not ask"))
def restore(folder: Path, replace: bool, yes: bool) -> None:
    """Restore store and portal, and say what cannot be undone."""
    current = settings()
    require_writable(current.home)
    with progress("Sicherung wird geprüft", "Checking the backup") as advance:
        backup = open_backup(current, folder, advance)
    require_room(backup, replace=replace)
    made, program = backup.manifest.made[:19], backup.manifest.program
    say(f"Sicherung von {made} UTC, Version {program}.", f"Backup of {made} UTC, version {program}.")
    for de, en in LOSSES:
        warn(f"  ! {de}", f"  ! {en}")
    if not yes:
        click.confirm(t("Einspielen?", "Restore?"), abort=True, err=True)
    with progress("Sicherung wird eingespielt", "Restoring the backup") as advance:
        aside = put_in_place(current, backup, replace=replace, advance=advance)
    for name in aside:
        say(f"Der frühere Stand liegt in {name}.", f"The former state is in {name}.")
    say(
        "Eingespielt. Als Nächstes: allmende migrate, allmende doctor, allmende doctor store",
        "Restored. Next: allmende migrate, allmende doctor, allmende doctor store",
    )
