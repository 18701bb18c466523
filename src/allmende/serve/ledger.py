"""The ledger in operation: its keys, putting acts into it, asking witnesses, and being one."""

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio.to_thread
import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from allmende.gate.door import Gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Broken, Conflict, ErrorCode, Invalid, Malformed
from allmende.kernel.text import Text
from allmende.ledger.files import CHECKPOINT, ENTRIES, KEY, require, rulebook_path, tile_path, tiles_of
from allmende.ledger.note import LOG, WITNESS, Key, Signer, read_key, read_note, signed_by
from allmende.ledger.witness import BAD_REQUEST, OTHER_SIZE, key_for, read_submission, write_submission
from allmende.serve.settings import Settings

log = structlog.get_logger("allmende.ledger")

BAD_WITNESS = ErrorCode(
    "ledger.bad_witness_setting",
    Text("„{value}“ nennt keinen Zeugen.", "“{value}” names no witness."),
    Text(
        "ALLMENDE_LEDGER_WITNESSES enthält je Zeuge: SCHLÜSSEL Leerzeichen ADRESSE.",
        "ALLMENDE_LEDGER_WITNESSES holds for each witness: KEY space ADDRESS.",
    ),
)
KEY_UNREADABLE = ErrorCode(
    "ledger.key_unreadable",
    Text(
        "Der Schlüssel {path} lässt sich nicht lesen oder anlegen: {why}.",
        "The key {path} cannot be read or made: {why}.",
    ),
    Text("Prüfen Sie die Zugriffsrechte von ALLMENDE_HOME.", "Check the access rights of ALLMENDE_HOME."),
)
DOOR = "/ledger/witness/add-checkpoint"
LARGEST_SUBMISSION, SECONDS, REST_SECONDS = 100_000, 3, 60


def origin_of(settings: Settings) -> str:
    """Name a new log by the portal's address, or by chance where that is not known."""
    place = settings.public_url.partition("://")[2].rstrip("/")
    return f"{place or f'{settings.pack}-{secrets.token_hex(4)}.invalid'}/ledger"


