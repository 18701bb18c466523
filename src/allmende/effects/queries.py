"""Reads of indicators and statistics, each as it was known on a day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from allmende.effects.models import CausalLink, Definition, Indicator, Run, Table, TableLoad, TargetPath, Value
from allmende.effects.rules import Path, Point, Reading, Status, Trend, cadence, due, refused, status, trend
from allmende.effects.tables import Schema
from allmende.kernel.text import Text
from allmende.ui.bilingual import pair


class Known(msgspec.Struct, frozen=True):
    """A value as it was known on a day, without its lineage; a list of many is made of these and not of model rows."""

    pk: int
    definition: int
    first: dt.date
    last: dt.date
    value: Decimal
    known_since: dt.date
    quality: Any
    used: int
    left_out: int
    simulated: bool
    note_de: str
    note_en: str
    origin: str

    @property
    def note(self) -> Text | None:
        """Give the reason of a rating or a correction."""
        return pair(self, "note")

    @property
    def reading(self) -> Reading:
        """Give the plain value that the rules judge."""
        return Reading(
            value=self.value,
            first=self.first,
            last=self.last,
            quality=self.quality,
            left_out=self.left_out,
            simulated=self.simulated,
        )


COLUMNS = tuple("definition_id" if name == "definition" else name for name in Known.__struct_fields__)


class Version(msgspec.Struct, frozen=True):
    """A definition with its path and its values as they were known on a day, oldest first."""

    definition: Definition
    target: TargetPath | None
    path: Path
    values: tuple[Known, ...]

    @property
    def newest(self) -> Known | None:
        """Give the value of the latest days."""
        return self.values[-1] if self.values else None


class IndicatorView(msgspec.Struct, frozen=True):
    """An indicator as it was known on a day; status and trend look at the newest version alone.

    The newest value may be of a period that still runs; the last one that is over is judged.
    """

    indicator: Indicator
    versions: tuple[Version, ...]
    status: Status
    trend: Trend
    run: Run | None
    judged: Known | None

    @property
    def current(self) -> Version:
        """Give the newest version."""
        return self.versions[-1]

    @property
    def baseline(self) -> Point | None:
        """Give where it began."""
        return self.current.path.baseline

    @property
    def target(self) -> Point | None:
        """Give where it is to be at last."""
        return self.current.path.target

    @property
    def earlier(self) -> tuple[Version, ...]:
        """Give the former versions that have values."""
        return tuple(version for version in self.versions[:-1] if version.values)


def _known(definitions: Sequence[int], on: dt.date) -> dict[int, list[Known]]:
    """Give of each span of days what became known last, by definition, oldest days first."""
    later = Value.objects.filter(
        definition=OuterRef("definition"), first=OuterRef("first"), last=OuterRef("last"), known_since__lte=on
    ).filter(Q(known_since__gt=OuterRef("known_since")) | Q(known_since=OuterRef("known_since"), pk__gt=OuterRef("pk")))
    rows = Value.objects.filter(~Exists(later), definition__in=definitions, known_since__lte=on)
    found: dict[int, list[Known]] = defaultdict(list)
    for row in rows.order_by("last", "first").values_list(*COLUMNS):
        found[row[1]].append(Known(*row))
    return found


def current_values(definition: Definition, on: dt.date) -> list[Known]:
    """Give the values of a definition as they are known on a day."""
    return _known([definition.pk], on)[definition.pk]


def lineage_of(value: Known) -> dict[str, Any]:
    """Give from what a value was computed."""
    found: dict[str, Any] = Value.objects.values_list("lineage", flat=True).get(pk=value.pk)
    return found


def _runs(definitions: Sequence[int], on: dt.date) -> dict[int, Run]:
    found: dict[int, Run] = {}
    for run in Run.objects.filter(definition__in=definitions, day__lte=on).order_by("id"):
        found[run.definition_id] = run
    return found


def indicators_on(on: dt.date, *, public: bool = True, narrowed: Q | None = None) -> list[IndicatorView]:
    """Give the indicators that were defined on a day, with what was known of them."""
    rows = Indicator.objects.filter(public=True) if public else Indicator.objects.all()
    indicators = list(rows.filter(narrowed) if narrowed is not None else rows)
    definitions: dict[int, list[Definition]] = defaultdict(list)
    found = Definition.objects.filter(indicator__in=indicators, since__lte=on).select_related("indicator")
    for definition in found:
        definitions[definition.indicator_id].append(definition)
    ids = [definition.pk for group in definitions.values() for definition in group]
    paths = {path.definition_id: path for path in TargetPath.objects.filter(definition__in=ids, since__lte=on)}
    values = _known(ids, on)
    runs = _runs(ids, on)
    return [
        _view(one, [_version(d, paths.get(d.pk), values[d.pk]) for d in definitions[one.pk]], runs, on)
        for one in indicators
        if definitions[one.pk]
    ]


def _version(definition: Definition, target: TargetPath | None, values: list[Known]) -> Version:
    direction: Any = definition.direction
    path = target.content.path(direction) if target else Path(direction=direction)
    return Version(definition, target, path, tuple(values))


def _view(one: Indicator, versions: list[Version], runs: dict[int, Run], on: dt.date) -> IndicatorView:
    current = versions[-1]
    definition = current.definition
    period: Any = definition.period
    rhythm: Any = definition.rhythm
    direction: Any = definition.direction
    over = [value for value in current.values if value.last < on]
    shown = over[-1] if over else current.newest
    judged = status(shown.reading if shown else None, current.path, cadence(period, rhythm), on, definition.written)
    # Measured and simulated values make no common trend (ADR 0011).
    figures = [value.value for value in over if value.simulated == over[-1].simulated]
    run = runs.get(definition.pk)
    if run is not None and run.refused and run.text is not None:
        judged = refused(judged, run.text, run.day)
    return IndicatorView(one, tuple(versions), judged, trend(figures, direction), run, shown)


def indicator_on(slug: str, on: dt.date, *, public: bool = True) -> IndicatorView | None:
    """Give one indicator as it was known on a day."""
    found = indicators_on(on, public=public, narrowed=Q(slug=slug))
    return found[0] if found else None


def titles_of(slugs: Iterable[str]) -> dict[str, Text]:
    """Give the titles of public indicators by their short names."""
    return {one.slug: one.title for one in Indicator.objects.filter(slug__in=set(slugs), public=True)}


def indicators_of_project(slug: str, on: dt.date) -> list[IndicatorView]:
    """Give the indicators to which a project is to contribute."""
    names = [one.pk for one in Indicator.objects.filter(public=True) if slug in one.projects]
    return indicators_on(on, narrowed=Q(pk__in=names)) if names else []


def history_of(indicator: Indicator, on: dt.date) -> list[Value]:
    """Give every value that was ever known up to a day, also those that were replaced, newest days first."""
    rows = Value.objects.filter(definition__indicator=indicator, known_since__lte=on).select_related("definition")
    return list(rows.order_by("-definition__number", "-last", "-known_since", "-id"))


def links(*, public: bool = True, about: Indicator | None = None) -> list[CausalLink]:
    """Give what is thought to cause what; of one indicator, its own causes and effects."""
    rows = CausalLink.objects.select_related("cause", "effect")
    if public:
        rows = rows.filter(cause__public=True, effect__public=True)
    return list(rows.filter(Q(cause=about) | Q(effect=about)) if about else rows)


def due_indicators(today: dt.date) -> list[Indicator]:
    """Give the indicators whose values are to be determined again."""
    found = []
    for view in indicators_on(today, public=False):
        definition = view.current.definition
        rhythm: Any = definition.rhythm
        if definition.source.get("kind") != "hand" and due(view.run.day if view.run else None, rhythm, today):
            found.append(view.indicator)
    return found


def with_source(today: dt.date) -> list[Indicator]:
    """Give the indicators whose values are determined and not entered by hand."""
    views = indicators_on(today, public=False)
    return [view.indicator for view in views if view.current.definition.source.get("kind") != "hand"]


def from_tables(today: dt.date, tables: Iterable[str]) -> list[Indicator]:
    """Give the indicators that read one of these tables."""
    names = set(tables)
    views = indicators_on(today, public=False)
    return [view.indicator for view in views if view.current.definition.source.get("table") in names]


def stale(today: dt.date) -> list[IndicatorView]:
    """Give the indicators without a value, or with one that is too old."""
    return [view for view in indicators_on(today, public=False) if view.status.state in ("unknown", "outdated")]


class TableView(msgspec.Struct, frozen=True):
    """A table of statistics as it was known on a day."""

    table: Table
    schema: Schema
    load: TableLoad

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Give the rows."""
        rows: list[dict[str, Any]] = self.load.rows
        return rows


def tables() -> QuerySet[Table]:
    """Give all tables by field, without their rows."""
    return Table.objects.all()


def table_on(slug: str, on: dt.date) -> TableView | None:
    """Give a table as it was known on a day; None where there is none, or none was loaded yet."""
    load = TableLoad.objects.filter(table__slug=slug, known_since__lte=on).select_related("table").first()
    return None if load is None else TableView(load.table, msgspec.convert(load.schema, Schema), load)


def loads_of(table: Table) -> list[tuple[dt.date, str]]:
    """Give when a table was loaded, newest first."""
    return list(table.loads.values_list("known_since", "digest"))
