"""Decisions about the dates of milestones: what may be entered, what moved, which chain is the longest."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Generic, Literal, TypeVar

import msgspec

from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text
from allmende.programme.rules.states import FUTURE

NO_EVIDENCE = ErrorCode(
    "programme.no_evidence",
    Text("Erreicht ist ein Meilenstein nur mit Nachweis.", "A milestone is reached only with evidence."),
    Text(
        "Nennen Sie den Nachweis, oder wählen Sie „gemeldet, Nachweis fehlt“.",
        "Name the evidence, or choose “reported, evidence missing”.",
    ),
)
NO_MOVE_REASON = ErrorCode(
    "programme.no_move_reason",
    Text("Für diesen Meilenstein gab es schon den Termin {day}.", "This milestone had the date {day} already."),
    Text("Schreiben Sie in beiden Sprachen, warum er sich verschiebt.", "Write in both languages why it moves."),
)
NOTHING_REACHED = ErrorCode(
    "programme.nothing_to_withdraw",
    Text(
        "Dieser Meilenstein gilt nicht als erreicht oder gemeldet.",
        "This milestone counts neither as reached nor reported.",
    ),
    Text("Sehen Sie in seinem Verlauf nach.", "Look at its history."),
)
NO_WITHDRAWAL_REASON = ErrorCode(
    "programme.no_withdrawal_reason",
    Text(
        "Der Nachweis wird zurückgezogen, und der Grund fehlt.", "The evidence is withdrawn, and the reason is missing."
    ),
    Text("Schreiben Sie in beiden Sprachen, warum.", "Write in both languages why."),
)
CIRCLE = ErrorCode(
    "programme.circle",
    Text("„{before}“ und „{after}“ würden aufeinander warten.", "“{before}” and “{after}” would wait for each other."),
    Text("Lösen Sie eine der Abhängigkeiten.", "Remove one of the dependencies."),
)

Kind = Literal["baseline", "forecast", "claimed", "actual", "withdrawn"]
PLANNED: tuple[Kind, ...] = ("baseline", "forecast")
REACHED: tuple[Kind, ...] = ("claimed", "actual")


class Dated(msgspec.Struct, frozen=True):
    """A date of a milestone as the rules need it."""

    kind: Kind
    day: dt.date
    precision: str
    known_since: dt.date
    evidence: str = ""
    reason: Text | None = None


MilestoneState = Literal["done", "unproven", "late", "ahead", "unknown"]


class MilestoneView(msgspec.Struct, frozen=True):
    """What was known about a milestone on a day; ``moves`` are all planned dates up to then, oldest first.

    ``withdrawn`` says since when and why it is not reached any more.
    """

    baseline: Dated | None
    forecast: Dated | None
    actual: Dated | None
    state: MilestoneState
    claimed: Dated | None = None
    moves: tuple[Dated, ...] = ()
    withdrawn: Dated | None = None

    @property
    def shown(self) -> Dated | None:
        """Give the date that counts: reached, else expected, else planned, else reported."""
        return self.actual or self.forecast or self.baseline or self.claimed

    @property
    def delay_days(self) -> int | None:
        """Give how many days the date that counts lies behind the first plan; None without a plan."""
        return (self.shown.day - self.baseline.day).days if self.shown and self.baseline else None


def milestone_on(dates: Sequence[Dated], on: dt.date) -> MilestoneView:
    """Give the newest date of each kind that was known on a day; late is what was due and is not reached."""
    known = [date for date in dates if date.known_since <= on]
    newest = _newest(known)
    actual, claimed, withdrawn = newest.get("actual"), newest.get("claimed"), newest.get("withdrawn")
    due = newest.get("forecast") or newest.get("baseline")
    moves = tuple(date for date in known if date.kind in PLANNED)
    state = _state(actual, claimed, due, on)
    return MilestoneView(
        newest.get("baseline"), newest.get("forecast"), actual, state, claimed, moves, None if actual else withdrawn
    )


def _newest(known: Iterable[Dated]) -> dict[Kind, Dated]:
    """Give the newest date of each kind; what was reached or reported before it was withdrawn does not count."""
    newest: dict[Kind, Dated] = {}
    for date in known:
        newest[date.kind] = date
        if date.kind == "withdrawn":
            for kind in REACHED:
                newest.pop(kind, None)
    return newest


def _state(actual: Dated | None, claimed: Dated | None, due: Dated | None, on: dt.date) -> MilestoneState:
    if actual is not None:
        return "done"
    if claimed is not None:
        return "unproven"
    if due is None:
        return "unknown"
    return "late" if due.day < on else "ahead"


def needs_reason(dates: Iterable[Dated], new: Dated) -> dt.date | None:
    """Give the date that a new planned date moves; None when it is the first, or the same, or no plan at all."""
    if new.kind not in PLANNED:
        return None
    before = [date for date in dates if date.kind in PLANNED and date.known_since <= new.known_since]
    moved = before[-1].day if before else None
    return None if moved == new.day else moved


def date_fault(others: Sequence[Dated], new: Dated, today: dt.date) -> tuple[ErrorCode, dict[str, object]] | None:
    """Give what hinders a new date beside those that are there already."""
    if new.kind == "actual" and not new.evidence.strip():
        return NO_EVIDENCE, {}
    if new.known_since > today or (new.kind not in PLANNED and new.day > today):
        return FUTURE, {"day": new.known_since if new.known_since > today else new.day}
    if new.kind == "withdrawn" and not _newest(others).keys() & set(REACHED):
        return NOTHING_REACHED, {}
    if new.kind == "withdrawn" and new.reason is None:
        return NO_WITHDRAWAL_REASON, {}
    moved = needs_reason(others, new)
    if moved is not None and new.reason is None:
        return NO_MOVE_REASON, {"day": moved}
    return None


class Move(msgspec.Struct, frozen=True):
    """A date that was replaced by another."""

    before: Dated
    after: Dated

    @property
    def days(self) -> int:
        """Give by how many days; more than 0 is later."""
        return (self.after.day - self.before.day).days


def moves_between(dates: Sequence[Dated], since: dt.date, on: dt.date) -> list[Move]:
    """Give the moves of one milestone that became known after a day, up to another."""
    known = [date for date in dates if date.kind in PLANNED and date.known_since <= on]
    pairs = pairwise(known)
    return [Move(before, after) for before, after in pairs if after.known_since > since and after.day != before.day]


Key = TypeVar("Key", int, str)


class Chain(msgspec.Struct, Generic[Key], frozen=True):
    """The longest way through dependent steps, first step first, and how many days of work it takes."""

    steps: tuple[Key, ...]
    days: int


class CircleError(ValueError):
    """Steps wait for each other."""


def in_order(steps: Iterable[Key], needs: Mapping[Key, Iterable[Key]]) -> list[Key]:
    """Put every step behind those that it needs; raises CircleError when that cannot be."""
    waits = {step: set(needs.get(step, ())) for step in steps}
    followers: dict[Key, list[Key]] = {}
    for step, names in waits.items():
        for name in names:
            followers.setdefault(name, []).append(step)
    ready = [step for step, names in waits.items() if not names] + [name for name in followers if name not in waits]
    ordered: list[Key] = []
    while ready:
        step = ready.pop()
        ordered.append(step)
        for follower in followers.get(step, ()):
            waits[follower].discard(step)
            if not waits[follower]:
                ready.append(follower)
    if any(waits.values()):
        raise CircleError
    return ordered


def longest_chain(days: Mapping[Key, int], needs: Mapping[Key, Iterable[Key]]) -> Chain[Key]:
    """Give the chain of dependent steps with most days of work; steps of unknown length count no days."""
    best: dict[Key, tuple[int, int]] = {}
    came_from: dict[Key, Key] = {}
    for step in in_order(days, needs):
        length, count = 0, 0
        for name in needs.get(step, ()):
            if best[name] > (length, count):
                (length, count), came_from[step] = best[name], name
        best[step] = (length + days.get(step, 0), count + 1)
    if not best:
        return Chain((), 0)
    last = max(best, key=lambda step: (*best[step], step))
    steps = [last]
    while steps[-1] in came_from:
        steps.append(came_from[steps[-1]])
    return Chain(tuple(reversed(steps)), best[last][0])
