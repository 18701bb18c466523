"""The federation in operation: who this city is, with its keys and catalogue, for command line, staff room and work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from allmende.gate.door import Gate, open_gate
from allmende.gate.ledger import Ledger
from allmende.kernel.text import Text
from allmende.packs.read import read_city
from allmende.serve.ledger import signer, witness_signer
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django

COMMAND_LINE = "system:command-line"


def own_city(settings: Settings) -> Any:
    """Give this city as others see it."""
    from allmende.federation.offering import city_of

    return city_of(read_city(settings.pack), settings.pack)


def house(settings: Settings, gate: Gate) -> Any:
    """Give what following others needs."""
    from allmende.federation.updating import House

    ags = read_city(settings.pack).ags
    return House(settings.source_hosts, settings.public_url, ags, Ledger(gate), witness_signer(settings))


def publish(settings: Settings, gate: Gate) -> bool:
    """Sign what this city shows, where it does and where something is new."""
    from allmende.federation import offering
    from allmende.kernel.clock import today, utc_now
    from allmende.portal.catalogue_queries import entries

    if not offering.is_offered():
        return False
    own = offering.Own(own_city(settings), entries(), signer(settings), witness_signer(settings).key)
    return offering.publish(own, Ledger(gate), day=today(), now=utc_now())


def look_after(settings: Settings, gate: Gate) -> None:
    """Sign what is new of ours, and ask the cities whose time has come."""
    from allmende.federation.updating import update_due
    from allmende.kernel.clock import utc_now

    publish(settings, gate)
    update_due(house(settings, gate), utc_now())


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Gate, Any]]:
    """Give gate and actor."""
    set_up_django()
    from allmende.accounts.rules import SystemActor

    gate = open_gate(settings.store_url)
    try:
        yield gate, SystemActor(COMMAND_LINE)
    finally:
        gate.close()


def offer(settings: Settings, *, on: bool | None) -> tuple[bool, str, str]:
    """Begin or end to show this city, and sign at once; tell whether it is shown, its key and the fingerprint."""
    with _opened(settings) as (gate, actor):
        from allmende.federation import offering
        from allmende.federation.rules import fingerprint

        if on is not None:
            offering.switch(actor, on=on)
        publish(settings, gate)
        key = signer(settings).key
        return offering.is_offered(), str(key), fingerprint(key)


class Introduced(msgspec.Struct, frozen=True):
    """Who answers at an address, by what it says of itself; nothing of it is kept."""

    city: str
    key: str
    fingerprint: str


def introduce(settings: Settings, *, url: str) -> Introduced:
    """Ask a city who it is."""
    with _opened(settings) as (gate, _):
        from allmende.federation import services, updating
        from allmende.federation.rules import fingerprint

        found = updating.introduce(house(settings, gate), services.address_of(url))
        return Introduced(found.document.city.name, str(found.key), fingerprint(found.key))


def add(settings: Settings, *, url: str, key: str, witness: bool) -> str:
    """Take a city in; give its name."""
    with _opened(settings) as (gate, actor):
        from allmende.federation import services

        return str(services.add(actor, house=house(settings, gate), url=url, key=key, witness=witness))


class Line(msgspec.Struct, frozen=True):
    """A city in a list."""

    number: int
    city: str
    url: str
    state: str
    issued: str
    reached: str
    error: Text | None


def _line(row: Any) -> Line:
    issued, reached = (f"{moment:%Y-%m-%dT%H:%MZ}" for moment in (row.issued, row.reached_at))
    return Line(row.pk, row.city, row.url, f"{row.state} {row.cause}".strip(), issued, reached, row.error)


def listed(settings: Settings) -> list[Line]:
    """Give all cities."""
    with _opened(settings):
        from allmende.federation.queries import peers

        return [_line(row) for row in peers()]


def shown(settings: Settings, *, name: str) -> dict[str, Any]:
    """Give all that is known of a city."""
    with _opened(settings):
        from allmende.federation.services import peer_named

        row = peer_named(name)
        said = row.told
        return {
            "number": row.pk,
            "city": row.city,
            "url": row.url,
            "state": row.state,
            "cause": row.cause or None,
            "error": row.error,
            "key": row.key,
            "fingerprint": row.fingerprint,
            "offered_key": row.offered_key or None,
            "sequence": row.sequence,
            "issued": row.issued,
            "accepted": row.accepted_at,
            "reached": row.reached_at,
            "tried": row.tried_at,
            "due": row.due_at,
            "failures": row.failures,
            "indicators": len(said.indicators),
            "findings": len(row.taught),
            "datasets": len(row.catalogue),
            "witness": row.witness,
            "log_size": row.log_size,
            "cosigned": bool(row.cosigned),
        }


def update(settings: Settings, *, names: tuple[str, ...]) -> list[Line]:
    """Ask cities now, all that are not paused or in quarantine where none is named."""
    with _opened(settings) as (gate, _):
        from allmende.federation import updating
        from allmende.federation.models import ACTIVE, Peer
        from allmende.federation.services import peer_named
        from allmende.kernel.clock import utc_now

        rows = [peer_named(name) for name in names] if names else list(Peer.objects.filter(state=ACTIVE))
        for row in rows:
            updating.update(house(settings, gate), row.pk, utc_now())
            row.refresh_from_db()
        return [_line(row) for row in rows]


def decide(settings: Settings, *, name: str, deed: str, word: str = "") -> str:
    """Pause, resume, witness, confirm, accept or remove; ``word`` is the key or the reason. Give the city's name."""
    with _opened(settings) as (_, actor):
        from allmende.federation import services

        row = services.peer_named(name)
        deeds: dict[str, Callable[[], object]] = {
            "pause": lambda: services.set_paused(actor, number=row.pk, paused=True),
            "resume": lambda: services.set_paused(actor, number=row.pk, paused=False),
            "witness": lambda: services.set_witness(actor, number=row.pk, witness=True),
            "no-witness": lambda: services.set_witness(actor, number=row.pk, witness=False),
            "confirm-key": lambda: services.confirm_key(actor, number=row.pk, key=word),
            "accept-log": lambda: services.accept_log(actor, number=row.pk, note=word),
            "remove": lambda: services.remove(actor, number=row.pk),
        }
        deeds[deed]()
        return str(row)
