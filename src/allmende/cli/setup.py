"""``allmende init``, ``migrate``, ``check`` and ``doctor``: the installation."""

import click

from allmende.cli.speech import language, progress, say, t, warn
from allmende.families.check import check_families
from allmende.gate.door import open_gate
from allmende.kernel.errors import Broken
from allmende.participation.formats import check_formats
from allmende.serve import founding
from allmende.serve.doctor import examine
from allmende.serve.readiness import require_ready, require_writable
from allmende.serve.settings import Settings, settings
from allmende.sources.definition import check_connectors


@click.command(
    help=t("Eine Stadt einrichten: Datenbanken, Rollen, Stadtpaket.", "Set up a city: databases, roles, pack."),
    epilog="\b\n"
    + t(
        "Beispiel:\n  allmende init --pack konstanz --demo",
        "Example:\n  allmende init --pack konstanz --demo",
    ),
)
@click.option("--pack", help=t("Stadtpaket (sonst konstanz)", "city pack (otherwise konstanz)"))
@click.option(
    "--demo",
    is_flag=True,
    help=t("zwei Jahre simulierte Messwerte anlegen", "add two years of simulated measurements"),
)
def init(pack: str | None, demo: bool) -> None:
    """Set up a city; safe to repeat, staff's edits are never overwritten."""
    current = settings()
    require_writable(current.home)
    name = pack or current.pack
    with progress("Stadtpaket wird geladen", "Loading the city pack") as advance:
        report = founding.found(current, pack=name, advance=advance)
    for line in report:
        say(line.de, line.en)
    if demo:
        with progress("Messwerte werden simuliert", "Simulating measurements") as advance:
            added = founding.demonstrate(current, pack=name, advance=advance)
        say(
            f"{added:,} simulierte Messwerte angelegt.".replace(",", "."),
            f"{added:,} simulated measurements added.",
        )
    say("Nächster Schritt: allmende serve", "Next step: allmende serve")
    say(
        "Zugang zum Arbeitsraum: allmende user create NAME@STADT.de --role administrator",
        "Access to the staff room: allmende user create NAME@CITY.eu --role administrator",
    )


@click.command(
    help=t("Die Datenbanken auf den Stand dieser Version bringen.", "Bring the databases to this version's form."),
    epilog="\b\nallmende migrate",
)
def migrate() -> None:
    """Migrate store and portal; refuses a database of a newer version and changes nothing then."""
    current = settings()
    require_writable(current.home)
    founding.migrate(current)
    say("Die Datenbanken sind auf dem Stand dieser Version.", "The databases have this version's form.")


@click.command(
    help=t("Alle Manifeste, Regeln und Stadtpakete prüfen.", "Check all manifests, rules and city packs."),
    epilog="\b\nallmende check",
)
@click.pass_context
def check(context: click.Context) -> None:
    """Check the plug-in folders and what they declare; exit code 1 when something is wrong."""
    findings = [*check_families(), *check_formats(), *founding.check_packs(), *check_connectors(settings().home)]
    for finding in findings:
        warn(
            f"{finding.file}: {finding.field}: {finding.reason.de}",
            f"{finding.file}: {finding.field}: {finding.reason.en}",
        )
    if findings:
        context.exit(1)
    say("Alles in Ordnung.", "All is well.")


def _examine_store(current: Settings) -> int:
    """Read the whole store; give how many datastreams are not as they should be."""
    bad = points = streams = 0
    gate = open_gate(current.store_url, role="reader")
    try:
        with progress("Messwertspeicher wird geprüft", "Checking the observation store") as advance:
            for found in gate.audit():
                streams, points = streams + 1, points + found.points
                bad += bool(found.faults)
                for fault in found.faults:
                    click.echo(f"✗ {t('Messreihe', 'datastream')} {found.datastream_id}: {fault.within(language())}")
                advance(streams, found.total)
    finally:
        gate.close()
    say(f"{points} Messwerte in {streams} Messreihen gelesen.", f"{points} observations of {streams} datastreams read.")
    return bad


@click.command(
    help=t(
        "Prüfen, ob die Installation gesund ist; mit „store“: jeden gespeicherten Messwert lesen und prüfen.",
        "See whether the installation is healthy; with “store”: read and check every stored observation.",
    ),
    epilog="\b\nallmende doctor\nallmende doctor store",
)
@click.argument("part", required=False, type=click.Choice(["store"]))
@click.pass_context
def doctor(context: click.Context, part: str | None) -> None:
    """Examine the installation (exit code 7 when something must be mended), or the store (exit code 1)."""
    current = settings()
    if part == "store":
        require_ready(current)
        if _examine_store(current):
            say(
                "  → Sichern Sie den jetzigen Stand, und spielen Sie die letzte gute Sicherung ein.",
                "  → Keep the present state aside, and restore the last good backup.",
            )
            context.exit(1)
        say("Alles in Ordnung.", "All is well.")
        return
    if _examine_installation(current):
        context.exit(Broken.exit_code)
    require_ready(current)


def _examine_installation(current: Settings) -> bool:
    """Say what was looked at and what to mend; tell whether something is wrong."""
    sick = False
    for symptom in examine(current):
        sick = sick or not symptom.good
        mark = "✓" if symptom.good else "✗"
        click.echo(f"{mark} {symptom.what.within(language())}")
        if symptom.remedy is not None:
            click.echo(f"  → {symptom.remedy.within(language())}")
    return sick
