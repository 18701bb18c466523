"""``allmende indicators`` and ``allmende statistics``: values now, and the city's tables."""

from pathlib import Path

import click

from allmende.cli.speech import language, say, t, warn
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.serve import effects
from allmende.serve.readiness import require_ready
from allmende.serve.settings import Settings, settings


def _ready() -> Settings:
    current = settings()
    require_ready(current)
    return current


@click.group(
    help=t("Indikatoren ansehen und berechnen.", "See and compute indicators."),
    epilog="\b\nallmende indicators list\nallmende indicators run hot-days",
)
def indicators() -> None:
    """Gather the commands about indicators."""


@indicators.command(
    "list",
    help=t("Alle Indikatoren mit Stand und Grund.", "All indicators with status and reason."),
    epilog="\b\nallmende indicators list",
)
def list_indicators() -> None:
    """Show how every indicator stands, and why."""
    _ready()
    for one in effects.listed():
        click.echo(f"{one.slug:<32} {one.state:<10} {one.reason.within(language())}")


@indicators.command(
    "run",
    help=t(
        "Werte jetzt bestimmen: der genannten Indikatoren, sonst der fälligen.",
        "Determine values now: of the indicators named, else of those that are due.",
    ),
    epilog="\b\nallmende indicators run\nallmende indicators run hot-days\nallmende indicators run --all",
)
@click.argument("slugs", nargs=-1)
@click.option("--all", "every", is_flag=True, help=t("alle, auch nicht fällige", "all, also those not due"))
def run_indicators(slugs: tuple[str, ...], every: bool) -> None:
    """Determine values, and say where there are none and why."""
    done = effects.run(_ready(), slugs=slugs, every=every)
    for one in done:
        why = "" if one.text is None else f"  {one.text.within(language())}"
        click.echo(f"{one.slug:<32} {t('neue Werte', 'new values')}: {one.added}{why}")
    if not done:
        say("Nichts ist fällig.", "Nothing is due.")


@click.group(
    help=t("Die jährliche Statistik der Stadt.", "The city's yearly statistics."),
    epilog="\b\nallmende statistics load konstanz-in-zahlen/data",
)
def statistics() -> None:
    """Gather the commands about statistics."""


FOLDER = click.Path(path_type=Path)
NO_FOLDER = ErrorCode(
    "statistics.no_folder",
    Text("„{folder}“ ist kein Ordner.", "“{folder}” is no folder."),
    Text("Nennen Sie den Ordner, in dem die Dateien liegen.", "Name the folder in which the files lie."),
)


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise NotFound(NO_FOLDER, folder=str(folder))


@statistics.command(
    "load",
    help=t(
        "Alle Tabellen laden, die das Stadtpaket beschreibt; ein Fehler lädt keine.",
        "Load all tables that the city pack describes; one fault loads none.",
    ),
    epilog="\b\nallmende statistics load konstanz-in-zahlen/data",
)
@click.argument("folder", type=FOLDER)
def load(folder: Path) -> None:
    """Load the tables, and the indicators that read them."""
    _require_folder(folder)
    done = effects.load_statistics(_ready(), folder)
    for name in done.missing:
        warn(f"Fehlt: {name}", f"Missing: {name}")
    say(
        f"{len(done.changed)} Tabellen neu oder geändert, {len(done.same)} unverändert; {done.values} neue Werte.",
        f"{len(done.changed)} tables new or changed, {len(done.same)} unchanged; {done.values} new values.",
    )


@statistics.command(
    "check",
    help=t(
        "Alle Dateien eines Ordners nach ihren Köpfen (.md) prüfen; nichts wird geladen.",
        "Check all files of a folder by their heads (.md); nothing is loaded.",
    ),
    epilog="\b\nallmende statistics check konstanz-in-zahlen/data",
)
@click.argument("folder", type=FOLDER)
@click.pass_context
def check(ctx: click.Context, folder: Path) -> None:
    """Name every fault with file, line and column."""
    _require_folder(folder)
    sound, faults = effects.check_statistics(folder)
    for fault in faults:
        click.echo(fault.within(language()))
    say(f"{sound} Tabellen ohne Fehler, {len(faults)} mit.", f"{sound} tables sound, {len(faults)} faulty.")
    ctx.exit(2 if faults else 0)
