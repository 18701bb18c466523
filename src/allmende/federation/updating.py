"""Following another city: fetch, check, and take over whole or not at all; what came earlier stays."""

import datetime as dt

import msgspec
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import record
from allmende.federation.documents import (
    DATASETS,
    DOCUMENT,
    FINDINGS,
    FOLDER,
    LARGEST,
    WITNESSED,
    Datasets,
    Document,
    Findings,
    Witnessed,
)
from allmende.federation.fetching import Reach, RemoteLog
from allmende.federation.models import ACTIVE, QUARANTINED, Peer, Testimony
from allmende.federation.rules import (
    Last,
    Opened,
    OtherSigner,
    decoded,
    opened,
    require_file,
    require_findings,
    require_next,
)
from allmende.federation.witnessing import Contradiction, Testified, cosign, look, testimony
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.ledger.note import Key, Signer, read_key

ACTOR = SystemActor("system:federation")
BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LONGEST_REST = dt.timedelta(hours=24)
OURSELVES = ErrorCode(
    "federation.ourselves",
    Text("Unter dieser Adresse antwortet diese Stadt selbst.", "At this address this city itself answers."),
    Text("Nennen Sie die Adresse der anderen Stadt.", "Name the address of the other city."),
)
KNOWN_ALREADY = ErrorCode(
    "federation.known_already",
    Text("{city} ist schon aufgenommen ({url}).", "{city} is known already ({url})."),
    Text("Entfernen Sie zuerst den alten Eintrag.", "Remove the old entry first."),
)
REPLACED = ErrorCode(
    "federation.replaced_meanwhile",
    Text("{city} wurde gleichzeitig an anderer Stelle geändert.", "{city} was changed elsewhere at the same time."),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
IN_QUARANTINE = ErrorCode(
    "federation.in_quarantine",
    Text("{city} ist in Quarantäne.", "{city} is in quarantine."),
    Text("Entscheiden Sie zuerst darüber.", "Decide on that first."),
)


class House(msgspec.Struct, frozen=True):
    """What following needs of this city: whom it may ask, what it says of itself, its log.

    Without the private key of the witness nothing is co-signed.
    """

    allowed_hosts: tuple[str, ...]
    contact: str
    ags: str | None
    ledger: Ledger
    witness: Signer | None = None

    @property
    def key(self) -> Key:
        """Give the key of our log."""
        return self.ledger.key()

    def reach(self, base: str) -> Reach:
        """Begin to ask a city; all its requests together have a minute."""
        return Reach(base, self.allowed_hosts, self.contact)


class Taken(msgspec.Struct, frozen=True):
    """What was fetched and checked of a city, not yet written; None for what has not changed."""

    opened: Opened | None = None
    etag: str = ""
    findings: Findings | None = None
    datasets: Datasets | None = None
    checkpoint: str = ""
    cosigned: str = ""
    testified: Testified | None = None


def introduce(house: House, base: str) -> Opened:
    """Ask a city that is not known yet who it is; nothing is kept."""
    reply = house.reach(base).get(FOLDER + DOCUMENT, most=LARGEST[DOCUMENT])
    found = opened(reply.body or b"", None)
    require_stranger(house, found.document, found.key)
    return found


def require_stranger(house: House, document: Document, key: Key, *, but: Peer | None = None) -> None:
    """Refuse a city that is ourselves, or that another entry has the key or the official number of."""
    if key == house.key or (document.city.ags and document.city.ags == house.ags):
        raise Conflict(OURSELVES)
    others = Peer.objects.exclude(pk=but.pk) if but else Peer.objects.all()
    same = others.filter(key=str(key)).first()
    if same is None and document.city.ags:
        same = others.filter(ags=document.city.ags).first()
    if same is not None:
        raise Conflict(KNOWN_ALREADY, city=same.city, url=same.url)


def first(house: House, base: str, key: Key, *, witness: bool) -> Taken:
    """Fetch all of a city for the first time."""
    reach = house.reach(base)
    reply = reach.get(FOLDER + DOCUMENT, most=LARGEST[DOCUMENT])
    found = opened(reply.body or b"", key)
    city = found.document.city
    require_next(found, Last(city.name, city.ags, 0, "", BEGINNING), utc_now())
    require_stranger(house, found.document, found.key)
    findings, datasets = _files(reach, found.document)
    log = _log(house, reach, found.document, key, seen="", witness=witness)
    return Taken(found, reply.etag, findings, datasets, *log)


def update(house: House, number: int, now: dt.datetime) -> bool:
    """Ask a city again, and take over what is new; note why, where that fails. Tell whether it was reached."""
    row = Peer.objects.get(pk=number)
    if row.state == QUARANTINED:
        raise Conflict(IN_QUARANTINE, city=row.city)
    # Should this break off, the others have their turn before it is tried again.
    Peer.objects.filter(pk=number).update(due_at=now + dt.timedelta(minutes=row.every_minutes))
    try:
        _write(row, _fetched(house, row, now), now)
    except OtherSigner as error:
        _quarantine(row, "key", error, now, offered_key=str(error.key))
    except Contradiction as error:
        _quarantine(row, "fork", error, now, contradiction=error.checkpoint)
    except AllmendeError as error:
        _failed(row, error, now)
    else:
        return True
    return False


def _fetched(house: House, row: Peer, now: dt.datetime) -> Taken:
    reach, key, before = house.reach(row.url), row.public_key, row.told
    reply = reach.get(FOLDER + DOCUMENT, most=LARGEST[DOCUMENT], etag=row.etag)
    found = None if reply.body is None else opened(reply.body, key)
    taken = Taken(etag=reply.etag or row.etag)
    if found is not None and require_next(found, _last(row), now):
        require_stranger(house, found.document, key, but=row)
        findings, datasets = _files(reach, found.document, row)
        taken = Taken(found, reply.etag, findings, datasets)
    document = found.document if found else before
    checkpoint, cosigned, testified = _log(house, reach, document, key, seen=row.checkpoint, witness=row.witness)
    return msgspec.structs.replace(taken, checkpoint=checkpoint, cosigned=cosigned, testified=testified)


def _last(row: Peer) -> Last:
    return Last(row.city, row.ags or None, row.sequence, row.sha256, row.issued)


def _files(reach: Reach, document: Document, row: Peer | None = None) -> tuple[Findings | None, Datasets | None]:
    """Fetch the files whose bytes are others than before."""
    before = row.told.files if row else {}
    raw: dict[str, bytes] = {}
    for name, file in (("findings", FINDINGS), ("datasets", DATASETS)):
        told = document.files.get(name)
        if told is None or told == before.get(name):
            continue
        raw[name] = reach.get(told.path, most=LARGEST[file]).body or b""
        require_file(raw[name], told, file)
    findings = decoded(raw["findings"], Findings, FINDINGS) if "findings" in raw else None
    if findings is not None:
        require_findings(findings)
    return findings, decoded(raw["datasets"], Datasets, DATASETS) if "datasets" in raw else None


def _log(
    house: House, reach: Reach, document: Document, key: Key, *, seen: str, witness: bool
) -> tuple[str, str, Testified | None]:
    """Look after a city's log: checkpoint, our cosignature, and what it testifies about ours."""
    path = document.links.get("ledger")
    if path is None:
        return seen, "", None
    found = look(RemoteLog(reach, path), document.city.name, key, seen=seen, told=document.checkpoint)
    signer = house.witness if witness else None
    cosigned = "" if signer is None else cosign(house.ledger, signer, found, document.city.name)
    return found.raw, cosigned, _testified(house, reach, document)


def _testified(house: House, reach: Reach, document: Document) -> Testified | None:
    path = document.links.get("witnessed")
    if path is None or not document.witness:
        return None
    raw = reach.get(path, most=LARGEST[WITNESSED], absent=True).body
    if raw is None:
        return None
    return testimony(house.ledger, decoded(raw, Witnessed, WITNESSED).notes, read_key(document.witness))


@transaction.atomic
def _write(row: Peer, taken: Taken, now: dt.datetime) -> None:
    """Write all of it, unless somebody else has written meanwhile."""
    current = Peer.objects.select_for_update().filter(pk=row.pk).first()
    if current is None or (current.sequence, current.state, current.key) != (row.sequence, row.state, row.key):
        raise Conflict(REPLACED, city=row.city)
    fill(current, taken, now)
    current.save()
    testify(current, taken.testified)


def fill(row: Peer, taken: Taken, now: dt.datetime) -> None:
    """Put what was checked into a row."""
    if taken.opened is not None:
        document = taken.opened.document
        row.document, row.sha256 = msgspec.to_builtins(document), taken.opened.sha256
        row.sequence, row.issued, row.ags = document.sequence, document.issued, document.city.ags or ""
        row.accepted_at = now
    if taken.findings is not None:
        row.findings = msgspec.to_builtins(taken.findings)
    if taken.datasets is not None:
        row.datasets = msgspec.to_builtins(taken.datasets)
    if taken.checkpoint:
        row.checkpoint, row.checkpoint_at = taken.checkpoint, now
    row.cosigned = taken.cosigned or row.cosigned
    row.etag, row.failures, row.error_de, row.error_en = taken.etag, 0, "", ""
    row.reached_at = row.tried_at = now
    row.due_at = now + dt.timedelta(minutes=row.every_minutes)


def testify(row: Peer, found: Testified | None) -> None:
    """Keep what a city testifies about our log."""
    if found is not None:
        values = {"size": found.size, "at": found.at, "note": found.note, "holds": found.holds}
        Testimony.objects.update_or_create(peer=row, defaults=values)


@transaction.atomic
def _failed(row: Peer, error: AllmendeError, now: dt.datetime) -> None:
    """Note why it failed, and rest the longer the more often that was."""
    current = Peer.objects.select_for_update().filter(pk=row.pk).first()
    if current is None:
        return
    current.failures += 1
    rest = dt.timedelta(minutes=current.every_minutes) * 2 ** min(current.failures - 1, 6)
    current.due_at, current.tried_at = now + min(rest, LONGEST_REST), now
    current.error_de, current.error_en = error.what.de, error.what.en
    current.save(update_fields=["failures", "due_at", "tried_at", "error_de", "error_en"])


@transaction.atomic
def _quarantine(row: Peer, cause: str, error: AllmendeError, now: dt.datetime, **evidence: str) -> None:
    """Stop to follow a city until a person has decided; what it said before stays."""
    current = Peer.objects.select_for_update().filter(pk=row.pk).exclude(state=QUARANTINED).first()
    if current is None:
        return
    current.state, current.cause, current.since, current.tried_at = QUARANTINED, cause, now, now
    current.error_de, current.error_en = error.what.de, error.what.en
    for name, value in evidence.items():
        setattr(current, name, value)
    current.save()
    record(ACTOR, "federation.quarantined", current, after={"cause": cause, "why": error.what.en})


def update_due(house: House, now: dt.datetime) -> int:
    """Ask all cities whose time has come, one after the other; give how many were reached."""
    due = Peer.objects.filter(state=ACTIVE, due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    return sum(update(house, number, now) for number in list(due))
