"""The command ``allmende``: one line for what went wrong, and a code that scripts can read."""

import sys
import typing
from importlib import import_module

import click

from allmende.cli.speech import language, t
from allmende.kernel.errors import AllmendeError

PROGRAM = "allmende"
EXIT_USAGE, EXIT_INTERRUPTED = 2, 130
# Module and name of each command.
PLACES = {
    "backup": ("upkeep", "backup"),
    "check": ("setup", "check"),
    "connector": ("sources", "connector_group"),
    "doctor": ("setup", "doctor"),
    "federation": ("federation", "federation"),
    "indicators": ("effects", "indicators"),
    "init": ("setup", "init"),
    "lake": ("lake", "lake"),
    "ledger": ("ledger", "ledger"),
    "load": ("data", "load"),
    "migrate": ("setup", "migrate"),
    "mqtt": ("broker", "mqtt"),
    "new": ("sources", "new"),
    "panel": ("panels", "panel"),
    "region": ("region", "region"),
    "restore": ("upkeep", "restore"),
    "seal": ("upkeep", "seal"),
    "serve": ("run", "serve"),
    "statistics": ("effects", "statistics"),
    "token": ("people", "token"),
    "transfer": ("transfer", "transfer"),
    "user": ("people", "user"),
    "work": ("run", "work"),
}


class Commands(click.Group):
    """Loads a command when it is asked for: most of the time to start would go into what the others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command; nothing when there is none of this name."""
        if cmd_name not in PLACES:
            return None
        module, name = PLACES[cmd_name]
        found: click.Command = getattr(import_module(f"allmende.cli.{module}"), name)
        return found


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=t(
        "Allmende: das Smart-City-Programm einer Stadt, vom Sensor bis zur Bürgerin.",
        "Allmende: a city's smart-city programme, from the sensor to the citizen.",
    ),
    epilog=t(
        "Rückgabewerte: 0 gut, 2 falsche Eingabe, 3 nicht erlaubt, 4 nicht gefunden, 5 Widerspruch, "
        "6 später noch einmal, 7 Installation unvollständig.",
        "Exit codes: 0 good, 2 wrong input, 3 not permitted, 4 not found, 5 conflict, "
        "6 try later, 7 installation incomplete.",
    )
    + "\n\n\b\nallmende init --pack konstanz --demo\nallmende serve",
)
@click.version_option(package_name="allmende")
def allmende() -> None:
    """Gather the commands."""


def _told(error: click.ClickException) -> str:
    """Put a usage error and the way to the help into one line."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else PROGRAM
    return f"allmende: {error.format_message()} {t('Hilfe:', 'Help:')} {path} --help"


def main() -> typing.NoReturn:
    """Run a command; an error that a person is told becomes one line and an exit code."""
    try:
        sys.exit(allmende.main(prog_name=PROGRAM, standalone_mode=False) or 0)
    except AllmendeError as error:
        click.echo(f"allmende: {error.what.within(language())} {error.next.within(language())}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(_told(error), err=True)
        sys.exit(EXIT_USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo(t("allmende: abgebrochen.", "allmende: interrupted."), err=True)
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
