"""The schedule: milestones beside each other, what moved, and the chain that takes longest."""

import datetime as dt

import msgspec

from allmende.programme.models import Milestone, MilestoneDate, MilestoneNeed, ProgrammeEvent
from allmende.programme.queries.known import MilestoneRow, rows_of
from allmende.programme.rules.milestones import PLANNED, CircleError, Move, longest_chain, moves_between

DEFAULT_LOOK_BACK = dt.timedelta(days=180)
MOST_STEPS = 20


class MoveRow(msgspec.Struct, frozen=True):
    """A milestone whose date moved."""

    milestone: Milestone
    move: Move


def last_report_until(on: dt.date) -> ProgrammeEvent | None:
    """Give the last report before a day."""
    return ProgrammeEvent.objects.filter(kind="report", day__lt=on).order_by("-day").first()


def moved_since(since: dt.date, on: dt.date, *, project: str = "") -> list[MoveRow]:
    """Give the moves that became known after a day, up to another, newest first."""
    touched = MilestoneDate.objects.filter(known_since__gt=since, known_since__lte=on, kind__in=PLANNED)
    moved = Milestone.objects.filter(pk__in=touched.values("milestone"))
    rows = rows_of(moved.filter(project__slug=project) if project else moved, on)
    found = [MoveRow(row.milestone, move) for row in rows for move in moves_between(row.view.moves, since, on)]
    return sorted(found, key=lambda row: row.move.after.known_since, reverse=True)


class ChainView(msgspec.Struct, frozen=True):
    """The longest chain of dependent milestones: its last steps, the number of all, and of those of unknown length."""

    rows: tuple[MilestoneRow, ...]
    days: int
    unknown: int
    steps: int


def critical_chain(on: dt.date, *, project: str = "") -> ChainView | None:
    """Give the chain that takes longest; None where no milestone waits for another."""
    links = MilestoneNeed.objects.filter(since__lte=on)
    if project:
        links = links.filter(milestone__project__slug=project, needed__project__slug=project)
    needs: dict[int, list[int]] = {}
    days: dict[int, int | None] = {}
    columns = ("milestone_id", "needed_id", "milestone__duration_days", "needed__duration_days")
    for waiting, needed, length, needed_length in links.order_by().values_list(*columns):
        needs.setdefault(waiting, []).append(needed)
        days[waiting], days[needed] = length, needed_length
    if not needs:
        return None
    try:
        chain = longest_chain({key: length or 0 for key, length in days.items()}, needs)
    except CircleError:
        return None
    shown = chain.steps[-MOST_STEPS:]
    rows = {row.milestone.pk: row for row in rows_of(Milestone.objects.filter(pk__in=shown), on)}
    unknown = sum(days[step] is None for step in chain.steps)
    return ChainView(tuple(rows[step] for step in shown), chain.days, unknown, len(chain.steps))
