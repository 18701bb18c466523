"""Many things at once, each with its place and its datastreams: made by the column, where they are not there yet.

What comes from one source has slugs of its own, by which it is found again.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert, select

from allmende.store import places
from allmende.store.bulk import LINK_FEATURES
from allmende.store.model import Datastream, EntityKind, Location, Thing
from allmende.store.rows import columns_of
from allmende.store.scope import Tie
from allmende.store.tables import (
    TABLE_OF,
    datastreams,
    historical_location_locations,
    historical_locations,
    locations,
    stream_state,
    thing_locations,
    things,
)

MOST_NAMED = 500
Columns = dict[str, Any]


class Planting(msgspec.Struct, frozen=True, kw_only=True):
    """A thing, where it stands, and its datastreams, whose ``thing_id`` says nothing; all have slugs."""

    thing: Thing
    location: Location | None
    streams: tuple[Datastream, ...]


def find(connection: Connection, kind: EntityKind, slugs: Collection[str]) -> dict[str, int]:
    """Look entities up by their slugs."""
    table, listed, found = TABLE_OF[kind], list(slugs), dict[str, int]()
    for place in range(0, len(listed), MOST_NAMED):
        question = select(table.c.slug, table.c.id).where(table.c.slug.in_(listed[place : place + MOST_NAMED]))
        found |= {row.slug: row.id for row in connection.execute(question)}
    return found


def plant(connection: Connection, several: Sequence[Planting], now: int) -> tuple[dict[str, int], dict[Tie, int]]:
    """Make what is not there yet, of some hundred things in one go.

    Gives the numbers of all datastreams by slug, and how many are new by their ties.
    """
    stands = _things(connection, several, now)
    wanted = {_slug(stream): (stream, _slug(one.thing)) for one in several for stream in one.streams}
    known = find(connection, "Datastreams", wanted)
    new = {slug: found for slug, found in wanted.items() if slug not in known}
    about = places.features_of_things(connection, sorted({stands[thing] for _, thing in new.values()}))
    rows = [
        columns_of(stream) | {"thing_id": stands[thing], "feature_id": about.get(stands[thing])}
        for stream, thing in new.values()
    ]
    _insert(connection, datastreams, rows)
    made = find(connection, "Datastreams", new)
    fresh = {"sequence": 0, "piece": 0, "epoch": 0, "count": 0, "fresh": 0}
    _insert(connection, stream_state, [fresh | {"datastream_id": number} for number in made.values()])
    LINK_FEATURES.run(
        connection, [(made[slug], about[stands[thing]]) for slug, (_, thing) in new.items() if stands[thing] in about]
    )
    amounts: dict[Tie, int] = {}
    for stream, _ in new.values():
        tie = Tie(stream.category, stream.data_use)
        amounts[tie] = amounts.get(tie, 0) + 1
    return known | made, amounts


def _things(connection: Connection, several: Sequence[Planting], now: int) -> dict[str, int]:
    """Find or make things; give their numbers by slug."""
    known = find(connection, "Things", [_slug(one.thing) for one in several])
    new = {slug: one for one in several if (slug := _slug(one.thing)) not in known}
    _insert(connection, things, [columns_of(one.thing) for one in new.values()])
    made = find(connection, "Things", new)
    spots = {slug: one.location for slug, one in new.items() if one.location is not None}
    _stand(connection, {made[slug]: number for slug, number in _locations(connection, spots).items()}, now)
    return known | made


def _locations(connection: Connection, spots: dict[str, Location]) -> dict[str, int]:
    """Find or make locations; give their numbers by the slug of the thing."""
    named = {_slug(spot): spot for spot in spots.values()}
    known = find(connection, "Locations", named)
    new = [slug for slug in named if slug not in known]
    _insert(connection, locations, [columns_of(named[slug]) for slug in new])
    known |= find(connection, "Locations", new)
    return {thing: known[_slug(spot)] for thing, spot in spots.items()}


def _stand(connection: Connection, at: dict[int, int], now: int) -> None:
    """Let new things stand at their locations, with the first entry of their way."""
    _insert(connection, thing_locations, [{"thing_id": one, "location_id": spot} for one, spot in at.items()])
    _insert(connection, historical_locations, [{"thing_id": one, "time": now} for one in at])
    h = historical_locations.c
    first = connection.execute(select(h.id, h.thing_id).where(h.thing_id.in_(list(at))))
    rows = [{"historical_location_id": history, "location_id": at[thing]} for history, thing in first]
    _insert(connection, historical_location_locations, rows)


def _insert(connection: Connection, table: Table, rows: Sequence[Columns]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _slug(entity: Thing | Location | Datastream) -> str:
    return str(entity.properties["slug"])
