"""What the command line does with transfer packages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from allmende.gate.door import Ask, Asker, Gate, open_gate
from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.serve.ledger import Sequencer
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django

ACTOR = "system:command-line"
NO_PROJECT = ErrorCode(
    "transfer.no_project",
    Text("Ein Projekt „{slug}“ gibt es nicht.", "There is no project “{slug}”."),
    Text("Alle stehen unter /projekte/.", "All stand at /en/projekte/."),
)
NO_IMPORT = ErrorCode(
    "transfer.no_import",
    Text("Zum Projekt „{slug}“ gibt es keine Übernahme.", "There is no import for the project “{slug}”."),
    Text("Alle zeigt: allmende transfer list", "All are shown by: allmende transfer list"),
)
UNREADABLE = ErrorCode(
    "transfer.unreadable_file",
    Text("{file} lässt sich nicht lesen: {reason}", "{file} cannot be read: {reason}"),
    Text("Prüfen Sie den Namen der Datei.", "Check the name of the file."),
)


class Exported(msgspec.Struct, frozen=True):
    """A package: its bytes and digest, and the entry of the ledger; None where it went on as it came."""

    raw: bytes
    digest: str
    index: int | None


class Part(msgspec.Struct, frozen=True):
    """What became of a part of a package."""

    kind: str
    name: str
    outcome: str
    reason: Text | None


class Imported(msgspec.Struct, frozen=True):
    """A draft project with all its parts, and the receipt for the city that gave it."""

    project: str
    parts: tuple[Part, ...]
    receipt: bytes


def read_file(path: Path) -> bytes:
    """Read a file; raise with its name and the reason."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(UNREADABLE, file=path, reason=error.strerror) from error


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Gate, Any, Any]]:
    """Give gate, actor and house."""
    set_up_django()
    from allmende.accounts.rules import SystemActor
    from allmende.transfer.giving import House

    gate = open_gate(settings.store_url)
    try:
        yield gate, SystemActor(ACTOR), House(settings.home, Sequencer(gate, settings).run)
    finally:
        gate.close()


def export(settings: Settings, *, slug: str, verb: Any, purpose: str, recipient: str) -> Exported:
    """Write the package of a project."""
    with _opened(settings) as (gate, actor, house):
        from allmende.programme.models import Project
        from allmende.sources.definition import Connector, connectors
        from allmende.transfer.gathering import city_of
        from allmende.transfer.giving import hand_out
        from allmende.transfer.package.archive import read

        project = Project.objects.filter(slug=slug).first()
        if project is None:
            raise NotFound(NO_PROJECT, slug=slug)
        raw, row = hand_out(
            actor,
            project=project,
            city=city_of(settings.pack, settings.public_url),
            gate=gate,
            ask=Ask(Asker(ACTOR), verb, purpose, recipient),
            house=house,
            connectors=[one for one in connectors(settings.home) if isinstance(one, Connector)],
        )
        return Exported(raw, row.digest, row.index) if row else Exported(raw, read(raw)[2], None)


def parameters(raw: bytes) -> bytes:
    """Give the file that a city fills in before it takes a package over."""
    set_up_django()
    from allmende.transfer.package.archive import read
    from allmende.transfer.package.form import written
    from allmende.transfer.taking import waiting_parameters

    return written(waiting_parameters(read(raw)[0]))


def take(settings: Settings, *, raw: bytes, values: bytes) -> Imported:
    """Take a package over."""
    with _opened(settings) as (gate, actor, house):
        from allmende.transfer.gathering import city_of
        from allmende.transfer.giving import Receipt
        from allmende.transfer.package.form import read_parameters
        from allmende.transfer.taking import take_over

        row = take_over(actor, raw=raw, values=read_parameters(values), gate=gate, house=house)
        project = row.project.slug if row.project else ""
        city = city_of(settings.pack, settings.public_url)
        receipt = Receipt(digest=row.digest, city=city.name, project=project, day=row.day.isoformat(), url=city.url)
        parts = tuple(Part(one.kind, one.name, one.outcome, one.reason) for one in row.items.all())
        return Imported(project, parts, msgspec.json.format(msgspec.json.encode(receipt), indent=1) + b"\n")


def rehearse(settings: Settings, *, raw: bytes, values: bytes) -> tuple[Part, ...]:
    """Say what would become of each part of a package; nothing is written."""
    with _opened(settings) as (gate, actor, house):
        from allmende.transfer import taking
        from allmende.transfer.package.form import read_parameters

        items = taking.rehearse(actor, raw=raw, values=read_parameters(values), gate=gate, house=house)
        return tuple(Part(one.kind, one.name, one.outcome, one.reason) for one in items)


def undo(settings: Settings, *, slug: str) -> None:
    """Take an import back."""
    with _opened(settings) as (gate, actor, house):
        from allmende.transfer import taking
        from allmende.transfer.models import Import

        row = Import.objects.filter(project__slug=slug, undone_on__isnull=True).first()
        if row is None:
            raise NotFound(NO_IMPORT, slug=slug)
        taking.undo(actor, number=row.pk, gate=gate, house=house)


def acknowledge(settings: Settings, *, raw: bytes) -> tuple[str, str]:
    """Note a receipt; give city and project."""
    with _opened(settings) as (_, actor, _house):
        from allmende.transfer.giving import Receipt
        from allmende.transfer.giving import acknowledge as note
        from allmende.transfer.package.form import BAD_PART

        try:
            receipt = msgspec.json.decode(raw, type=Receipt)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(BAD_PART, file="receipt", place="$", reason=str(error)) from error
        row = note(actor, receipt=receipt)
        return row.city, row.project


def listed(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Give imports and exports: which way, project, digest, day."""
    with _opened(settings):
        from allmende.transfer.models import Export, Import

        ours = [("out", row.project.slug, row.digest, str(row.day)) for row in Export.objects.select_related("project")]
        rows = Import.objects.select_related("project")
        theirs = [("in", row.project.slug if row.project else "–", row.digest, str(row.day)) for row in rows]
        return [*ours, *theirs]
