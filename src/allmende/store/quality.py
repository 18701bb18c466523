"""The flags of quality and what waits for a check, one transaction for each call."""

from collections.abc import Callable, Collection, Sequence

import msgspec
from sqlalchemy import Engine

from allmende.store import flagging
from allmende.store.books import add_decisions
from allmende.store.engine import reading, writing
from allmende.store.flagging import Due, Flag, Verdicts
from allmende.store.points import Points
from allmende.store.scope import DecisionRow, Scope, Tie

Span = tuple[int, int]
Decide = Callable[[dict[Tie, int]], list[DecisionRow]]
Tally = dict[tuple[str, str], int]


class Waiting(msgspec.Struct, frozen=True):
    """A datastream that waits for a check, and from when to when that lies which no test has seen."""

    due: Due
    since: int
    until: int


class QualityTables:
    """Reads and writes flags; a changed flag is no new value: number, time, result and time of receipt stay."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def waiting(self, limit: int) -> list[Waiting]:
        """Name the datastreams that wait for a check, those with little first, so that a long load holds up nobody."""
        with reading(self._engine) as connection:
            spans = [(one, flagging.span_of_new(connection, one)) for one in flagging.due(connection, limit)]
        return [Waiting(one, *(span or (0, 0))) for one, span in spans]

    def points(self, scope: Scope, stream: int, since: int, until: int) -> Points | None:
        """Give what a datastream holds as it is stored; None where the scope does not open it as it is."""
        with reading(self._engine) as connection:
            return flagging.points(connection, scope, stream, since, until)

    def flag(self, one: Due, span: Span, found: Verdicts, now: int, decide: Decide) -> int:
        """Put verdicts on what starts in ``[since, until)`` in place of those before; give how many changed.

        ``decide`` is asked where there is something to write, and its decision is kept with it.
        """
        with writing(self._engine) as connection:
            return flagging.flag(
                connection, one, span, found, now, lambda ties: add_decisions(connection, decide(ties))
            )

    def passed_over(self, several: Sequence[Due]) -> None:
        """Note that datastreams need no check of what they have now."""
        with writing(self._engine) as connection:
            for one in several:
                flagging.done(connection, one.datastream_id, one.sequence)

    def again(self, streams: Collection[int], since: int) -> None:
        """Let what lies from an instant on be checked once more."""
        with writing(self._engine) as connection:
            flagging.again(connection, streams, since)

    def flags(self, scope: Scope, streams: Sequence[int], span: Span, limit: int) -> list[Flag]:
        """Give the newest flags of datastreams that are open as they are."""
        with reading(self._engine) as connection:
            return flagging.flags(connection, scope, streams, span, limit)

    def tally(self, scope: Scope, streams: Sequence[int], span: Span) -> dict[int, Tally]:
        """Count flags by datastream, and there by level and tests, where datastreams are open as they are."""
        with reading(self._engine) as connection:
            return flagging.tally(connection, scope, streams, span)
