"""Decisions about money on plain values: shares, claims, plans, what may be booked."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text

PROOF_MONTHS = {"A": 30, "B": 66}
# Fewer people than these, and their hours would speak of a person.
LEAST_PEOPLE = 3
Key = TypeVar("Key", bound=Hashable)

NEGATIVE = ErrorCode(
    "money.negative",
    Text("{cents} Cent: ein Betrag kann nicht negativ sein.", "{cents} cents: an amount cannot be negative."),
    Text("Nehmen Sie Gebuchtes durch eine Gegenbuchung zurück.", "Take a booking back by its counter-entry."),
)
ELIGIBLE_TOO_MUCH = ErrorCode(
    "money.eligible_beyond_amount",
    Text("Förderfähig ist mehr als der Betrag.", "More is eligible than the amount."),
    Text("Berichtigen Sie den förderfähigen Teil.", "Correct the eligible part."),
)
NO_REASON = ErrorCode(
    "money.no_reason",
    Text("Ein Teil ist nicht förderfähig, und der Grund fehlt.", "A part is not eligible, and the reason is missing."),
    Text("Nennen Sie den Grund.", "Give the reason."),
)
OUTSIDE_PERIOD = ErrorCode(
    "money.outside_period",
    Text(
        "{day} liegt in keinem Bewilligungszeitraum; förderfähig kann das nicht sein.",
        "{day} lies in no grant period; this cannot be eligible.",
    ),
    Text(
        "Buchen Sie den Betrag als nicht förderfähig, mit Grund.",
        "Book the amount as not eligible, with the reason.",
    ),
)
OVER_CEILING = ErrorCode(
    "money.over_ceiling",
    Text(
        "Damit wären {cents} Cent mehr förderfähig, als der Höchstbetrag von {award} zulässt.",
        "With this, {cents} cents more would be eligible than the ceiling of {award} allows.",
    ),
    Text(
        "Buchen Sie den Rest als nicht förderfähig, mit Grund, oder tragen Sie geänderte Bedingungen ein.",
        "Book the rest as not eligible, with the reason, or enter changed terms.",
    ),
)
SHARES_DIFFER = ErrorCode(
    "money.shares_differ",
    Text(
        "Die Mittelgeber geben zusammen {shares} Cent, die Position kostet {total} Cent.",
        "The sources give {shares} cents together, the position costs {total} cents.",
    ),
    Text("Berichtigen Sie die Anteile, bis sie auf den Cent aufgehen.", "Correct the shares until they add up."),
)
FEDERAL_TOO_MUCH = ErrorCode(
    "money.federal_beyond_rate",
    Text(
        "Der Bund trüge {federal} Cent; nach Quote und Höchstbetrag sind höchstens {most} möglich.",
        "The federal share would be {federal} cents; rate and ceiling allow at most {most}.",
    ),
    Text("Verringern Sie den Anteil des Bundes.", "Lower the federal share."),
)
FEDERAL_OUTSIDE = ErrorCode(
    "money.federal_outside_period",
    Text(
        "{year} liegt in keinem Bewilligungszeitraum; der Bund zahlt dafür nicht.",
        "{year} lies in no grant period; the federal side does not pay for it.",
    ),
    Text("Planen Sie diese Kosten ohne Bundesanteil.", "Plan these costs without a federal share."),
)
GRANTS_TOO_MUCH = ErrorCode(
    "money.grants_beyond_costs",
    Text(
        "Öffentliche Förderungen von {grants} Cent übersteigen die Kosten von {costs} Cent.",
        "Public grants of {grants} cents exceed the costs of {costs} cents.",
    ),
    Text("Verringern Sie eine der Förderungen.", "Lower one of the grants."),
)


class Terms(msgspec.Struct, frozen=True):
    """What an award says on a day."""

    award: int
    start: dt.date
    end: dt.date
    rate: Fraction
    ceiling: int

    @property
    def most_eligible(self) -> int:
        """Give the cost beyond which the funder pays no more, in cents."""
        return int(self.ceiling / self.rate)

    def covers(self, day: dt.date) -> bool:
        """Tell whether a day lies in the grant period."""
        return self.start <= day <= self.end


class Entry(msgspec.Struct, frozen=True):
    """A booking as the rules need it."""

    number: int
    cents: int
    eligible: int
    paid: dt.date | None
    known_since: dt.date
    reverses: int | None = None


class Slot(msgspec.Struct, frozen=True, order=True):
    """A place in a plan: project, cost type and year."""

    project: str
    cost_type: str
    year: int


class Fault(msgspec.Struct, frozen=True):
    """What a plan breaks, and where; the position is none for what concerns the whole."""

    code: ErrorCode
    params: dict[str, object]
    slot: Slot | None = None


def federal_of(eligible: int, rate: Fraction, ceiling: int) -> int:
    """Give the funder's share of all eligible cost so far: the rate, cut to whole cents, at most the ceiling."""
    return max(0, min(int(eligible * rate), ceiling))


