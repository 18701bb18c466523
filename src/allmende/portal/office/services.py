"""Writes of the staff room beyond Django's tables, each with its one audit entry.

The observation store is a database of its own. The entry is written first, and taken back when the store refuses.
"""

import datetime as dt
from typing import Any

import msgspec
from django.db import transaction

from allmende.accounts.models import Person
from allmende.accounts.services import record
from allmende.gate import tokens
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.quality import check_again
from allmende.gate.quarantine import Quarantined, discard, release
from allmende.gate.query import Correction, Datastream, Location, Record, Thing
from allmende.kernel.clock import UTC
from allmende.quality.thresholds import PROPERTY
from allmende.sources.orders import Orders

PURPOSE, RECIPIENT = "climate-adaptation", "administration"
# Orders for a source, and the verb of their entry in the trail.
ORDERS = {
    "pause": "source.paused",
    "resume": "source.resumed",
    "ask-now": "source.asked",
    "read-again": "source.read_again",
}


class Station(msgspec.Struct, frozen=True):
    """What staff may change of a station; degrees in WGS 84, None is unknown."""

    name: str
    description: str
    description_en: str
    latitude: float | None
    longitude: float | None
    position: str


def asking(actor: Person, verb: Any) -> Ask:
    """Give the request of a member of staff."""
    return Ask(Asker(f"staff:{actor.pk}"), verb, PURPOSE, RECIPIENT)


def station_of(thing: Thing, place: Location | None) -> Station:
    """Give what a thing and its place say."""
    longitude, latitude = None, None
    if place is not None and place.location.get("type") == "Point":
        longitude, latitude = place.location["coordinates"][:2]
    return Station(
        name=thing.name,
        description=thing.description,
        description_en=str(thing.properties.get("description_en", "")),
        latitude=latitude,
        longitude=longitude,
        position=str(thing.properties.get("position", "unknown" if latitude is None else "measured")),
    )


@transaction.atomic
def update_station(actor: Person, *, gate: Gate, thing: Record, place: Record | None, station: Station) -> bool:
    """Correct a station through the gate; tells whether anything differed."""
    was = station_of(thing.value, place.value if place else None)
    before, after = msgspec.structs.asdict(was), msgspec.structs.asdict(station)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return False
    record(
        actor,
        "gate.station_changed",
        f"things:{thing.id}",
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        note=station.name,
    )
    grant = gate.grant(asking(actor, "collect"))
    properties = {**thing.value.properties, "position": station.position, "description_en": station.description_en}
    location_ids = thing.value.location_ids
    if {"latitude", "longitude", "position", "name"} & set(changed) and station.longitude is not None:
        new = _place(thing.value, place.value if place else None, station)
        if place is not None:
            gate.update(grant, "Locations", place.id, new)
        else:
            location_ids = (gate.create(grant, "Locations", new),)
    value = msgspec.structs.replace(
        thing.value,
        name=station.name,
        description=station.description,
        properties=properties,
        location_ids=location_ids,
    )
    gate.update(grant, "Things", thing.id, value)
    return True


def _place(thing: Thing, old: Location | None, station: Station) -> Location:
    point = {"type": "Point", "coordinates": [station.longitude, station.latitude]}
    slug = f"{thing.properties.get('slug', 'thing')}-place"
    properties = {**(old.properties if old else {"slug": slug}), "position": station.position}
    return Location(name=station.name, description=station.position, location=point, properties=properties)


@transaction.atomic
def set_thresholds(actor: Person, *, gate: Gate, number: int, stream: Datastream, tree: dict[str, Any]) -> bool:
    """Set what the tests of a datastream go by, and let it be checked anew; tells whether anything differed."""
    before = stream.properties.get(PROPERTY, {})
    if before == tree:
        return False
    record(actor, "gate.thresholds_set", f"datastreams:{number}", before=before, after=tree, note=stream.name)
    grant = gate.grant(asking(actor, "collect"))
    properties = {name: value for name, value in stream.properties.items() if name != PROPERTY}
    if tree:
        properties[PROPERTY] = tree
    gate.update(grant, "Datastreams", number, msgspec.structs.replace(stream, properties=properties))
    check_again(gate, grant, [number])
    return True


@transaction.atomic
def create_token(actor: Person, *, gate: Gate, name: str, scopes: tuple[str, ...], until: dt.date | None) -> str:
    """Create a token and give its only plain form; the trail tells name and scopes, never the token."""
    after = {"scopes": list(scopes), "until": until.isoformat() if until else None}
    record(actor, "gate.token_created", f"token:{name}", after=after)
    return tokens.create_token(gate, name, scopes, until)


@transaction.atomic
def revoke_token(actor: Person, *, gate: Gate, name: str) -> None:
    """End a token at once."""
    record(actor, "gate.token_revoked", f"token:{name}")
    tokens.revoke(gate, name)


@transaction.atomic
def release_value(actor: Person, *, gate: Gate, one: Quarantined, result: float | None, reason: str) -> None:
    """Store a refused value after all, or the number that is given instead."""
    sent = one.arrival.result
    after = {"result": sent if result is None else result, "quality": "suspect"}
    record(actor, "gate.value_released", f"quarantine:{one.id}", before={"result": sent}, after=after, note=reason)
    correction = Correction() if result is None else Correction(result=result)
    release(gate, gate.grant(asking(actor, "collect")), one.id, correction, reason)


@transaction.atomic
def discard_value(actor: Person, *, gate: Gate, one: Quarantined, reason: str) -> None:
    """Decide that a refused value is not stored."""
    record(actor, "gate.value_discarded", f"quarantine:{one.id}", before={"result": one.arrival.result}, note=reason)
    discard(gate, gate.grant(asking(actor, "collect")), one.id, reason)


@transaction.atomic
def order_source(actor: Person, *, orders: Orders, name: str, order: str, since: dt.date | None) -> None:
    """Pause a source or lift the pause, have it asked now, or have its kept replies of some days read again."""
    record(actor, ORDERS[order], f"source:{name}", after={"since": since.isoformat()} if since else {})
    if order == "pause":
        orders.pause()
    elif order == "resume":
        orders.resume()
    elif order == "ask-now":
        orders.ask_now()
    else:
        orders.read_again(dt.datetime(since.year, since.month, since.day, tzinfo=UTC) if since else None)
