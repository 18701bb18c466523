"""``allmende ledger``: show, check and copy the public log."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from allmende.cli.speech import progress, say, t, warn
from allmende.gate.door import open_gate
from allmende.gate.ledger import Ledger
from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.ledger.check import Verified, verify_consistency, verify_log, verify_proof
from allmende.ledger.files import KEY, Source, require, source_of
from allmende.ledger.note import Key, Note, opened, read_key
from allmende.serve.ledger import Sequencer, copy_log, signer, witness_signer
from allmende.serve.readiness import require_ready
from allmende.serve.settings import Settings, settings

NO_KEY = ErrorCode(
    "ledger.no_key",
    Text("Für {place} ist kein Schlüssel genannt.", "No key is given for {place}."),
    Text(
        "Nennen Sie ihn: --key SCHLÜSSEL (die Stadt gibt ihn bekannt).",
        "Name it: --key KEY (the city makes it known).",
    ),
)
NOT_NAMED = ErrorCode(
    "ledger.document_not_named",
    Text("{document} steht nicht im Protokoll (SHA-256 {sha256}).", "{document} is not in the log (SHA-256 {sha256})."),
    Text(
        "Prüfen Sie, ob die Datei Byte für Byte die freigegebene ist (das JSON, nicht das PDF).",
        "Check whether the file is the approved one, byte for byte (the JSON, not the PDF).",
    ),
)
WHOLE_LOG = ErrorCode(
    "ledger.document_needs_log",
    Text(
        "--document braucht das ganze Protokoll: eine Adresse oder einen Ordner, ohne --quick.",
        "--document needs the whole log: an address or a folder, without --quick.",
    ),
    Text("Nennen Sie das Protokoll der Stadt.", "Name the log of the city."),
)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
KEY_HELP = t("Schlüssel des Protokolls, oder eine Datei damit", "key of the log, or a file with it")
WITNESS_HELP = t(
    "Schlüssel eines Zeugen, der mitunterschrieben haben muss", "key of a witness that must have co-signed"
)


@click.group(
    help=t("Das öffentliche Protokoll zeigen, prüfen und kopieren.", "Show, check and copy the public log."),
    epilog="\b\nallmende ledger verify https://stadt.example/ledger --key KEY",
)
def ledger() -> None:
    """Gather the commands for the log."""


@contextmanager
def _own() -> Iterator[tuple[Settings, Ledger]]:
    """Open the log of this installation, up to date."""
    current = settings()
    require_ready(current)
    gate = open_gate(current.store_url)
    try:
        Sequencer(gate, current).run()
        yield current, Ledger(gate)
    finally:
        gate.close()


def _key_from(text: str) -> Key:
    path = Path(text)
    return read_key(path.read_text(encoding="utf-8") if len(text) < 200 and path.is_file() else text)


def _key_of(place: str, source: Source | None, given: str | None) -> Key:
    """Give the key to check by; one that comes from the log itself proves less, which is said."""
    if given:
        return _key_from(given)
    if source is None:
        raise Invalid(NO_KEY, place=place)
    warn(
        "Ohne --key: geprüft wird mit dem Schlüssel, den das Protokoll selbst nennt.",
        "Without --key: checked with the key that the log itself names.",
    )
    return read_key(require(source, KEY).decode())


def _told(found: Verified) -> None:
    size, origin = found.checkpoint.size, found.checkpoint.origin
    say(
        f"✓ {origin}: {size} Einträge, {found.first} bis {found.last}",
        f"✓ {origin}: {size} entries, {found.first} to {found.last}",
    )
    if found.rulebooks:
        say(f"✓ {found.rulebooks} Regelwerke sind die genannten", f"✓ {found.rulebooks} rule books are the ones named")
    for name, second in found.witnesses:
        when = dt.datetime.fromtimestamp(second, dt.UTC).isoformat()
        say(f"✓ mitunterschrieben von {name} am {when}", f"✓ co-signed by {name} on {when}")


@ledger.command(
    help=t(
        "Prüfen: ein ganzes Protokoll (Adresse oder Ordner, sonst das eigene), einen Nachweis (Datei), "
        "oder mit --since, ob es einen früheren Prüfpunkt fortsetzt.",
        "Check: a whole log (address or folder, otherwise our own), a proof (file), "
        "or with --since whether it continues an earlier checkpoint.",
    ),
    epilog="\b\nallmende ledger verify https://stadt.example/ledger --key KEY",
)
@click.argument("place", required=False)
@click.option("--key", "given", help=KEY_HELP)
@click.option("--since", type=FILE, help=t("früherer Prüfpunkt", "earlier checkpoint"))
@click.option("--witness", "witnesses", multiple=True, help=WITNESS_HELP)
@click.option(
    "--quick",
    is_flag=True,
    help=t("mit --since: nur die Fortsetzung prüfen", "with --since: check the continuation alone"),
)
@click.option(
    "--document",
    type=FILE,
    help=t("Datei, deren Prüfsumme im Protokoll stehen muss", "file whose hash must stand in the log"),
)
def verify(
    place: str | None,
    given: str | None,
    since: Path | None,
    witnesses: tuple[str, ...],
    quick: bool,
    document: Path | None,
) -> None:
    """Check from files alone; the first fault is named and ends it with an exit code."""
    if document is not None and (quick or (place is not None and Path(place).is_file())):
        raise Invalid(WHOLE_LOG)
    keys = [_key_from(text) for text in witnesses]
    if place is None:
        with _own() as (_, own):
            _verify_log(own, own.key(), since, keys, quick=quick, document=document)
    elif Path(place).is_file():
        _verify_proof(Path(place), _key_of(place, None, given), keys)
    else:
        source = source_of(place)
        _verify_log(source, _key_of(place, source, given), since, keys, quick=quick, document=document)


def _verify_log(
    source: Source, key: Key, since: Path | None, witnesses: list[Key], *, quick: bool, document: Path | None
) -> None:
    sha256 = hashlib.sha256(document.read_bytes()).hexdigest() if document else ""
    before: Note | None = None if since is None else opened(since.read_bytes(), key)
    if quick and before is not None:
        now = verify_consistency(source, key, before)
        size = now.size
    else:
        with progress("Protokoll wird geprüft", "Checking the log") as advance:
            found = verify_log(source, key, witnesses, before, advance, sha256)
        _told(found)
        if document is not None:
            _told_document(document, sha256, found.named)
        size = found.checkpoint.size
    if before is not None:
        old = before.checkpoint.size
        say(
            f"✓ setzt den Prüfpunkt mit {old} Einträgen fort (jetzt {size})",
            f"✓ continues the checkpoint of {old} entries (now {size})",
        )


def _told_document(document: Path, sha256: str, named: tuple[int, ...]) -> None:
    if not named:
        raise NotFound(NOT_NAMED, document=document.name, sha256=sha256)
    for index in named:
        say(
            f"✓ {document.name}: die Prüfsumme {sha256} steht in Eintrag {index}",
            f"✓ {document.name}: the hash {sha256} stands in entry {index}",
        )


def _verify_proof(path: Path, key: Key, witnesses: list[Key]) -> None:
    raw = path.read_bytes()
    entry, index, found = verify_proof(raw, key, witnesses)
    size = found.checkpoint.size
    say(
        f"✓ Eintrag {index} steht im Protokoll mit {size} Einträgen:",
        f"✓ Entry {index} stands in the log of {size} entries:",
    )
    click.echo(entry.decode())


@ledger.command(
    help=t("Einträge zeigen, die neuesten zuletzt.", "Show entries, the newest last."),
    epilog="\b\nallmende ledger show --last 50\nallmende ledger show 17",
)
@click.argument("index", required=False, type=click.IntRange(min=0))
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 100_000), help=t("wie viele", "how many"))
def show(index: int | None, last: int) -> None:
    """Print entries as lines of number and JSON."""
    with _own() as (_, own):
        first = max(0, own.size - last) if index is None else index
        found = own.entries(first, last) if index is None else [own.entry(index)]
        for number, entry in enumerate(found, first):
            click.echo(f"{number}\t{entry.decode()}")


@ledger.command(
    help=t(
        "Den Nachweis schreiben, dass ein Eintrag im Protokoll steht.",
        "Write the proof that an entry stands in the log.",
    ),
    epilog="\b\nallmende ledger proof 17",
)
@click.argument("index", type=click.IntRange(min=0))
def proof(index: int) -> None:
    """Print a proof that stands for itself."""
    with _own() as (_, own):
        click.echo(own.proof(index), nl=False)


@ledger.command(
    help=t(
        "Das Protokoll als Dateien in einen Ordner schreiben; was dort schon vollständig ist, bleibt.",
        "Write the log as files into a folder; what is complete there already stays.",
    ),
    epilog="\b\nallmende ledger export /srv/ledger",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export(folder: Path) -> None:
    """Copy the log; any web server can serve the folder."""
    with _own() as (_, own), progress("Protokoll wird kopiert", "Copying the log") as advance:
        size = copy_log(own, folder, advance)
    say(f"{size} Einträge nach {folder} geschrieben.", f"{size} entries written to {folder}.")


@ledger.command(
    help=t("Die öffentlichen Schlüssel zeigen: Protokoll und Zeuge.", "Show the public keys: log and witness."),
    epilog="\b\nallmende ledger key",
)
def key() -> None:
    """Print both keys."""
    current = settings()
    require_ready(current)
    click.echo(f"{t('Protokoll', 'log')}\t{signer(current).key}")
    click.echo(f"{t('Zeuge', 'witness')}\t{witness_signer(current).key}")


@ledger.command(
    help=t(
        "Zeigen, was die Verpflichtungen eines Eintrags verbergen (nicht öffentlich).",
        "Show what the commitments of an entry hide (not public).",
    ),
    epilog="\b\nallmende ledger reveal 17",
)
@click.argument("index", type=click.IntRange(min=0))
def reveal(index: int) -> None:
    """Print values with their salts, by which anyone can check them."""
    with _own() as (_, own):
        for one in own.openings(index):
            shown = {"commitment": one.commitment, "salt": one.salt.hex(), "value": one.value}
            click.echo(msgspec.json.encode(shown).decode())


@ledger.command(
    help=t(
        "Löschen, was die Verpflichtungen über jemanden öffnet. Das Protokoll bleibt gültig.",
        "Delete what opens the commitments about somebody. The log stays valid.",
    ),
    epilog="\b\nallmende ledger forget rita@example.org",
)
@click.argument("subject")
def forget(subject: str) -> None:
    """Erase the salts of a person."""
    with _own() as (_, own):
        count = own.forget(subject)
    say(f"{count} Verpflichtungen sind nicht mehr zu öffnen.", f"{count} commitments can be opened no longer.")


@ledger.command(
    help=t(
        "Prüfen, ob von einem Tag (UTC) noch gespeichert ist, was bei seinem Abschluss gespeichert war.",
        "Check whether what was stored of a day (UTC) when it was closed is what is stored now.",
    ),
    epilog="\b\nallmende ledger day 2026-11-24",
)
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.pass_context
def day(context: click.Context, day: dt.datetime) -> None:
    """Compare the day's digest with what is stored; exit code 1 when they differ."""
    name = day.date().isoformat()
    with _own() as (_, own):
        same = own.day_is_as_closed(day.date())
    if not same:
        say(
            f"✗ {name}: seither geändert (nachgeliefert, berichtigt oder gelöscht)",
            f"✗ {name}: changed since (came late, was corrected or deleted)",
        )
        context.exit(1)
    say(f"✓ {name}: unverändert", f"✓ {name}: unchanged")
