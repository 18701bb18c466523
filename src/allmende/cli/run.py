"""``allmende serve`` and ``allmende work``: the processes."""

import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import click
import msgspec

from allmende.cli.speech import say, t, warn
from allmende.serve.lifeline import follow_parent
from allmende.serve.readiness import require_ready
from allmende.serve.settings import Settings, settings
from allmende.serve.tree import run_tree

EXAMPLE_SERVE = "\b\n" + t("Beispiel:\n  allmende serve --port 8080", "Example:\n  allmende serve --port 8080")


def _placed(host: str | None, port: int | None) -> Settings:
    """Give the settings with host and port of the command line, where given."""
    current = settings()
    return msgspec.structs.replace(current, host=host or current.host, port=port or current.port)


def _announce(current: Settings) -> None:
    """Say the address once the first page answers; give up quietly after a minute."""
    address = f"http://{current.host}:{current.port}/"

    def wait() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(address, timeout=5) as answer:
                    if answer.status == 200:
                        say(
                            f"Allmende läuft: {address}  (Strg-C beendet)",
                            f"Allmende is running: {address}  (Ctrl-C ends it)",
                        )
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)

    threading.Thread(target=wait, daemon=True).start()


@click.group(
    invoke_without_command=True,
    help=t(
        "Alles hinter einem Port starten: Portal, Daten, Hintergrundarbeit.",
        "Start everything behind one port: portal, data, background work.",
    ),
    epilog=EXAMPLE_SERVE,
)
@click.option("--host", help=t("Adresse (sonst 127.0.0.1)", "address (otherwise 127.0.0.1)"))
@click.option("--port", type=click.IntRange(1, 65535), help=t("Port (sonst 8000)", "port (otherwise 8000)"))
@click.pass_context
def serve(context: click.Context, host: str | None, port: int | None) -> None:
    """Start the tree of processes, or one of them."""
    if context.invoked_subcommand is not None:
        return
    current = _placed(host, port)
    require_ready(current)
    _announce(current)
    run_tree(current, say=lambda line: warn(line, line))


@serve.command(
    help=t("Nur Portal und Arbeitsraum (WSGI).", "Only portal and staff room (WSGI)."),
    epilog="\b\nallmende serve web --port 8001",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--socket",
    "socket_path",
    type=click.Path(path_type=Path),
    help=t("Unix-Socket statt Port", "Unix socket in place of a port"),
)
@click.option("--supervised", type=int, hidden=True)
def web(host: str, port: int, socket_path: Path | None, supervised: int | None) -> None:
    """Serve the portal and the staff room."""
    from allmende.serve.portal_form import require_portal
    from allmende.serve.web import run

    if supervised is not None:
        follow_parent(supervised)
    require_ready(settings())
    require_portal()
    run(socket_path=socket_path, host=host, port=port)


@serve.command(
    help=t("Nur die Datenschnittstellen (ASGI).", "Only the data doors (ASGI)."),
    epilog="\b\nallmende serve data --port 8002",
)
@click.option("--host")
@click.option("--port", type=click.IntRange(1, 65535))
@click.option("--fd", type=int, hidden=True)
@click.option(
    "--forward-to",
    help=t("Unix-Socket des Portals, an den alles Übrige geht", "Unix socket of the portal that gets the rest"),
)
@click.option("--supervised", type=int, hidden=True)
def data(host: str | None, port: int | None, fd: int | None, forward_to: str | None, supervised: int | None) -> None:
    """Serve SensorThings and the other data doors."""
    from allmende.serve.data import run

    if supervised is not None:
        follow_parent(supervised)
    current = _placed(host, port)
    require_ready(current)
    run(current, fd=fd, forward_to=forward_to)


@click.command(help=t("Hintergrundarbeit nach Zeitplan.", "Background work on a schedule."), epilog="\b\nallmende work")
@click.option("--supervised", type=int, hidden=True)
def work(supervised: int | None) -> None:
    """Do what is due until told to stop."""
    from allmende.serve.work import run_work

    if supervised is not None:
        follow_parent(supervised)
    current = settings()
    require_ready(current)
    run_work(current)
