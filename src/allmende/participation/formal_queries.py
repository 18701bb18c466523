"""Reads of formal procedures: those that may be shown, by how they stand, and what the staff brought in."""

import datetime as dt

import msgspec
from django.db.models import Count, Max, Q, QuerySet

from allmende.participation.models import FormalMessage, FormalProcedure


class Board(msgspec.Struct, frozen=True):
    """The procedures of a day, by how they stand; the ended ones newest first."""

    running: tuple[FormalProcedure, ...] = ()
    ahead: tuple[FormalProcedure, ...] = ()
    undated: tuple[FormalProcedure, ...] = ()
    ended: tuple[FormalProcedure, ...] = ()

    @property
    def open(self) -> tuple[FormalProcedure, ...]:
        """Give what is not over."""
        return (*self.running, *self.ahead, *self.undated)


class Upload(msgspec.Struct, frozen=True):
    """What came in one go: when, from which files, how many messages."""

    batch: str
    received: dt.datetime
    source: str
    count: int


def shown(words: str = "", step: str = "") -> QuerySet[FormalProcedure]:
    """Give what may be shown: neither withdrawn by its body nor removed by the staff, nor known by a deletion only."""
    found = FormalProcedure.objects.filter(withdrawn=None, hidden=False).exclude(title="")
    for word in words.split():
        texts = ("title", "place", "description", "authority", "plan_id")
        some = Q()
        for name in texts:
            some |= Q(**{f"{name}__icontains": word})
        found = found.filter(some)
    return found.filter(step=step) if step else found


def board(day: dt.date, words: str = "", step: str = "") -> Board:
    """Sort what may be shown by how it stands."""
    by_state: dict[str, list[FormalProcedure]] = {"running": [], "ahead": [], "undated": [], "ended": []}
    for one in shown(words, step):
        by_state[one.state_on(day)].append(one)
    by_state["ahead"].sort(key=lambda one: (one.begins or day, one.pk))
    by_state["ended"].reverse()
    return Board(**{name: tuple(rows) for name, rows in by_state.items()})


def every() -> list[FormalProcedure]:
    """Give all of them to the staff, the newest first."""
    return list(FormalProcedure.objects.order_by("-received", "-pk"))


def uploads(most: int) -> list[Upload]:
    """Give what came last, the newest first."""
    rows = FormalMessage.objects.values("batch").annotate(when=Max("received"), last=Max("pk"), count=Count("pk"))
    newest = list(rows.order_by("-when", "-last")[:most])
    sources: dict[str, list[str]] = {row["batch"]: [] for row in newest}
    for one in FormalMessage.objects.filter(batch__in=sources).order_by("pk"):
        sources[one.batch].append(one.source)
    return [Upload(row["batch"], row["when"], ", ".join(sources[row["batch"]]), row["count"]) for row in newest]