def _kept(path: Path, name: str, kind: int) -> Signer:
    """Read a key, or make it for its owner's eyes only."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = path.with_suffix(f".{secrets.token_hex(4)}")
            made.touch(mode=0o600)
            made.write_text(Signer.made(name, kind).secret() + "\n", encoding="utf-8")
            try:
                # Of several that make it at once, the first one's stays.
                path.hardlink_to(made)
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return Signer.read(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Broken(KEY_UNREADABLE, path=path, why=error.strerror) from error


def signer(settings: Settings) -> Signer:
    """Give the key that signs the log; it is made at first use."""
    if settings.ledger_key:
        return Signer.read(settings.ledger_key)
    return _kept(settings.home / "ledger.key", origin_of(settings), LOG)


def witness_signer(settings: Settings) -> Signer:
    """Give the key by which this city is a witness of others; it is made at first use."""
    return _kept(settings.home / "witness.key", f"{signer(settings).key.name}/witness", WITNESS)


def witnesses(settings: Settings) -> list[tuple[Key, str]]:
    """Give the witnesses of our log, with their addresses."""
    found = []
    for value in settings.ledger_witnesses:
        key, _, url = value.strip().partition(" ")
        if not url.startswith(("http://", "https://")):
            raise Invalid(BAD_WITNESS, value=value)
        found.append((read_key(key), url.strip()))
    return found


class Sequencer:
    """Puts what waits into the log, and has its checkpoint co-signed; a witness that fails rests for a while."""

    def __init__(self, gate: Gate, settings: Settings) -> None:
        self.ledger, self.settings = Ledger(gate), settings
        self._resting: dict[str, float] = {}

    def run(self) -> int:
        """Do it once; give the number of new entries."""
        added = self.ledger.sequence(signer(self.settings))
        missing = [entry for entry in witnesses(self.settings) if not signed_by(self.ledger.note(), entry[0])]
        for key, url in missing:
            if time.monotonic() >= self._resting.get(key.name, 0):
                self._ask(key, url)
        return added

    def _ask(self, key: Key, url: str) -> None:
        try:
            ask_witness(self.ledger, key, url)
        except (AllmendeError, httpx.HTTPError) as error:
            self._resting[key.name] = time.monotonic() + REST_SECONDS
            log.warning("a witness did not sign", witness=key.name, error=str(error))


def ask_witness(ledger: Ledger, key: Key, url: str) -> None:
    """Have the checkpoint co-signed; a witness that has seen another size is asked once more from there."""
    old = 0
    for _ in range(2):
        path, checkpoint = ledger.continuation(old)
        body = write_submission(old, path, checkpoint)
        answer = httpx.post(url, content=body, timeout=SECONDS)
        if answer.status_code == 200:
            lines = [line + "\n" for line in answer.text.split("\n") if line]
            text = read_note(checkpoint).text
            note = read_note((text + "\n" + "".join(lines)).encode())
            if signed_by(note, key):
                ledger.cosign([line for line in lines if line.startswith(f"— {key.name} ")])
                return
        seen = answer.text.strip()
        if answer.status_code != 409 or not seen.isdecimal() or int(seen) > ledger.size:
            raise Conflict(REFUSED, name=key.name, status=answer.status_code, why=seen[:300])
        old = int(seen)


REFUSED = ErrorCode(
    "ledger.witness_refused",
    Text(
        "Der Zeuge {name} unterschreibt nicht ({status}): {why}", "The witness {name} does not sign ({status}): {why}"
    ),
    Text("Klären Sie mit dem Zeugen, was er gesehen hat.", "Clear up with the witness what it has seen."),
)


def copy_log(source: Ledger, folder: Path, advance: Callable[[int, int], None]) -> int:
    """Write a log as files into a folder, the checkpoint last; give the number of entries."""
    checkpoint = require(source, CHECKPOINT)
    size = read_note(checkpoint).checkpoint.size
    wanted = [tile_path(*tile) for tile in tiles_of(size)]
    wanted += [tile_path(ENTRIES, place, width) for level, place, width in tiles_of(size) if level == 0]
    wanted = [path for path in wanted if not (folder / path).is_file()]
    for number, path in enumerate(wanted):
        _write(folder / path, require(source, path))
        advance(number + 1, len(wanted))
    version = 1
    while (content := source.read(rulebook_path(version))) is not None:
        _write(folder / rulebook_path(version), content)
        version += 1
    _write(folder / KEY, require(source, KEY))
    _write(folder / CHECKPOINT, checkpoint)
    return size


def _write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.replace(path)


class WitnessDoor:
    """Co-signs the logs of other cities (C2SP tlog-witness)."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self.settings, self.ledger = settings, Ledger(gate)
        self.watched: Sequence[Key] = [read_key(text) for text in settings.ledger_witnessed]

    async def answer(self, request: Request) -> Response:
        """Take a checkpoint, and give our signature."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_SUBMISSION:
                raise Malformed(BAD_REQUEST)
        try:
            line = await anyio.to_thread.run_sync(self._signed, body)
        except Conflict as error:
            if error.code is not OTHER_SIZE:
                raise
            return Response(f"{error.params['size']}\n", 409, {"Content-Type": "text/x.tlog.size"})
        return Response(line, 200, {"Cache-Control": "no-store"}, "text/plain; charset=utf-8")

    def _signed(self, body: bytes) -> str:
        submission = read_submission(body)
        key_for(submission, self.watched)
        own, note = witness_signer(self.settings), submission.note
        seen = self.ledger.witness(submission, int(utc_now().timestamp()))
        return own.line(note.text, seen.second)


def routes(settings: Settings, gate: Gate) -> list[BaseRoute]:
    """Give the door for logs that we witness; none where there are none."""
    if not settings.ledger_witnessed:
        return []
    return [Route(DOOR, WitnessDoor(settings, gate).answer, methods=["POST"])]
