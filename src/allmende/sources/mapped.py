"""A mapping of tables in the words of a recipe, for what both have in common."""

from allmende.connectors.table.mapping import Mapping
from allmende.sources.recipe import Moment, Recipe, Station, Value


def recipe_of(mapping: Mapping) -> Recipe:
    """Give dataset, purpose, stations and values of a mapping; its values keep their places."""
    time = mapping.time
    return Recipe(
        source=1,
        dataset=mapping.dataset,
        category=mapping.category,
        purpose=mapping.purpose,
        data_use=mapping.data_use,
        time=Moment(path=time.columns[0], zone=time.zone, format=time.format, interval_seconds=time.interval_seconds),
        stations=tuple(Station(slug=one.slug, name=one.name, aliases=one.aliases) for one in mapping.things),
        values=tuple(
            Value(path=one.column, observed=one.observed, name=one.name, unit=one.unit, definition=one.definition)
            for one in mapping.values
        ),
        instrument=mapping.instrument,
        format="csv",
    )
