"""What the tests go by: defaults by observed property, and what was set for a datastream in their place."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

PROPERTY, OTHERS = "quality", "default"
TESTS = ("gap", "range", "climatology", "spike", "rate", "flat", "neighbour")
NAMES: dict[str, Text] = {
    "gap": Text("Lücke davor", "Gap before it"),
    "range": Text("Außerhalb des Bereichs", "Outside the range"),
    "climatology": Text("Ungewöhnlich für die Jahreszeit", "Unusual for the season"),
    "spike": Text("Ausreißer", "Spike"),
    "rate": Text("Zu schnelle Änderung", "Change too fast"),
    "flat": Text("Bleibt stehen", "Does not move"),
    "neighbour": Text("Anders als die Nachbarn", "Unlike its neighbours"),
}
LEVELS: dict[str, Text] = {
    "good": Text("gut", "good"),
    "suspect": Text("zweifelhaft", "suspect"),
    "bad": Text("schlecht", "bad"),
    "missing": Text("fehlt", "missing"),
    "unchecked": Text("nicht beanstandet", "no objection"),
}
UNFIT = ErrorCode(
    "quality.unfit",
    Text("Prüfgrenzen, Feld {field}: {reason}", "Thresholds, field {field}: {reason}"),
    Text(
        "Berichtigen Sie die Eigenschaft „quality“ der Messreihe.", "Correct the property “quality” of the datastream."
    ),
)
Span = tuple[float, float]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part that knows its fields alone."""


class Gap(_Strict, frozen=True):
    """A value is behind a gap when more than so many intervals lie before it."""

    intervals: float


class Range(_Strict, frozen=True):
    """Outside ``suspect`` a value is suspect, outside ``fail`` bad."""

    suspect: Span
    fail: Span


class Season(_Strict, frozen=True):
    """In these months a value outside the span is suspect."""

    months: tuple[int, ...]
    span: Span


class Limit(_Strict, frozen=True):
    """Above ``suspect`` suspect, above ``fail`` bad."""

    suspect: float
    fail: float


class Flat(_Strict, frozen=True):
    """For how long a value may move less than ``tolerance``."""

    suspect_seconds: int
    fail_seconds: int
    tolerance: float


class Neighbour(_Strict, frozen=True):
    """How far a value may lie from the median of at least so many stations near by, at about the same time."""

    difference: float
    kilometres: float
    seconds: int
    stations: int


class Thresholds(_Strict, frozen=True):
    """What the tests of one datastream go by; a test without is not run."""

    unit: str = ""
    gap: Gap | None = None
    range: Range | None = None
    climatology: tuple[Season, ...] = ()
    spike: Limit | None = None
    rate: Limit | None = None
    flat: Flat | None = None
    neighbour: Neighbour | None = None

    @property
    def context(self) -> int:
        """Give how far around a value others count for it, in seconds."""
        flat = self.flat.fail_seconds if self.flat else 0
        near = self.neighbour.seconds if self.neighbour else 0
        return max(flat, near, 3_600)


@cache
def defaults() -> dict[str, Thresholds]:
    """Give the defaults by observed property."""
    tree = yaml.safe_load((Path(__file__).parent / "defaults.yaml").read_text(encoding="utf-8"))
    return {name: _read(part) for name, part in tree.items()}


def default_of(observed: str, unit: str) -> Thresholds:
    """Give the defaults of an observed property; in another unit only what needs none."""
    found = defaults().get(observed)
    return found if found is not None and found.unit == unit else defaults()[OTHERS]


def thresholds_of(properties: Mapping[str, Any], unit: str) -> Thresholds:
    """Give what the tests of a datastream go by; raise ``quality.unfit`` where what was set for it cannot be read."""
    base = default_of(str(properties.get("observed", "")), unit)
    own = properties.get(PROPERTY)
    if own is None:
        return base
    if not isinstance(own, dict):
        raise Invalid(UNFIT, field=PROPERTY, reason=Text("kein Objekt", "no object"))
    tree = {name: part for name, part in msgspec.to_builtins(base).items() if name in TESTS}
    # A change of properties over HTTP cannot hold null (RFC 7396), so false says that a test is not to run.
    return _read({name: part for name, part in {**tree, **own}.items() if part not in (None, False)})


def _read(tree: Any) -> Thresholds:
    try:
        found = msgspec.convert(tree, Thresholds)
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `")
        raise Invalid(UNFIT, field=field.rstrip("`") or "$", reason=reason) from error
    for field in _faults(found):
        what = Text("Die Grenzen passen nicht zueinander", "the limits do not fit each other")
        raise Invalid(UNFIT, field=field, reason=what)
    return found


def _faults(one: Thresholds) -> list[str]:
    """Name the tests whose limits cannot be: what is bad has to be suspect as well."""
    faults = []
    if one.gap is not None and one.gap.intervals <= 1:
        faults.append("gap")
    if one.range is not None and not _is_range(one.range):
        faults.append("range")
    if any(s.span[0] > s.span[1] or not s.months or not set(s.months) <= set(range(1, 13)) for s in one.climatology):
        faults.append("climatology")
    faults += [name for name in ("spike", "rate") if not _is_limit(getattr(one, name))]
    if one.flat is not None and not (0 < one.flat.suspect_seconds <= one.flat.fail_seconds and one.flat.tolerance > 0):
        faults.append("flat")
    if one.neighbour is not None and (one.neighbour.difference <= 0 or one.neighbour.stations < 1):
        faults.append("neighbour")
    return faults


def _is_range(one: Range) -> bool:
    return one.fail[0] <= one.suspect[0] <= one.suspect[1] <= one.fail[1]


def _is_limit(one: Limit | None) -> bool:
    return one is None or 0 < one.suspect <= one.fail
