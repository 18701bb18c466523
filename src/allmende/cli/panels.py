"""Repeat the draw of a panel from what a city published."""

from pathlib import Path

import click
import msgspec

from allmende.cli.speech import t
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.panels.ceremony import NOT_REPEATED, Ceremony, repeat

FILE = click.Path(dir_okay=False, path_type=Path)
_NO_FILE = Text("eine Datei ist keine veröffentlichte", "a file is none that was published")


_EXAMPLE = "\b\nallmende panel repeat lostabelle.csv ziehung.json"


@click.group(help=t("Geloste Gremien prüfen.", "Check panels that were drawn by lot."), epilog=_EXAMPLE)
def panel() -> None:
    """Hold the commands."""


@panel.command(
    "repeat",
    help=t(
        "Die Ziehung aus Lostabelle und Ziehung wiederholen, mit allen, die nachrückten.",
        "Repeat a draw from the table of lots and the draw, with all who followed.",
    ),
    epilog=_EXAMPLE,
)
@click.argument("lots", type=FILE)
@click.argument("drawn", type=FILE)
def repeat_draw(lots: Path, drawn: Path) -> None:
    """Say which numbers come out, where they are those that were published."""
    try:
        told = msgspec.json.decode(drawn.read_bytes(), type=Ceremony)
        repeat(lots.read_bytes(), told)
    except (OSError, msgspec.MsgspecError) as error:
        raise Invalid(NOT_REPEATED, reason=_NO_FILE) from error
    click.echo(t("Dieselbe Ziehung. Gelost sind:", "The same draw. Drawn are:"))
    click.echo(" ".join(told.panel))
