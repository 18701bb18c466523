"""Packages out: checked, told in the ledger, written; and what became of them elsewhere."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from django.db import transaction

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.gate.door import Ask, Gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today
from allmende.kernel.errors import Busy, Conflict, Denied, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.programme.models import Project
from allmende.sources.definition import Connector
from allmende.transfer.gathering import City, gather
from allmende.transfer.models import Adoption, Export, Import
from allmende.transfer.package.archive import read, sealed, write
from allmende.transfer.package.form import Origin, Package
from allmende.transfer.package.names import Leftover, leftovers

MOST_NAMED = 20
LEFT_OVER = ErrorCode(
    "transfer.local_names",
    Text("{count} Stellen nennen Orte oder Menschen: {places}", "{count} places name localities or people: {places}"),
    Text(
        "Schreiben Sie diese Texte so, dass sie auch anderswo stimmen.",
        "Write these texts so that they hold elsewhere, too.",
    ),
)
NOT_TOLD = ErrorCode(
    "transfer.not_in_ledger",
    Text(
        "Das öffentliche Protokoll hat das Paket noch nicht aufgenommen.",
        "The public log has not taken the package in yet.",
    ),
    Text("Versuchen Sie es in einigen Sekunden noch einmal.", "Try again in a few seconds."),
)
NOT_FOR_ALL = ErrorCode(
    "transfer.not_for_all",
    Text(
        "Das Paket {digest} ist nicht für die Öffentlichkeit zusammengestellt.",
        "The package {digest} was not put together for the public.",
    ),
    Text("Geben Sie das Projekt als offene Daten noch einmal aus.", "Give the project out again as open data."),
)
OWN_PACKAGE = ErrorCode(
    "transfer.own_package",
    Text("Wer ein Paket ausgegeben hat, veröffentlicht es nicht.", "Who gave a package out does not publish it."),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)
UNKNOWN_PACKAGE = ErrorCode(
    "transfer.unknown_package",
    Text("Ein Paket {digest} hat diese Stadt nicht ausgegeben.", "This city has given out no package {digest}."),
    Text("Prüfen Sie, ob die Quittung für diese Stadt ist.", "Check whether the receipt is for this city."),
)


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a city that took a package over tells the one that gave it."""

    digest: str
    city: str
    project: str
    day: str
    url: str = ""


class House(msgspec.Struct, frozen=True):
    """Where packages lie, and how to have the ledger take in what waits."""

    home: Path
    settle: Callable[[], object]

    def kept(self, digest: str) -> Path:
        """Give the file of a package that was taken over."""
        return self.home / "transfer" / f"{digest}.zip"

    def given(self, digest: str) -> Path:
        """Give the file of a package that was given out."""
        return self.home / "transfer" / "given" / f"{digest}.zip"


def hand_out(
    actor: Actor, *, project: Project, city: City, gate: Gate, ask: Ask, house: House, connectors: Iterable[Connector]
) -> tuple[bytes, Export | None]:
    """Write the package of a project; one that came from elsewhere and was left as it is goes on as it came."""
    taken = Import.objects.filter(project=project, undone_on__isnull=True).first()
    if taken is not None and is_untouched(taken):
        package, proof, _ = read(house.kept(taken.digest).read_bytes())
        return write(package.rewritten(), proof), None
    earlier = () if taken is None else _with_digest(taken)
    package, words = gather(project, city, gate=gate, ask=ask, connectors=connectors, earlier=earlier)
    require_free(package, words)
    return _told(actor, project, package, gate, ask, house)


def _with_digest(taken: Import) -> tuple[Origin, ...]:
    nearest, *rest = taken.origins
    return (msgspec.structs.replace(nearest, digest=taken.digest), *rest)


def is_untouched(taken: Import) -> bool:
    """Tell whether nothing was decided or written about a project since it came."""
    project = taken.project
    if project is None or project.events.count() != 1:
        return False
    return not project.findings.filter(edits__gt=1).exists() and not project.findings.exclude(state="draft").exists()


def require_free(package: Package, words: frozenset[str]) -> None:
    """Refuse a package in which local names or personal data stand outside the parameters."""
    found = leftovers(package.files, words)
    if found:
        raise _left(found)


def _left(found: list[Leftover]) -> Invalid:
    error = Invalid(LEFT_OVER, count=len(found), places="; ".join(str(one) for one in found[:MOST_NAMED]))
    error.about = found
    return error


@transaction.atomic
def _told(actor: Actor, project: Project, package: Package, gate: Gate, ask: Ask, house: House) -> tuple[bytes, Export]:
    _, digest = sealed(package)
    row = Export.objects.filter(digest=digest).first()
    if row is None:
        index, proof = _proved(f"transfer/{project.slug}", digest, gate, house)
        row = Export.objects.create(
            project=project,
            digest=digest,
            day=today(),
            verb=ask.verb,
            purpose=ask.purpose,
            recipient=ask.recipient,
            index=index,
            proof=proof,
            made_by=actor if isinstance(actor, Person) else None,
        )
        record(actor, "transfer.package_exported", project, after={"digest": digest, "recipient": ask.recipient})
    raw = write(package, bytes(row.proof))
    _keep(house.given(digest), raw)
    return raw, row


def _keep(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(raw)
    fresh.replace(path)


@transaction.atomic
def publish_package(actor: Person, *, number: int, house: House) -> Export:
    """Offer a package on the project's public page: a second person does it, and only with what was made for all."""
    row = Export.objects.select_for_update(of=("self",)).select_related("project").get(pk=number)
    if not row.is_for_all or not house.given(row.digest).exists():
        raise Conflict(NOT_FOR_ALL, digest=row.digest[:12])
    if row.made_by_id == actor.pk:
        raise Denied(OWN_PACKAGE)
    row.published_on, row.published_by = today(), actor
    row.save(update_fields=["published_on", "published_by"])
    record(actor, "transfer.package_published", row.project, after={"digest": row.digest})
    return row


@transaction.atomic
def withdraw_package(actor: Person, *, number: int) -> Export:
    """Offer a package no longer; that it was given out stays told."""
    row = Export.objects.select_for_update(of=("self",)).select_related("project").get(pk=number)
    row.published_on, row.published_by = None, None
    row.save(update_fields=["published_on", "published_by"])
    record(actor, "transfer.package_withdrawn", row.project, before={"digest": row.digest})
    return row


def _proved(name: str, digest: str, gate: Gate, house: House) -> tuple[int, bytes]:
    """Tell the ledger, and give the entry's number with the proof that it stands there."""
    ledger = Ledger(gate)
    size = ledger.size
    ledger.tell_text(name, digest)
    house.settle()
    for place, raw in enumerate(ledger.entries(size, ledger.size - size)):
        if digest.encode() in raw:
            return size + place, ledger.proof(size + place)
    raise Busy(NOT_TOLD)


@transaction.atomic
def acknowledge(actor: Actor, *, receipt: Receipt) -> Adoption:
    """Note that another city took a package over, as its receipt says."""
    export = Export.objects.filter(digest=receipt.digest).select_related("project").first()
    if export is None:
        raise NotFound(UNKNOWN_PACKAGE, digest=receipt.digest[:64])
    row, _ = Adoption.objects.get_or_create(
        export=export,
        city=receipt.city[:100],
        project=receipt.project[:50],
        defaults={"day": receipt.day, "url": receipt.url},
    )
    record(actor, "transfer.adoption_noted", export.project, after={"city": row.city, "project": row.project})
    return row
