"""Entities that were read lately, kept as long as no entity changes: a counter in the database tells.

Triggers count every change of an entity or of a link between entities, in the transaction that makes it. An answer
that was read at one count is therefore right at the same count, in every process. Answers that depend on observations,
or on features, which arrive with observations, are never kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

from sqlalchemy import Connection

from allmende.store import raw
from allmende.store.query import Kind, Query
from allmende.store.scope import Page, Record, Scope
from allmende.store.tables import (
    datastreams,
    historical_location_locations,
    historical_locations,
    locations,
    multi_observed_properties,
    observed_properties,
    sensors,
    thing_locations,
    things,
    traces,
)
from allmende.store.visible import Part

MOST_RECORDS = 20_000
LARGEST = 5_000
PASSING: tuple[Kind, ...] = ("Observations", "FeaturesOfInterest")
COUNTED = (
    *(things, locations, thing_locations, historical_locations, historical_location_locations),
    *(sensors, observed_properties, datastreams, multi_observed_properties, traces),
)
PASSING_WORDS = ("Observation", "Feature", "Time", "observed")
EVENTS = ("INSERT", "UPDATE", "DELETE")
_COUNT = "SELECT number FROM entity_changes"


def install(connection: Connection) -> None:
    """Make the triggers that count; used by migrations."""
    count = "UPDATE entity_changes SET number = number + 1"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE FUNCTION count_entity_change() RETURNS trigger LANGUAGE plpgsql "
            f"AS 'BEGIN {count}; RETURN NULL; END'"
        )
    for table in COUNTED:
        for event in EVENTS:
            head = f"CREATE TRIGGER {table.name}_{event.lower()} AFTER {event} ON {table.name} FOR EACH ROW"
            act = "EXECUTE FUNCTION count_entity_change()" if connection.dialect.name == "postgresql" else None
            connection.exec_driver_sql(f"{head} {act or f'BEGIN {count}; END'}")


def lasting(query: Query) -> bool:
    """Tell whether the answer to a question depends on entities alone; conditions may depend on anything."""
    if query.kind in PASSING or (query.within is not None and query.within.kind in PASSING):
        return False
    ordered_by = repr(query.order)
    return query.where is None and query.after is None and not any(word in ordered_by for word in PASSING_WORDS)


class Recall:
    """Answers by question and scope; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, tuple[int, int, Any]] = OrderedDict()
        self._size = 0

    def get(self, connection: Connection, scope: Scope, question: Hashable, read: Callable[[], Any]) -> Any:
        """Give the kept answer of the present count, or read it; the transaction must see one state."""
        ((count,),) = raw.fetch(connection, _COUNT)
        key = (frozenset(scope.categories.items()), scope.closed, question)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found[0] == count:
                self._kept.move_to_end(key)
                return found[2]
        answer = read()
        self._keep(key, count, answer)
        return answer

    def _keep(self, key: Hashable, count: int, answer: Any) -> None:
        size = _size_of(answer)
        if size > LARGEST:
            return
        with self._lock:
            self._forget(key)
            self._kept[key] = (count, size, answer)
            self._size += size
            while self._size > MOST_RECORDS:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size -= found[1]


def _size_of(answer: Page | list[Part] | dict[int, list[Record]]) -> int:
    if isinstance(answer, Page):
        return 1 + len(answer.records)
    if isinstance(answer, list):
        return 1 + sum(len(part.streams or ()) for part in answer)
    return 1 + len(answer) + sum(len(records) for records in answer.values())