def claim(eligible_so_far: int, claimed_before: int, rate: Fraction, ceiling: int) -> int:
    """Give what a draw-down may claim; cents that were cut off before come with a later one."""
    return federal_of(eligible_so_far, rate, ceiling) - claimed_before


def spread(total: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Split cents by weights so that the parts add up (largest remainder); ties go to the earlier one."""
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    parts, rests = {}, {}
    for key, weight in weights.items():
        parts[key], rests[key] = divmod(total * weight, whole)
    # A negative whole turns the signs of the rests; the largest part that was cut off comes first either way.
    order = sorted(rests, key=lambda key: -abs(rests[key]))
    for key in order[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def claimable(entries: Iterable[Entry], claimed: set[int], until: dt.date) -> list[Entry]:
    """Give the bookings of a next draw-down: paid until a day, eligible, never claimed.

    A booking that was taken back before it was claimed stays out together with its counter-entry.
    """
    rows = {entry.number: entry for entry in entries}
    taken_back = {entry.reverses for entry in rows.values() if entry.reverses is not None}
    found = []
    for entry in rows.values():
        if entry.number in claimed or not entry.eligible or entry.paid is None or entry.paid > until:
            continue
        if entry.number in taken_back:
            continue
        if entry.reverses is not None and entry.reverses not in claimed:
            continue
        found.append(entry)
    return found


def booking_fault(
    cents: int, eligible: int, reason: str, day: dt.date, terms: Sequence[Terms]
) -> tuple[ErrorCode, dict[str, object]] | None:
    """Give what forbids a booking; None when nothing does."""
    if cents < 0 or eligible < 0:
        return NEGATIVE, {"cents": min(cents, eligible)}
    if eligible > cents:
        return ELIGIBLE_TOO_MUCH, {}
    if eligible < cents and not reason.strip():
        return NO_REASON, {}
    if eligible and terms_on(terms, day) is None:
        return OUTSIDE_PERIOD, {"day": day.isoformat()}
    return None


def terms_on(terms: Sequence[Terms], day: dt.date) -> Terms | None:
    """Give the award in whose period a day lies; of two, the one that began later."""
    fitting = [one for one in terms if one.covers(day)]
    return max(fitting, key=lambda one: one.start) if fitting else None


def plan_faults(
    positions: Mapping[Slot, Mapping[str, int]], *, federal: set[str], public: set[str], terms: Sequence[Terms]
) -> list[Fault]:
    """Give what a plan breaks: negative money, federal money outside a period, beyond the rate or beyond the cost."""
    faults = [
        Fault(NEGATIVE, {"cents": cents}, slot)
        for slot, shares in positions.items()
        for cents in shares.values()
        if cents < 0
    ]
    years = {year for one in terms for year in range(one.start.year, one.end.year + 1)}
    for slot, shares in positions.items():
        given = sum(cents for source, cents in shares.items() if source in federal)
        if given and slot.year not in years:
            faults.append(Fault(FEDERAL_OUTSIDE, {"year": slot.year}, slot))
    return faults + _share_faults(positions, federal, public, terms)


def _share_faults(
    positions: Mapping[Slot, Mapping[str, int]], federal: set[str], public: set[str], terms: Sequence[Terms]
) -> list[Fault]:
    funded = [shares for shares in positions.values() if any(shares.get(source) for source in federal)]
    costs = sum(sum(shares.values()) for shares in funded)
    given = sum(shares.get(source, 0) for shares in funded for source in federal)
    grants = sum(shares.get(source, 0) for shares in funded for source in federal | public)
    rate = max((one.rate for one in terms), default=Fraction(0))
    most = min(int(costs * rate), sum(one.ceiling for one in terms))
    faults = []
    if given > most:
        faults.append(Fault(FEDERAL_TOO_MUCH, {"federal": given, "most": most}))
    if grants > costs:
        faults.append(Fault(GRANTS_TOO_MUCH, {"grants": grants, "costs": costs}))
    return faults


def difference(old: Mapping[Key, int], new: Mapping[Key, int]) -> dict[Key, tuple[int, int]]:
    """Give what differs between two plans, as before and after; what is missing counts nothing."""
    keys = dict.fromkeys([*old, *new])
    pairs = {key: (old.get(key, 0), new.get(key, 0)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def same_bill(supplier: str, number: str) -> str:
    """Give by what a bill is recognised, however its names are written."""
    return "\n".join(" ".join(name.split()).casefold() for name in (supplier, number))


def summed(rows: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Add up amounts by key."""
    sums: dict[Key, int] = defaultdict(int)
    for key, cents in rows:
        sums[key] += cents
    return dict(sums)


def hours_shown(hours: int, people: int) -> int | None:
    """Give hours of work as far as they may be shown: not where they would speak of one or two people."""
    return hours if people >= LEAST_PEOPLE else None


def canonical(content: Any) -> bytes:
    """Write content so that the same facts give the same bytes."""
    return msgspec.json.encode(content, order="sorted")


def digest_of(content: bytes) -> str:
    """Give the hash by which a snapshot is known."""
    return hashlib.sha256(content).hexdigest()
