"""What the door refused of those who may write: kept for a decision of the staff, each act on record."""

import datetime as dt
from collections.abc import Sequence

import msgspec
import structlog

from allmende.gate.door import Gate
from allmende.gate.grant import READ_VERBS, Ask, Asker, Grant
from allmende.gate.recording import Closed, decider, decision_row, now_micros
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, Denied, ErrorCode
from allmende.kernel.text import Text
from allmende.store.model import Correction, Receipt
from allmende.store.port import Decide
from allmende.store.quarantine import NO_CATEGORY, NO_TIE, WORTH_KEEPING, Quarantined, Refused
from allmende.store.scope import DecisionRow, Scope, Tie
from allmende.store.write import Batch

STAFF_ONLY = ErrorCode(
    "quarantine.staff_only",
    Text("Die Quarantäne ist nur für die Verwaltung.", "The quarantine is for the staff alone."),
    Text("Melden Sie sich unter /intern/ an.", "Sign in at /intern/."),
)
KEPT_FOR = dt.timedelta(days=30)
MOST_SHOWN = 1_000

log = structlog.get_logger("allmende.gate")


def keep_refused(gate: Gate, sent: Sequence[tuple[Grant, Batch]], outcomes: Sequence[Receipt | AllmendeError]) -> None:
    """Keep the observations that were refused by themselves, where their categories are open to the sender.

    What the sender is told depends on nothing of this.
    """
    found: dict[int, tuple[Grant, list[Refused]]] = {}
    for (grant, batch), outcome in zip(sent, outcomes, strict=True):
        refused = isinstance(outcome, AllmendeError) and outcome.code in WORTH_KEEPING
        if isinstance(outcome, AllmendeError) and refused and isinstance(batch, list) and len(batch) == 1:
            one = Refused(batch[0], outcome.code, outcome.what)
            found.setdefault(id(grant), (grant, []))[1].append(one)
    for grant, several in found.values():
        try:
            current = gate.to_write(grant)
            gate.store.keep(several, current.categories, _deciding(current))
        except AllmendeError as error:
            log.warning("refused observations were not kept", error=str(error))


def _deciding(grant: Grant) -> Decide:
    """As any write is decided; what belongs to no datastream has no category and no rule."""
    inner = decider(grant)

    def decide(amounts: dict[Tie, int]) -> list[DecisionRow]:
        rows = inner({tie: amount for tie, amount in amounts.items() if tie != NO_TIE})
        nameless = amounts.get(NO_TIE, 0)
        if nameless:
            rows.append(decision_row(grant.ask, NO_CATEGORY, (), grant.version, allowed=True, amount=nameless))
        return rows

    return decide


def _seen(gate: Gate, grant: Grant) -> Scope:
    """Give what members of the staff see."""
    grant.require(*READ_VERBS)
    _require_staff(grant)
    return gate.still(grant).scope(now_micros())


def _require_staff(grant: Grant) -> None:
    if not grant.ask.asker.name.startswith("staff:"):
        raise Denied(STAFF_ONLY)


def quarantined(gate: Gate, grant: Grant) -> list[Quarantined]:
    """Give the newest of what was kept, what waits before what is decided."""
    return gate.store.kept(_seen(gate, grant), MOST_SHOWN)


def count_waiting(gate: Gate, grant: Grant) -> int:
    """Count what waits for a decision."""
    return gate.store.waiting(_seen(gate, grant))


def release(gate: Gate, grant: Grant, number: int, correction: Correction | None = None, reason: str = "") -> None:
    """Store an observation past range and clock, as suspect or as the correction says."""
    _require_staff(grant)
    current = gate.to_write(grant)
    words = (grant.ask.asker.name, reason)
    try:
        scope = current.scope(now_micros())
        gate.store.release(scope, number, correction or Correction(), words, _deciding(current))
    except Closed as closed:
        raise gate.refused(current, closed) from closed


def discard(gate: Gate, grant: Grant, number: int, reason: str) -> None:
    """Decide that an observation is not stored."""
    _require_staff(grant)
    current = gate.to_write(grant)
    allowing = _deciding(current)

    def decide(amounts: dict[Tie, int]) -> list[DecisionRow]:
        return [msgspec.structs.replace(row, verb="delete") for row in allowing(amounts)]

    try:
        gate.store.discard(number, (grant.ask.asker.name, reason), decide)
    except Closed as closed:
        raise gate.refused(current, closed) from closed


def sweep_quarantine(gate: Gate) -> int:
    """Delete what nobody decided within thirty days, and what was decided thirty days ago; give how many."""
    version = gate.rulebook().version
    ask = Ask(Asker("system:quarantine"), "delete", "*", "*")

    def decide(amounts: dict[Tie, int]) -> list[DecisionRow]:
        return [
            decision_row(ask, tie.category, (), version, allowed=True, amount=amount) for tie, amount in amounts.items()
        ]

    return gate.store.sweep(micros_from_instant(utc_now() - KEPT_FOR), decide)


__all__ = [
    "Quarantined",
    "count_waiting",
    "discard",
    "keep_refused",
    "quarantined",
    "release",
    "sweep_quarantine",
]
