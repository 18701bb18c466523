"""Flags of quality through the door: read and written under a grant, with the decision on record."""

from collections.abc import Collection, Sequence

from allmende.gate.door import Gate
from allmende.gate.grant import READ_VERBS, Ask, Asker, Grant
from allmende.gate.recording import Closed, decider, now_micros
from allmende.store.flagging import Due, Flag, Verdicts
from allmende.store.points import Points
from allmende.store.quality import Tally, Waiting
from allmende.store.scan import EARLIEST, LATEST
from allmende.store.scope import Scope

ASKER = Asker("system:quality")
RECIPIENT = "administration"
MOST = 1_000


__all__ = ["Due", "Flag", "Points", "Tally", "Verdicts", "Waiting"]


def waiting(gate: Gate, limit: int) -> list[Waiting]:
    """Name the datastreams with observations that no test has seen; tells numbers and times, no values."""
    return gate.store.quality.waiting(limit)


def checking(gate: Gate, category: str) -> tuple[Grant, Grant] | None:
    """Ask to look at a category and to write flags there, for the first purpose that permits both; None without one."""
    for purpose in gate.rulebook().purposes:
        use = Ask(ASKER, "use", purpose.slug, RECIPIENT)
        collect = Ask(ASKER, "collect", purpose.slug, RECIPIENT)
        if gate.decide(use, category).allowed and gate.decide(collect, category).allowed:
            return gate.grant(use), gate.grant(collect)
    return None


def _scope(gate: Gate, grant: Grant) -> Scope:
    grant.require(*READ_VERBS)
    return gate.still(grant).scope(now_micros())


def points(gate: Gate, grant: Grant, stream: int, since: int, until: int) -> Points | None:
    """Give what a datastream holds in ``[since, until)`` as it is stored; None where that is not open."""
    return gate.store.quality.points(_scope(gate, grant), stream, since, until)


def flag(gate: Gate, grant: Grant, one: Due, span: tuple[int, int], found: Verdicts) -> int:
    """Put verdicts in place of those before; give how many changed."""
    current = gate.to_write(grant)
    try:
        return gate.store.quality.flag(one, span, found, now_micros(), decider(current))
    except Closed as closed:
        raise gate.refused(current, closed) from closed


def passed_over(gate: Gate, several: Sequence[Due]) -> None:
    """Note that datastreams need no check of what they have now."""
    gate.store.quality.passed_over(several)


def check_again(gate: Gate, grant: Grant, streams: Collection[int], since: int = EARLIEST) -> None:
    """Let datastreams be checked once more, because what the tests go by has changed."""
    gate.to_write(grant)
    gate.store.quality.again(streams, since)


def flags(
    gate: Gate, grant: Grant, streams: Sequence[int], since: int = EARLIEST, until: int = LATEST, limit: int = MOST
) -> list[Flag]:
    """Give the newest flags with the values they are of, where datastreams are open as they are."""
    return gate.store.quality.flags(_scope(gate, grant), streams, (since, until), limit)


def tally(
    gate: Gate, grant: Grant, streams: Sequence[int], since: int = EARLIEST, until: int = LATEST
) -> dict[int, Tally]:
    """Count flags by datastream, and there by level and tests (joined by +), where datastreams are open as they are."""
    return gate.store.quality.tally(_scope(gate, grant), streams, (since, until))
