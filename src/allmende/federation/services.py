"""What people decide about other cities: take one in, pause, confirm a key, let go."""

import datetime as dt

from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.federation.models import ACTIVE, PAUSED, QUARANTINED, Peer
from allmende.federation.rules import base_address
from allmende.federation.updating import IN_QUARANTINE, House, Taken, fill, first, require_stranger, testify
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.ledger.note import LOG, Key, read_key

BAD_ADDRESS = ErrorCode(
    "federation.bad_address",
    Text("„{url}“ ist keine Adresse einer Stadt.", "“{url}” is no address of a city."),
    Text(
        "Schreiben Sie https://stadt.example, ohne Pfad und Kennwort.",
        "Write https://city.example, without path and password.",
    ),
)
NO_LOG_KEY = ErrorCode(
    "federation.no_log_key",
    Text(
        "Das ist der Schlüssel eines Zeugen, nicht der eines Protokolls.", "That is the key of a witness, not of a log."
    ),
    Text(
        "Fragen Sie die Stadt nach der Ausgabe von: allmende ledger key",
        "Ask the city for what this prints: allmende ledger key",
    ),
)
NO_PEER = ErrorCode(
    "federation.no_peer",
    Text("Eine Stadt „{name}“ ist nicht aufgenommen.", "No city “{name}” is known."),
    Text("Alle zeigt: allmende federation list", "All are shown by: allmende federation list"),
)
NOTHING_TO_CONFIRM = ErrorCode(
    "federation.nothing_to_confirm",
    Text("Von {city} wartet kein neuer Schlüssel.", "No new key of {city} waits."),
    Text("Laden Sie die Seite neu.", "Reload the page."),
)
OTHER_KEY_MEANWHILE = ErrorCode(
    "federation.other_key_meanwhile",
    Text("Inzwischen wartet ein anderer Schlüssel.", "Another key waits meanwhile."),
    Text("Vergleichen Sie ihn neu, bevor Sie bestätigen.", "Compare it anew before you confirm."),
)


def address_of(url: str) -> str:
    """Read an address that somebody typed."""
    found = base_address(url)
    if found is None:
        raise Invalid(BAD_ADDRESS, url=url.strip()[:200])
    return found


def log_key(text: str) -> Key:
    """Read the key of a log."""
    key = read_key(text)
    if key.kind != LOG:
        raise Invalid(NO_LOG_KEY)
    return key


def peer_named(name: str) -> Peer:
    """Find a city by its name, address or number."""
    rows = Peer.objects.filter(city=name) | Peer.objects.filter(url=name.rstrip("/").lower())
    if name.isdecimal() and len(name) < 10:
        rows = rows | Peer.objects.filter(pk=int(name))
    row = rows.first()
    if row is None:
        raise NotFound(NO_PEER, name=name[:100])
    return row


def add(actor: Actor, *, house: House, url: str, key: str, witness: bool = False) -> Peer:
    """Take a city in whose key somebody has compared; it is asked at once, and nothing is kept where that fails."""
    base, known = address_of(url), log_key(key)
    taken = first(house, base, known, witness=witness)
    return _added(actor, house, base, taken, witness=witness, now=utc_now())


@transaction.atomic
def _added(actor: Actor, house: House, base: str, taken: Taken, *, witness: bool, now: dt.datetime) -> Peer:
    found = taken.opened
    if found is None:
        raise Invalid(BAD_ADDRESS, url=base)
    require_stranger(house, found.document, found.key)
    empty = {"format": 1}
    row = Peer(
        url=base,
        city=found.document.city.name,
        key=str(found.key),
        witness=witness,
        findings={**empty, "findings": []},
        datasets={**empty, "datasets": []},
    )
    fill(row, taken, now)
    row.save()
    testify(row, taken.testified)
    record(actor, "federation.added", row, after={"url": base, "key": str(found.key)})
    return row


@transaction.atomic
def set_paused(actor: Actor, *, number: int, paused: bool) -> Peer:
    """Stop asking a city, or go on; one in quarantine waits for another decision."""
    row = _locked(number)
    if row.state == QUARANTINED:
        raise Conflict(IN_QUARANTINE, city=row.city)
    row.state, row.since = (PAUSED if paused else ACTIVE), utc_now()
    row.due_at = row.due_at if paused else row.since
    row.save(update_fields=["state", "since", "due_at"])
    record(actor, "federation.paused" if paused else "federation.resumed", row)
    return row


@transaction.atomic
def set_witness(actor: Actor, *, number: int, witness: bool) -> Peer:
    """Begin or end to co-sign the checkpoints of a city."""
    row = _locked(number)
    row.witness = witness
    row.save(update_fields=["witness"])
    record(actor, "federation.witness_begun" if witness else "federation.witness_ended", row)
    return row


@transaction.atomic
def confirm_key(actor: Actor, *, number: int, key: str) -> Peer:
    """Take a city's new key, which somebody has compared; its log and the count of its documents begin anew."""
    row = _locked(number)
    if not row.offered_key:
        raise Conflict(NOTHING_TO_CONFIRM, city=row.city)
    if row.offered_key != key.strip():
        raise Conflict(OTHER_KEY_MEANWHILE)
    before = {"key": row.key}
    row.key, row.offered_key, row.sequence, row.sha256 = row.offered_key, "", 0, ""
    row.checkpoint, row.checkpoint_at, row.cosigned = "", None, ""
    _release(row)
    record(actor, "federation.key_confirmed", row, before=before, after={"key": row.key})
    return row


@transaction.atomic
def accept_log(actor: Actor, *, number: int, note: str) -> Peer:
    """Follow a city again whose log contradicted itself; why is written down, and its log is watched from now on."""
    row = _locked(number)
    if row.cause != "fork":
        raise Conflict(NOTHING_TO_CONFIRM, city=row.city)
    before = {"checkpoint": row.checkpoint, "contradiction": row.contradiction}
    row.checkpoint, row.checkpoint_at, row.cosigned, row.contradiction = row.contradiction, utc_now(), "", ""
    row.witness = False
    _release(row)
    record(actor, "federation.log_accepted", row, before=before, note=note)
    return row


def _release(row: Peer) -> None:
    now = utc_now()
    row.state, row.cause, row.since, row.due_at = ACTIVE, "", now, now
    row.failures, row.error_de, row.error_en, row.etag = 0, "", "", ""
    row.save()


@transaction.atomic
def remove(actor: Actor, *, number: int) -> None:
    """Forget a city and all that came from it."""
    row = _locked(number)
    record(actor, "federation.removed", row, before={"url": row.url, "key": row.key})
    row.delete()


def _locked(number: int) -> Peer:
    row = Peer.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise NotFound(NO_PEER, name=number)
    return row
