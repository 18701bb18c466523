"""What differs between two published plans; they never change, so what was found is kept by their hashes."""

from collections import defaultdict
from functools import lru_cache

import msgspec
from django.db.models import Sum

from allmende.money.models import CostType, Plan
from allmende.money.rules import difference, summed
from allmende.programme.models import Project

MOST_DETAILED = 30
Place = tuple[int, int, int]


class Moved(msgspec.Struct, frozen=True):
    """A project whose plan differs, in cents; its places (cost type, year, before, after) only where few differ."""

    project: str
    before: int
    after: int
    places: tuple[tuple[str, int, int, int], ...] = ()


def moved(old: Plan, new: Plan) -> tuple[Moved, ...]:
    """Give the projects that differ between two plans."""
    return _moved((old.pk, old.digest), (new.pk, new.digest))


def _sums(plan: int) -> dict[Place, int]:
    rows = Plan(pk=plan).positions.order_by().values_list("project", "cost_type", "year")
    return {(project, kind, year): cents for project, kind, year, cents in rows.annotate(Sum("cents"))}


@lru_cache(maxsize=64)
def _moved(old: tuple[int, str], new: tuple[int, str]) -> tuple[Moved, ...]:
    before, after = _sums(old[0]), _sums(new[0])
    totals = [summed((place[0], cents) for place, cents in one.items()) for one in (before, after)]
    found = difference(before, after)
    slugs = dict(Project.objects.values_list("pk", "slug"))
    types = dict(CostType.objects.values_list("pk", "slug"))
    places: dict[int, list[tuple[str, int, int, int]]] = defaultdict(list)
    for (project, kind, year), pair in found.items():
        places[project].append((types[kind], year, *pair))
    detailed = len(places) <= MOST_DETAILED
    return tuple(
        Moved(
            slugs[project],
            totals[0].get(project, 0),
            totals[1].get(project, 0),
            tuple(sorted(rows)) if detailed else (),
        )
        for project, rows in places.items()
    )
