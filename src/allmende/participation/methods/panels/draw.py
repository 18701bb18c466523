"""Draw a panel from a published lottery and a published seed; whoever has both gets the same panel.

Needs SHA-256 only. The lottery says of each kind of people how many it sends; ``tickets`` say which number is of which
kind. First one of the equal lots is drawn, then the people within each kind.
"""

from collections.abc import Iterable

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.lots import lot, shuffled

NO_DRAW = ErrorCode(
    "panel.no_draw",
    Text("Aus dieser Liste lässt sich das Los nicht ziehen.", "The lot cannot be drawn from this list."),
    Text("Liste und Lostabelle müssen vom selben Stand sein.", "List and table of lots must be of the same state."),
)
ATTEMPTS = 100


class Ticket(msgspec.Struct, frozen=True):
    """A number, its kind, and the household's number if only one person of a household may be drawn."""

    number: str
    kind: int
    household: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """A composition of the panel: how many of each kind (kind, members), and how many of all lots it has."""

    lots: int
    members: tuple[tuple[int, int], ...]


class Draw(msgspec.Struct, frozen=True):
    """The panel drawn: which lot, at which attempt, which numbers."""

    seed: str
    lot: int
    attempt: int
    panel: tuple[str, ...]


def draw(entries: tuple[Entry, ...], tickets: Iterable[Ticket], seed: str) -> Draw:
    """Draw.

    The lot of attempt a is SHA-256 of the lines seed, "lot", a, as a number, modulo the number of lots; lots are
    numbered from 0 through the entries in their order. In each kind, in the order of their numbers, people stand by
    SHA-256 of the lines seed, number; the first are drawn. Of a household only the first is; if a kind runs out for
    that, the next attempt is made.
    """
    lots = sum(entry.lots for entry in entries)
    kinds: dict[int, list[Ticket]] = {}
    for ticket in tickets:
        kinds.setdefault(ticket.kind, []).append(ticket)
    if not lots:
        raise Invalid(NO_DRAW)
    ordered = {kind: _ordered(members, seed) for kind, members in kinds.items()}
    for attempt in range(ATTEMPTS):
        number = lot(seed, "lot", str(attempt)) % lots
        panel = _panel(_entry(entries, number), ordered)
        if panel is not None:
            return Draw(seed, number, attempt, tuple(sorted(panel)))
    raise Invalid(NO_DRAW)


def _ordered(tickets: list[Ticket], seed: str) -> list[Ticket]:
    by_number = {ticket.number: ticket for ticket in tickets}
    return [by_number[number] for number in shuffled(seed, by_number)]


def _entry(entries: tuple[Entry, ...], number: int) -> Entry:
    for entry in entries:
        number -= entry.lots
        if number < 0:
            return entry
    raise Invalid(NO_DRAW)


def _panel(entry: Entry, ordered: dict[int, list[Ticket]]) -> list[str] | None:
    """Take the first of each kind who share no household with those already taken."""
    panel, households = list[str](), set[str]()
    for kind, wanted in sorted(entry.members):
        free = iter(ordered.get(kind, []))
        while wanted:
            ticket = next(free, None)
            if ticket is None:
                return None
            if ticket.household is None or ticket.household not in households:
                panel.append(ticket.number)
                wanted -= 1
            if ticket.household is not None:
                households.add(ticket.household)
    return panel
