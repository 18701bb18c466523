"""Indicators of several cities side by side: the same definition only, and what cannot be compared with its reason."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

import msgspec

from allmende.federation.documents import City, Figure, Shared, Value
from allmende.kernel.text import Text

# Amounts, of which a share for each inhabitant or km² means something; of a percentage or a temperature it does not.
AMOUNTS = frozenset({"{count}", "{EUR}", "kW.h", "MW.h", "kW", "MW", "L", "m3", "t", "kg", "m2", "m", "km"})
NO_SHARE = Text(
    "Anteile, Mittelwerte und Urteile lassen sich nicht auf Köpfe oder Fläche umlegen.",
    "Shares, means and ratings cannot be spread over people or area.",
)
OTHER_VERSION = Text(
    "Fassung {found} der Definition statt {wanted}", "version {found} of the definition instead of {wanted}"
)
OTHER_UNIT = Text("gemessen in {found} statt in {wanted}", "measured in {found} instead of {wanted}")
OTHER_PERIOD = Text("gilt je {found} statt je {wanted}", "holds per {found} instead of per {wanted}")
OTHER_STEPS = Text("eine andere Skala", "another scale")
OTHER_METHOD = Text("anders ermittelt", "determined otherwise")
PERIODS = {"day": Text("Tag", "day"), "month": Text("Monat", "month"), "year": Text("Jahr", "year")}


class Told(msgspec.Struct, frozen=True):
    """What a city tells: who it is, its indicators, and the number of its entry; None for this city."""

    city: City
    indicators: tuple[Shared, ...]
    peer: int | None = None
    doubtful: bool = False


class Row(msgspec.Struct, frozen=True):
    """One city's value; None is unknown. Shares are per head and per km²."""

    told: Told
    shared: Shared
    value: Value | None
    per_head: Decimal | None
    per_km2: Decimal | None


class Apart(msgspec.Struct, frozen=True):
    """A city whose indicator of this name means something else, and why."""

    told: Told
    shared: Shared
    reason: Text


class Comparison(msgspec.Struct, frozen=True):
    """One indicator: cities that can be compared, and those that cannot; ``of_one_time``: the days agree."""

    shared: Shared
    rows: tuple[Row, ...]
    apart: tuple[Apart, ...]
    of_one_time: bool
    can_share: bool


def compare(tellers: Sequence[Told]) -> list[Comparison]:
    """Give every indicator that at least two cities have, those that can be compared first."""
    found: dict[str, list[tuple[Told, Shared]]] = defaultdict(list)
    for told in tellers:
        for shared in told.indicators:
            found[shared.slug].append((told, shared))
    several = [group for group in found.values() if len({id(told) for told, _ in group}) > 1]
    made = [_comparison(group) for group in several]
    return sorted(made, key=lambda one: (len(one.rows) < 2, one.shared.title.de))


def _comparison(group: list[tuple[Told, Shared]]) -> Comparison:
    meanings = [(told, shared, shared.meaning(told.city.name)) for told, shared in group]
    wanted = _reference(meanings)
    reference = next(shared for _, shared, meaning in meanings if meaning == wanted)
    same = [(told, shared) for told, shared, meaning in meanings if meaning == wanted]
    inside = {id(told) for told, _ in same}
    apart = [
        Apart(told, shared, _reason(shared, reference))
        for told, shared, _ in meanings
        if id(told) not in inside and shared.current
    ]
    days = _common_days(shared for _, shared in same)
    can_share = reference.unit in AMOUNTS and not reference.steps
    rows = [_row(told, shared, days, can_share=can_share) for told, shared in same]
    times = {(row.value.first, row.value.last) for row in rows if row.value is not None}
    return Comparison(reference, tuple(rows), tuple(apart), len(times) <= 1, can_share)


def _reference(meanings: Iterable[tuple[Told, Shared, str]]) -> str:
    """Choose the definition that most cities have; among equals our own newest, then the newest."""
    entries = list(meanings)
    counts = Counter(meaning for _, _, meaning in entries)
    best = max(entries, key=lambda one: (counts[one[2]], one[0].peer is None, one[1].current, one[1].version))
    return best[2]


def _reason(found: Shared, wanted: Shared) -> Text:
    if found.version != wanted.version:
        return OTHER_VERSION.filled(found=found.version, wanted=wanted.version)
    if found.unit != wanted.unit:
        return OTHER_UNIT.filled(found=found.unit, wanted=wanted.unit)
    if found.period != wanted.period:
        return OTHER_PERIOD.filled(found=PERIODS[found.period], wanted=PERIODS[wanted.period])
    return OTHER_STEPS if found.steps != wanted.steps else OTHER_METHOD


def _common_days(same: Iterable[Shared]) -> tuple[object, object] | None:
    """Give the newest days for which all that have values have one."""
    spans = [{(value.first, value.last) for value in shared.values} for shared in same if shared.values]
    common = set.intersection(*spans) if spans else set()
    return max(common, key=lambda span: span[1]) if common else None


def _row(told: Told, shared: Shared, days: tuple[object, object] | None, *, can_share: bool) -> Row:
    value = next((one for one in shared.values if (one.first, one.last) == days), None)
    if value is None and shared.values:
        value = max(shared.values, key=lambda one: one.last)
    if value is None or not can_share:
        return Row(told, shared, value, None, None)
    city = told.city
    return Row(told, shared, value, _share(value.value, city.inhabitants), _share(value.value, city.area))


def _share(value: Decimal, by: Figure | None) -> Decimal | None:
    """Divide, to four significant digits; None where the divisor is unknown."""
    if by is None or by.value <= 0:
        return None
    with localcontext(prec=4):
        return value / by.value
