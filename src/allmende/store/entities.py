"""Making entities with all that hangs on them, and changing them; whoever calls holds the transaction."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert, select, update

from allmende.kernel.errors import Conflict, ErrorCode, Malformed, NotFound
from allmende.kernel.text import Text
from allmende.store import places
from allmende.store.concern import concerned
from allmende.store.drafts import NO_LINK, NO_TARGET, NOT_HERE, Draft, Ref, single
from allmende.store.model import (
    Arrival,
    Datastream,
    EntityKind,
    FeatureOfInterest,
    Location,
    MultiDatastream,
    ObservedProperty,
    Sensor,
    Thing,
)
from allmende.store.navigation import LINKS, Link
from allmende.store.planting import find
from allmende.store.query import Kind
from allmende.store.rows import columns_of
from allmende.store.scope import Scope, Tie
from allmende.store.tables import (
    TABLE_OF,
    datastreams,
    historical_location_locations,
    multi_observed_properties,
    stream_state,
)
from allmende.store.visible import entities
from allmende.store.write import Writer

Writable = Thing | Location | Sensor | ObservedProperty | Datastream | MultiDatastream | FeatureOfInterest

NO_ENTITY = ErrorCode(
    "entity.unknown",
    Text("{kind}({id}) gibt es nicht.", "There is no {kind}({id})."),
    Text("Prüfen Sie die Nummer.", "Check the number."),
)
SLUG_TAKEN = ErrorCode(
    "entity.slug_taken",
    Text("Der Kurzname „{slug}“ ist unter {kind} schon vergeben.", "The slug “{slug}” is taken among {kind}."),
    Text("Wählen Sie einen anderen Kurznamen.", "Choose another slug."),
)
WRONG_LENGTH = ErrorCode(
    "entity.multi_lengths",
    Text(
        "{place}: multiObservationDataTypes, unitOfMeasurements und ObservedProperties sind nicht gleich viele.",
        "{place}: multiObservationDataTypes, unitOfMeasurements and ObservedProperties are not equally many.",
    ),
    Text("Nennen Sie für jede Stelle des Ergebnisses je eines.", "Name one of each for every place of the result."),
)
# The links without which an entity cannot be, and the column that holds each.
NEEDED: dict[EntityKind, dict[str, str]] = {
    "Datastreams": {"Thing": "thing_id", "Sensor": "sensor_id", "ObservedProperty": "observed_property_id"},
    "MultiDatastreams": {"Thing": "thing_id", "Sensor": "sensor_id"},
    "HistoricalLocations": {"Thing": "thing_id"},
}
# Locations come first, because the features of datastreams follow them, and history last.
_ORDER = ("Locations", "Sensors", "ObservedProperties", "Datastreams", "MultiDatastreams", "HistoricalLocations")
STREAMS = ("Datastreams", "MultiDatastreams")


def ties(connection: Connection, ids: Collection[int]) -> dict[int, Tie]:
    """Tell of each datastream that exists by what it is tied to the rules."""
    d = datastreams.c
    question = select(d.id, d.category, d.data_use).where(d.id.in_(sorted(ids)))
    return {number: Tie(category, use) for number, category, use in connection.execute(question)}


def all_ties(connection: Connection) -> set[Tie]:
    """Give all by which datastreams are tied to the rules."""
    question = select(datastreams.c.category, datastreams.c.data_use).distinct()
    return {Tie(*row) for row in connection.execute(question)}


def multi_among(connection: Connection, ids: set[int]) -> set[int]:
    """Tell which of these are MultiDatastreams."""
    d = datastreams.c
    question = select(d.id).where(d.id.in_(sorted(ids)), d.multi_types.is_not(None))
    return set(connection.execute(question).scalars())


def references(kind: EntityKind, value: Any) -> dict[str, tuple[Ref, ...]]:
    """Give the links that an entity names by their numbers."""
    links: dict[str, tuple[Ref, ...]] = {
        name: (Ref(getattr(value, column), name),) for name, column in NEEDED.get(kind, {}).items()
    }
    if isinstance(value, MultiDatastream):
        links["ObservedProperties"] = tuple(Ref(number, "ObservedProperties") for number in value.observed_property_ids)
    if hasattr(value, "location_ids"):
        links["Locations"] = tuple(Ref(number, "Locations") for number in value.location_ids)
    return links


def linked_draft(kind: EntityKind, value: Any) -> Draft:
    """Write an entity that names its links by their numbers as a draft."""
    return Draft(kind=kind, value=value, links=dict(references(kind, value)))


def is_seen(connection: Connection, kind: EntityKind, number: int, scope: Scope | None) -> bool:
    """Tell whether there is an entity of a number that the scope lets through."""
    table: Any = TABLE_OF[kind] if scope is None else entities(kind, scope)
    return connection.execute(select(table.c.id).where(table.c.id == number)).first() is not None


class Maker:
    """Makes entities in one transaction; links reach what the scope lets through, anything if there is none.

    ``amounts`` counts what was written by its ties: observations, 0 for datastreams alone.
    """

    def __init__(self, connection: Connection, scope: Scope | None, now: int) -> None:
        self.connection, self.scope, self.now = connection, scope, now
        self.amounts: dict[Tie, int] = {}

    def make(self, draft: Draft, given: dict[str, int] | None = None) -> int:
        """Make an entity with all that hangs on it; ``given`` are columns that its parent sets."""
        kind: Any = draft.kind
        values = columns_of(draft.value) | self._targets(draft) | (given or {})
        for name, column in NEEDED.get(kind, {}).items():
            if not values.get(column):
                raise Malformed(NO_LINK, place=draft.here(name), name=name)
        self.keep_slug(kind, values, None)
        if kind in STREAMS:
            values["feature_id"] = places.feature_of_thing(self.connection, values["thing_id"])
            self.amounts.setdefault(Tie(values["category"], values["data_use"]), 0)
        table = TABLE_OF[kind]
        number = int(self.connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())
        if kind in STREAMS:
            self.connection.execute(
                insert(stream_state).values(datastream_id=number, sequence=0, piece=0, epoch=0, count=0, fresh=0)
            )
            places.link_feature(self.connection, [number], values["feature_id"])
        self._hang(draft, number)
        return number

    def keep_slug(self, kind: EntityKind, values: dict[str, Any], own: int | None) -> None:
        """Refuse a slug that is taken.

        Where the scope hides who has it, a refusal would tell its name: the word stays in the properties, and the
        entity is not found by it.
        """
        slug = values.get("slug")
        holder = None if slug is None else find(self.connection, kind, [slug]).get(slug)
        if holder in (None, own):
            return
        if is_seen(self.connection, kind, holder, self.scope):
            raise Conflict(SLUG_TAKEN, slug=slug, kind=kind)
        values["slug"] = None

    def _targets(self, draft: Draft) -> dict[str, int]:
        """Give the columns of the links that lead to one."""
        found = {}
        for name in draft.links:
            link = LINKS[draft.kind][name]
            if not link.many and link.near != "id":
                found[link.near] = self.target(link.target, single(draft.links, name, draft.here(name)))
        return found

    def target(self, kind: Kind, part: Draft | Ref) -> int:
        """Make what is to be made, or find what is there already."""
        if isinstance(part, Draft):
            return self.make(part)
        known: Any = kind
        if not is_seen(self.connection, known, part.id, self.scope):
            if part.otherwise is not None:
                return self.make(part.otherwise)
            raise Malformed(NO_TARGET, place=part.place, kind=kind, id=part.id)
        return part.id

    def _hang(self, draft: Draft, number: int) -> None:
        kind: Any = draft.kind
        many = {name: parts for name, parts in draft.links.items() if LINKS[kind][name].many}
        for name in sorted(many, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)):
            self.attach(kind, number, name, many[name], exact=False, at=draft.here(name))
        if kind == "MultiDatastreams":
            check_lengths(self.connection, number, draft.place)
        if kind == "HistoricalLocations":
            if not many.get("Locations"):
                raise Malformed(NO_LINK, place=draft.here("Locations"), name="Locations")
            self.concerns(kind, number)
            places.follow_history(self.connection, number)

    def concerns(self, kind: EntityKind, number: int) -> None:
        """Note whose data an act on an entity concerns, where who acts is bound to a scope."""
        if self.scope is not None:
            for tie in concerned(self.connection, kind, number):
                self.amounts.setdefault(tie, 0)

    def attach(
        self, kind: EntityKind, number: int, name: str, parts: Sequence[Draft | Ref], *, exact: bool, at: str
    ) -> None:
        """Link an entity with others over a link that leads to many."""
        link = LINKS[kind][name]
        if link.target == "Observations":
            self._observe(kind, number, parts, at)
        elif link.between is None:
            self._own(link, number, parts)
        else:
            found = [self.target(link.target, part) for part in parts]
            self._join(kind, number, name, found, exact=exact, at=at)

    def _own(self, link: Link, number: int, parts: Sequence[Draft | Ref]) -> None:
        """Let others point to this entity: those made now, and those there that pointed to another."""
        for part in parts:
            if isinstance(part, Draft):
                self.make(part, {link.far: number})
                continue
            other = self.target(link.target, part)
            target: Any = link.target
            self.concerns(target, other)
            table = TABLE_OF[target]
            self.connection.execute(update(table).where(table.c.id == other).values({link.far: number}))
            if target in STREAMS and link.far == "thing_id":
                places.renew_features(self.connection, number)

    def _join(self, kind: EntityKind, number: int, name: str, found: list[int], *, exact: bool, at: str) -> None:
        """Fill a table between two sets."""
        if (kind, name) == ("Things", "Locations"):
            places.move(self.connection, number, found, self.now, exact=exact, at=at)
        elif (kind, name) == ("Locations", "Things"):
            for thing in found:
                self.concerns("Things", thing)
                places.move(self.connection, thing, [number], self.now, exact=False, at=at)
        elif (kind, name) == ("MultiDatastreams", "ObservedProperties"):
            self._replace(multi_observed_properties, "datastream_id", number)
            rows = [{"datastream_id": number, "place": i, "observed_property_id": n} for i, n in enumerate(found)]
            self.connection.execute(insert(multi_observed_properties), rows)
        elif (kind, name) == ("HistoricalLocations", "Locations"):
            self._note(number, found, exact=exact)
        elif (kind, name) == ("Locations", "HistoricalLocations"):
            for history in found:
                self.concerns("HistoricalLocations", history)
                self._note(history, [number], exact=False)
        else:
            raise Malformed(NOT_HERE, place=at)

    def _note(self, history: int, found: list[int], *, exact: bool) -> None:
        link = historical_location_locations
        if exact:
            self._replace(link, "historical_location_id", history)
        there = set(
            self.connection.execute(
                select(link.c.location_id).where(link.c.historical_location_id == history)
            ).scalars()
        )
        new = sorted(set(found) - there)
        if new:
            places.note(self.connection, history, new)

    def _replace(self, table: Table, column: str, number: int) -> None:
        self.connection.execute(table.delete().where(table.c[column] == number))

    def _observe(self, kind: EntityKind, stream: int, parts: Sequence[Draft | Ref], at: str) -> None:
        """Write the observations that came with a new datastream."""
        arrivals: list[Arrival] = []
        for part in parts:
            if isinstance(part, Ref) or kind not in STREAMS:
                raise Malformed(NOT_HERE, place=at)
            about = part.links.get("FeatureOfInterest", ())
            feature = self.target("FeaturesOfInterest", about[0]) if about else None
            arrivals.append(msgspec.structs.replace(part.value, datastream_id=stream, feature_id=feature))
        if arrivals:
            Writer(self.connection, self.now).append(arrivals, self._permit)

    def _permit(self, amounts: dict[Tie, int]) -> None:
        for tie, amount in amounts.items():
            self.amounts[tie] = self.amounts.get(tie, 0) + amount


def check_lengths(connection: Connection, number: int, place: str) -> None:
    """Refuse a MultiDatastream whose parts are not equally many."""
    link, d = multi_observed_properties.c, datastreams.c
    properties = connection.execute(select(link.place).where(link.datastream_id == number)).all()
    types, units = connection.execute(select(d.multi_types, d.multi_units).where(d.id == number)).one()
    if not len(properties) == len(msgspec.json.decode(types)) == len(msgspec.json.decode(units)) > 0:
        raise Malformed(WRONG_LENGTH, place=place or "MultiDatastream")


def require(connection: Connection, kind: EntityKind, number: int, scope: Scope | None) -> Any:
    """Give the row of an entity that the scope lets through, and hold it until the transaction ends."""
    table = TABLE_OF[kind]
    question = select(table).where(table.c.id == number)
    if scope is not None:
        question = question.where(table.c.id.in_(select(entities(kind, scope).c.id)))
    row = connection.execute(question.with_for_update()).first()
    if row is None:
        raise NotFound(NO_ENTITY, kind=kind, id=number)
    return row
