"""Which state of a project may follow which, and why not."""

import datetime as dt
from collections.abc import Sequence

from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text
from allmende.programme.rules.facts import Happening

# A project may enter the records at any of the first three: what was before is unknown.
FIRST = frozenset({"idea", "decided", "running", "idea-store", "dropped"})
NEXT: dict[str, frozenset[str]] = {
    "idea": frozenset({"decided", "dropped", "idea-store"}),
    "idea-store": frozenset({"idea", "decided"}),
    "decided": frozenset({"running", "ended", "dropped", "idea-store"}),
    "running": frozenset({"pilot-finished", "ended", "dropped"}),
    "pilot-finished": frozenset({"permanent", "transferred", "ended", "dropped"}),
    "permanent": frozenset({"transferred", "ended"}),
    "transferred": frozenset({"ended"}),
    "ended": frozenset(),
    "dropped": frozenset({"idea-store"}),
}
# What a body has to decide; such an event without a decision is shown to the office.
DECIDED = frozenset({"decided", "permanent", "transferred", "ended", "dropped", "idea-store"})

FORBIDDEN = ErrorCode(
    "programme.forbidden_transition",
    Text("Auf „{before}“ kann „{after}“ nicht folgen ({day}).", "“{after}” cannot follow “{before}” ({day})."),
    Text(
        "Möglich sind: {allowed}. Fehlt ein Schritt dazwischen, tragen Sie ihn zuerst ein.",
        "Possible are: {allowed}. If a step between is missing, enter it first.",
    ),
)
FUTURE = ErrorCode(
    "programme.future_day",
    Text("Der Tag {day} liegt in der Zukunft.", "The day {day} lies in the future."),
    Text(
        "Tragen Sie ein, was geschehen ist; Geplantes gehört in die Meilensteine.",
        "Enter what has happened; what is planned belongs to the milestones.",
    ),
)
NO_REASON = ErrorCode(
    "programme.no_reason",
    Text("Es fehlt der Grund.", "The reason is missing."),
    Text("Schreiben Sie in einem Satz, warum.", "Write in one sentence why."),
)
LATER_DECISION = ErrorCode(
    "programme.later_decision",
    Text(
        "Der Beschluss vom {decided} kam erst nach dem Ereignis vom {day}.",
        "The decision of {decided} came only after the event of {day}.",
    ),
    Text(
        "Berichtigen Sie den Tag, oder nennen Sie den richtigen Beschluss.",
        "Correct the day, or name the right decision.",
    ),
)


def may_follow(before: str | None, after: str) -> bool:
    """Tell whether a state may come after another; None is: nothing was known."""
    return after in (FIRST if before is None else NEXT[before])


def broken_step(events: Sequence[Happening]) -> tuple[str | None, str, dt.date] | None:
    """Give the first step of a history that may not be, with its day; None when all may be."""
    before: str | None = None
    for event in sorted(events, key=lambda event: event.day):
        if event.state == "note":
            continue
        if event.state != before and not may_follow(before, event.state):
            return before, event.state, event.day
        before = event.state
    return None


def allowed_after(before: str | None) -> list[str]:
    """Give the states that may come next."""
    return sorted(FIRST if before is None else NEXT[before])
