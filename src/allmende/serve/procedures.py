"""Messages about formal procedures from files: of the command line, and from the folder that the work process reads."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from allmende.accounts.rules import SystemActor
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django

if TYPE_CHECKING:
    from allmende.participation.services.formal import Came, Taken

COMMAND, WORK = SystemActor("system:command-line"), SystemActor("system:work")
INBOX, DONE, FAILED = "inbox/procedures", "done", "failed"
# A file that somebody still writes to is left for the next time.
SETTLED_SECONDS, MOST_AT_ONCE = 5.0, 200
log = structlog.get_logger("allmende.procedures")
NO_FILE = ErrorCode(
    "participation.no_message_file",
    Text("Die Datei {file} lässt sich nicht öffnen: {why}.", "The file {file} cannot be opened: {why}."),
    Text("Prüfen Sie Name und Leserecht.", "Check name and right to read."),
)
IN_FILE = ErrorCode(
    "participation.message_file",
    Text("{file}: {what}", "{file}: {what}"),
    Text("{next}", "{next}"),
)


def load(files: Sequence[Path], *, own_url: str, dry_run: bool) -> "list[tuple[Taken, Text]]":
    """Take messages from files, all or none, and tell what became of each; with ``dry_run`` nothing stays."""
    set_up_django()
    from allmende.participation.services import formal

    came = [_read(file) for file in files]
    if dry_run:
        found = formal.look(came, COMMAND, now=utc_now())
    else:
        found = formal.take(COMMAND, came, now=utc_now(), own_url=own_url)
    return [(one, formal.RESULTS[one.result]) for one in found]


def _read(file: Path) -> "Came":
    from allmende.participation.services.formal import Came
    from allmende.participation.xbeteiligung import MOST_BYTES, read_message

    try:
        with file.open("rb") as opened:
            body = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise Invalid(NO_FILE, file=file, why=error.strerror) from error
    try:
        return Came(file.name, read_message(body, utc_now()))
    except AllmendeError as error:
        raise Invalid(IN_FILE, file=file.name, what=error.what, next=error.next) from error


def look_after(settings: Settings) -> int:
    """Take what lies in the folder, each file by itself; one that is broken holds no other up. Gives how many came."""
    folder = settings.home / INBOX
    if not folder.is_dir():
        return 0
    set_up_django()
    from allmende.participation.services import formal

    taken = 0
    for file in _waiting(folder):
        try:
            formal.take(WORK, [_read(file)], now=utc_now())
            _put_away(file, DONE)
            taken += 1
        except AllmendeError as error:
            log.warning("a message about a procedure was not taken", file=file.name, error=str(error))
            reason = f"{error.what.de}\n{error.next.de}\n\n{error.what.en}\n{error.next.en}\n"
            moved = _put_away(file, FAILED)
            moved.with_name(f"{moved.name}.txt").write_text(reason, encoding="utf-8")
    return taken


def _waiting(folder: Path) -> list[Path]:
    before = time.time() - SETTLED_SECONDS
    plain = (one for one in folder.glob("*.xml") if one.is_file() and not one.is_symlink())
    settled = [one for one in plain if one.stat().st_mtime <= before]
    return sorted(settled, key=lambda one: one.stat().st_mtime)[:MOST_AT_ONCE]


def _put_away(file: Path, where: str) -> Path:
    target = file.parent / where / f"{utc_now():%Y%m%dT%H%M%S%f}-{file.name}"
    target.parent.mkdir(exist_ok=True)
    return file.rename(target)
