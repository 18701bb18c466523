"""Is the installation as it must be before a process starts?"""

import os
from pathlib import Path

from allmende.gate.door import check_store
from allmende.kernel.errors import Broken, ErrorCode
from allmende.kernel.text import Text
from allmende.serve.settings import Settings

NOT_FOUNDED = ErrorCode(
    "serve.not_founded",
    Text("Unter {home} ist noch keine Stadt eingerichtet.", "No city is set up in {home} yet."),
    Text(
        "Richten Sie sie ein: allmende init --pack konstanz --demo",
        "Set it up: allmende init --pack konstanz --demo",
    ),
)
NOT_WRITABLE = ErrorCode(
    "serve.not_writable",
    Text(
        "In den Ordner {home} kann nicht geschrieben werden ({why}).",
        "The folder {home} cannot be written to ({why}).",
    ),
    Text(
        "Ändern Sie die Rechte, oder nennen Sie mit ALLMENDE_HOME einen anderen Ordner.",
        "Change its rights, or name another folder with ALLMENDE_HOME.",
    ),
)


def require_writable(home: Path) -> None:
    """Refuse a home folder that cannot be made or written to."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Broken(NOT_WRITABLE, home=home, why=error.strerror) from error


def require_ready(settings: Settings) -> None:
    """Refuse to start without a writable home and a store of exactly this version's form."""
    if not settings.database_url and not (settings.home / "observations.sqlite3").exists():
        raise Broken(NOT_FOUNDED, home=settings.home)
    require_writable(settings.home)
    check_store(settings.store_url)
