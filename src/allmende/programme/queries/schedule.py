"""The schedule: milestones beside each other, what moved, and the chain that takes longest."""

import datetime as dt
from collections import defaultdict
from functools import lru_cache

import msgspec

from allmende.programme.models import Milestone, MilestoneDate, MilestoneNeed, ProgrammeEvent
from allmende.programme.queries.known import MilestoneRow, rows_of
from allmende.programme.rules.milestones import PLANNED, Chain, CircleError, Dated, Move, longest_chain, moves_between

DEFAULT_LOOK_BACK = dt.timedelta(days=180)
MOST_STEPS = 20


class MoveRow(msgspec.Struct, frozen=True):
    """A milestone whose date moved."""

    milestone: Milestone
    move: Move


def last_report_until(on: dt.date) -> ProgrammeEvent | None:
    """Give the last report before a day."""
    return ProgrammeEvent.objects.filter(kind="report", day__lt=on).order_by("-day").first()


def _moves(since: dt.date, on: dt.date, project: str) -> list[tuple[int, Move]]:
    """Give the moves that became known after a day, up to another, newest first, with their milestones' numbers."""
    touched = MilestoneDate.objects.filter(known_since__gt=since, known_since__lte=on, kind__in=PLANNED)
    if project:
        touched = touched.filter(milestone__project__slug=project)
    dates: dict[int, list[Dated]] = defaultdict(list)
    rows = MilestoneDate.objects.filter(milestone__in=touched.values("milestone"), kind__in=PLANNED)
    for row in rows.filter(known_since__lte=on).order_by("known_since", "pk"):
        dates[row.milestone_id].append(row.value)
    found = [(number, move) for number in sorted(dates) for move in moves_between(dates[number], since, on)]
    return sorted(found, key=lambda pair: pair[1].after.known_since, reverse=True)


def _told(moves: list[tuple[int, Move]]) -> list[MoveRow]:
    milestones = Milestone.objects.select_related("project").in_bulk([number for number, _move in moves])
    return [MoveRow(milestones[number], move) for number, move in moves]


def moved_since(since: dt.date, on: dt.date, *, project: str = "") -> list[MoveRow]:
    """Give the moves that became known after a day, up to another, newest first."""
    return _told(_moves(since, on, project))


def newest_moves(since: dt.date, on: dt.date, most: int, *, project: str = "") -> tuple[list[MoveRow], int]:
    """Give the newest of the moves, and how many there are."""
    found = _moves(since, on, project)
    return _told(found[:most]), len(found)


class ChainView(msgspec.Struct, frozen=True):
    """The longest chain of dependent milestones: its last steps, the number of all, and of those of unknown length."""

    rows: tuple[MilestoneRow, ...]
    days: int
    unknown: int
    steps: int


Link = tuple[int, int, int | None, int | None]


@lru_cache(maxsize=8)
def _chain(links: tuple[Link, ...]) -> tuple[Chain[int], int] | None:
    """Give the longest chain and how many of its steps have no known length; kept as long as the links are the same."""
    needs: dict[int, list[int]] = {}
    days: dict[int, int | None] = {}
    for waiting, needed, length, needed_length in links:
        needs.setdefault(waiting, []).append(needed)
        days[waiting], days[needed] = length, needed_length
    try:
        chain = longest_chain({key: length or 0 for key, length in days.items()}, needs)
    except CircleError:
        return None
    return (chain, sum(days[step] is None for step in chain.steps)) if needs else None


def critical_chain(on: dt.date, *, project: str = "") -> ChainView | None:
    """Give the chain that takes longest; None where no milestone waits for another."""
    links = MilestoneNeed.objects.filter(since__lte=on)
    if project:
        links = links.filter(milestone__project__slug=project, needed__project__slug=project)
    columns = ("milestone_id", "needed_id", "milestone__duration_days", "needed__duration_days")
    found = _chain(tuple(links.order_by().values_list(*columns)))
    if found is None:
        return None
    chain, unknown = found
    shown = chain.steps[-MOST_STEPS:]
    rows = {row.milestone.pk: row for row in rows_of(Milestone.objects.filter(pk__in=shown), on)}
    return ChainView(tuple(rows[step] for step in shown), chain.days, unknown, len(chain.steps))
