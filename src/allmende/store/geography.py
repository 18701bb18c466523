"""Places as a reader may see them: each as coarse as the scope shows it, on every way to it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import shapely
from sqlalchemy import Connection, SelectBase, select

from allmende.store.among import among
from allmende.store.model import EntityKind
from allmende.store.query import Call
from allmende.store.rows import coarse, json_value
from allmende.store.scope import Scope
from allmende.store.tables import (
    datastream_features,
    datastreams,
    features,
    historical_location_locations,
    historical_locations,
)
from allmende.store.visible import entities

MANY = 2_000
Reckon = Callable[[Any], Any]


class Places:
    """The places of entity sets within a scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection, self.scope = connection, scope
        self._known: dict[tuple[EntityKind, Call], dict[int, Any]] = {}

    def values(self, kind: EntityKind, column: str, call: Call, function: Reckon) -> dict[int, Any]:
        """Give what a function says of each place that can be read as a geometry; it is reckoned once."""
        if (kind, call) not in self._known:
            self._known[kind, call] = self._values(kind, column, function)
        return self._known[kind, call]

    def _values(self, kind: EntityKind, column: str, function: Reckon) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for ids, shapes in self._shapes(kind, column):
            known = ~shapely.is_missing(shapes)
            for number, value in zip(ids[known].tolist(), function(shapes[known]).tolist(), strict=True):
                found[number] = value
        return found

    def _shapes(self, kind: EntityKind, column: str) -> Iterator[tuple[Any, Any]]:
        rows = entities(kind, self.scope)
        question = select(rows.c.id, rows.c[column]).where(rows.c[column].is_not(None)).order_by(rows.c.id)
        metres = self.grids(kind)
        last = 0
        while some := self.connection.execute(question.where(rows.c.id > last).limit(MANY)).all():
            last = some[-1][0]
            texts = [_coarse_text(text, metres[number]) if number in metres else text for number, text in some]
            shapes = shapely.force_2d(shapely.from_geojson(texts, on_invalid="ignore"))
            shapes = np.where(shapely.is_valid(shapes) | shapely.is_missing(shapes), shapes, shapely.make_valid(shapes))
            yield np.array([number for number, _ in some]), shapes

    def grids(self, kind: EntityKind, ids: Sequence[int] | None = None) -> dict[int, int]:
        """Give the widest space grid of the categories whose datastreams stand, or stood, at each place."""
        if not any(limits.space_grid for limits in self.scope.categories.values()):
            return {}
        places = _categories_at(kind).subquery()
        question = select(places).distinct()
        metres: dict[int, int] = {}
        for number, category in self.connection.execute(
            question if ids is None else question.where(among(places.c.place, ids))
        ):
            limits = self.scope.categories.get(category)
            if limits is not None and limits.space_grid:
                metres[number] = max(metres.get(number, 0), limits.space_grid)
        return metres


def coarsened(value: Any, field: str, metres: int) -> Any:
    """Give an entity with its place as coarse as it may be seen."""
    return msgspec.structs.replace(value, **{field: coarse(getattr(value, field), metres)})


def _coarse_text(text: str, metres: int) -> str:
    return msgspec.json.encode(coarse(json_value(text), metres)).decode()


def _categories_at(kind: EntityKind) -> SelectBase:
    """Pair places with the categories of the datastreams that observe, or observed, there."""
    d = datastreams.c
    if kind in ("Datastreams", "MultiDatastreams"):
        return select(d.id.label("place"), d.category)
    if kind == "FeaturesOfInterest":
        about = datastream_features.c
        observed = select(about.feature_id.label("place"), d.category).join_from(
            datastream_features, datastreams, d.id == about.datastream_id
        )
        of_thing = select(features.c.id, d.category).join_from(features, datastreams, d.thing_id == features.c.thing_id)
        return observed.union(of_thing)
    link, history = historical_location_locations, historical_locations
    return (
        select(link.c.location_id.label("place"), d.category)
        .join_from(link, history, history.c.id == link.c.historical_location_id)
        .join(datastreams, d.thing_id == history.c.thing_id)
    )
