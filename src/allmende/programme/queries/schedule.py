"""The schedule: milestones beside each other, what moved, and the chain that takes longest."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from allmende.programme.models import Milestone, MilestoneNeed, ProgrammeEvent
from allmende.programme.queries.known import MilestoneRow
from allmende.programme.rules.milestones import CircleError, Move, longest_chain, moves_between

DEFAULT_LOOK_BACK = dt.timedelta(days=180)


class MoveRow(msgspec.Struct, frozen=True):
    """A milestone whose date moved."""

    milestone: Milestone
    move: Move


def last_report_until(on: dt.date) -> ProgrammeEvent | None:
    """Give the last report before a day."""
    return ProgrammeEvent.objects.filter(kind="report", day__lt=on).order_by("-day").first()


def moved_since(rows: Sequence[MilestoneRow], since: dt.date, on: dt.date) -> list[MoveRow]:
    """Give the moves that became known after a day, up to another, newest first."""
    found = [MoveRow(row.milestone, move) for row in rows for move in moves_between(row.view.moves, since, on)]
    return sorted(found, key=lambda row: row.move.after.known_since, reverse=True)


class ChainView(msgspec.Struct, frozen=True):
    """The longest chain of dependent milestones, and how many of its steps have no known length."""

    rows: tuple[MilestoneRow, ...]
    days: int
    unknown: int


def needs_on(on: dt.date) -> dict[int, list[int]]:
    """Give for each milestone those that it waits for, as known on a day."""
    needs: dict[int, list[int]] = {}
    for waiting, needed in MilestoneNeed.objects.filter(since__lte=on).values_list("milestone_id", "needed_id"):
        needs.setdefault(waiting, []).append(needed)
    return needs


def critical_chain(rows: Sequence[MilestoneRow], on: dt.date) -> ChainView | None:
    """Give the chain that takes longest; None where no milestone waits for another."""
    known = {str(row.milestone.pk): row for row in rows}
    pairs = {
        str(waiting): [str(one) for one in needed if str(one) in known]
        for waiting, needed in needs_on(on).items()
        if str(waiting) in known
    }
    if not any(pairs.values()):
        return None
    days = {key: row.milestone.duration_days or 0 for key, row in known.items()}
    try:
        chain = longest_chain(days, pairs)
    except CircleError:
        return None
    steps = tuple(known[step] for step in chain.steps)
    return ChainView(steps, chain.days, sum(row.milestone.duration_days is None for row in steps))
