"""How an indicator stands, as plain values: the path to its target, its status with reasons, its trend."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from allmende.kernel.text import Text

Direction = Literal["up", "down", "range", "none"]
State = Literal["reached", "on-track", "behind", "measured", "outdated", "unknown"]
Trend = Literal["better", "worse", "changing", "steady", "unknown"]
Rhythm = Literal["day", "week", "month", "quarter", "year", "five-years"]
Quality = Literal["provisional", "final", "corrected"]
Write = Callable[[Decimal], Text]
# A rhythm in days, and how long after its turn a value may still be missing.
RHYTHMS: dict[Rhythm, tuple[int, int]] = {
    "day": (1, 2),
    "week": (7, 7),
    "month": (31, 31),
    "quarter": (92, 62),
    "year": (366, 300),
    "five-years": (1827, 540),
}
TREND_LENGTH = 3


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The newest value: for which days, how good, and how many values it could not take in."""

    value: Decimal
    first: dt.date
    last: dt.date
    quality: Quality
    left_out: int = 0
    simulated: bool = False


class Point(msgspec.Struct, frozen=True):
    """Where an indicator is to be on a day: at a value, or between two."""

    day: dt.date
    low: Decimal
    high: Decimal


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """From the baseline over points in time to the target; between points in a straight line, or by steps."""

    direction: Direction
    points: tuple[Point, ...] = ()
    baseline: Point | None = None
    stepped: bool = False

    @property
    def whole(self) -> tuple[Point, ...]:
        """Give the baseline, where there is one, and the points after it."""
        start = () if self.baseline is None else (self.baseline,)
        return tuple(sorted((*start, *self.points), key=lambda point: point.day))

    @property
    def target(self) -> Point | None:
        """Give the last point."""
        return max(self.points, key=lambda point: point.day, default=None)

    def at(self, day: dt.date) -> Point | None:
        """Give where it is to be on a day; None before the path begins, after its end its last point."""
        before = [point for point in self.whole if point.day <= day]
        after = [point for point in self.whole if point.day > day]
        if not before:
            return None
        if not after or self.stepped:
            return Point(day, before[-1].low, before[-1].high)
        return _between(before[-1], after[0], day)


def _between(start: Point, end: Point, day: dt.date) -> Point:
    share = Decimal((day - start.day).days) / Decimal((end.day - start.day).days)
    return Point(day, start.low + share * (end.low - start.low), start.high + share * (end.high - start.high))


class Reason(msgspec.Struct, frozen=True):
    """One reason of a status, with the figures it speaks of."""

    code: str
    text: Text


class Status(msgspec.Struct, frozen=True):
    """How an indicator stands, why, and where it was to be on the day of its value."""

    state: State
    reasons: tuple[Reason, ...]
    expected: Point | None = None


ORDER: tuple[State, ...] = ("behind", "on-track", "reached")
NO_VALUE = Text(
    "Es gibt noch keinen Wert. Das ist nicht null, sondern unbekannt.",
    "There is no value yet. That is not zero, but unknown.",
)
OLD = Text(
    "Der neueste Wert gilt bis {last}; seit {due} sollte es einen neueren geben. Darum wird nicht geurteilt.",
    "The newest value holds until {last}; since {due} there should be a newer one. So no judgement is made.",
)
NO_TARGET = Text("Ein Ziel ist nicht veröffentlicht.", "No target is published.")
NOT_BEGUN = Text(
    "Das Ziel gilt erst ab {day}, und ein Ausgangswert ist nicht bekannt; bis dahin gibt es keinen Sollwert.",
    "The target holds from {day} only, and no baseline is known; until then there is no value to compare with.",
)
MET = Text(
    "{value} erfüllt das Ziel {target}, das bis {day} gilt.",
    "{value} meets the target {target}, which is due by {day}.",
)
AHEAD = Text(
    "{value} am {last}: mindestens so gut wie der Sollwert {expected}.",
    "{value} on {last}: at least as good as the planned {expected}.",
)
BEHIND = Text(
    "{value} am {last}: schlechter als der Sollwert {expected}.",
    "{value} on {last}: worse than the planned {expected}.",
)
MISSED = Text(
    "Die Frist {day} ist vorbei, das Ziel {target} ist nicht erreicht.",
    "The deadline {day} has passed, the target {target} is not reached.",
)
PROVISIONAL = Text(
    "Der Wert ist vorläufig und kann sich noch ändern.", "The value is provisional and may still change."
)
CORRECTED = Text("Der Wert wurde nachträglich berichtigt.", "The value was corrected afterwards.")
GAPS = Text("{count} Werte fehlten und wurden nicht geschätzt.", "{count} values were missing and were not guessed.")
SIMULATED = Text("Der Wert stammt aus simulierten Daten.", "The value comes from simulated data.")
NO_DIRECTION = Text(
    "Höher ist hier weder besser noch schlechter; darum wird nicht geurteilt.",
    "Higher is neither better nor worse here; so no judgement is made.",
)


REFUSED = Text("Am {day} wurde kein neuer Wert berechnet: {why}", "No new value was computed on {day}: {why}")
RUNNING = Text(
    "Der Zeitraum läuft noch bis {last}; geurteilt wird, wenn er um ist.",
    "The period runs until {last}; it is judged when it is over.",
)


def _reason(code: str, text: Text, **values: object) -> Reason:
    return Reason(code, text.filled(**values))


def figure(value: Decimal) -> Text:
    """Write a number without needless zeros, with a comma in German."""
    rounded = value.quantize(Decimal("0.01")) if value == value.quantize(Decimal("0.01")) else round(value, 2)
    plain = f"{rounded.normalize():f}"
    return Text(plain.replace(".", ",").replace("-", "−"), plain.replace("-", "−"))


def _days(day: dt.date) -> Text:
    return Text(f"{day.day}.{day.month}.{day.year}", f"{day.day} {day:%B %Y}")


def _goal(point: Point, write: Write) -> Text:
    low, high = write(point.low), write(point.high)
    return low if point.low == point.high else Text(f"{low.de} bis {high.de}", f"{low.en} to {high.en}")


def meets(value: Decimal, point: Point, direction: Direction) -> bool:
    """Tell whether a value is at least as good as a point."""
    if direction == "up":
        return value >= point.low
    if direction == "down":
        return value <= point.high
    return point.low <= value <= point.high


def cadence(period: Rhythm, rhythm: Rhythm) -> Rhythm:
    """Give how often a new value is due: a value of a year cannot come every month."""
    return max(period, rhythm, key=lambda one: RHYTHMS[one][0])


def overdue_since(last: dt.date, rhythm: Rhythm) -> dt.date:
    """Give the day from which a newer value should be there."""
    length, grace = RHYTHMS[rhythm]
    return last + dt.timedelta(days=length + grace)


def status(reading: Reading | None, path: Path, every: Rhythm, on: dt.date, write: Write = figure) -> Status:
    """Judge a value on a day; what cannot be judged is said so, with the reason.

    ``every`` tells how often a value is due, ``write`` puts a value into words.
    """
    if reading is None:
        return Status("unknown", (Reason("no-value", NO_VALUE),))
    notes = _notes(reading)
    due = overdue_since(reading.last, every)
    if on >= due:
        return Status("outdated", (_reason("old", OLD, last=_days(reading.last), due=_days(due)), *notes))
    if reading.last >= on:
        return Status("measured", (_reason("running", RUNNING, last=_days(reading.last)), *notes))
    state, reason, expected = _judged(reading, path, on, write)
    return Status(state, (reason, *notes), expected)


def _judged(reading: Reading, path: Path, on: dt.date, write: Write) -> tuple[State, Reason, Point | None]:
    target = path.target
    if target is None:
        return "measured", Reason("no-target", NO_TARGET), None
    if path.direction == "none":
        return "measured", Reason("no-direction", NO_DIRECTION), None
    value, goal, day = write(reading.value), _goal(target, write), reading.last
    expected = path.at(day)
    if meets(reading.value, target, path.direction):
        return "reached", _reason("met", MET, value=value, target=goal, day=_days(target.day)), expected
    if on > target.day and day >= target.day:
        return "behind", _reason("missed", MISSED, day=_days(target.day), target=goal), expected
    if expected is None:
        return "measured", _reason("not-begun", NOT_BEGUN, day=_days(target.day)), None
    good = meets(reading.value, expected, path.direction)
    code, text = ("ahead", AHEAD) if good else ("short", BEHIND)
    reason = _reason(code, text, value=value, last=_days(day), expected=_goal(expected, write))
    return ("on-track" if good else "behind"), reason, expected


def _notes(reading: Reading) -> tuple[Reason, ...]:
    notes = []
    if reading.quality == "provisional":
        notes.append(Reason("provisional", PROVISIONAL))
    if reading.quality == "corrected":
        notes.append(Reason("corrected", CORRECTED))
    if reading.left_out:
        notes.append(_reason("gaps", GAPS, count=reading.left_out))
    if reading.simulated:
        notes.append(Reason("simulated", SIMULATED))
    return tuple(notes)


def refused(judged: Status, why: Text, day: dt.date) -> Status:
    """Add to a status that the rules, or what else stood in the way, let no newer value be determined."""
    return msgspec.structs.replace(
        judged, reasons=(*judged.reasons, _reason("refused", REFUSED, day=_days(day), why=why))
    )


def trend(values: Sequence[Decimal], direction: Direction) -> Trend:
    """Tell where values of one definition lead, by the slope over the last ones; fewer than three tell nothing."""
    if len(values) < TREND_LENGTH:
        return "unknown"
    recent = values[-5:]
    middle = Decimal(len(recent) - 1) / 2
    slope = sum(((place - middle) * value for place, value in enumerate(recent)), Decimal(0))
    spread = max(recent) - min(recent)
    if not spread or abs(slope) * 4 < spread:
        return "steady"
    if direction not in ("up", "down"):
        return "changing"
    return "better" if (slope > 0) == (direction == "up") else "worse"


def due(last_run: dt.date | None, rhythm: Rhythm, today: dt.date) -> bool:
    """Tell whether an indicator is to be computed again: once in each day, week, month, quarter or year."""
    return last_run is None or _turn(last_run, rhythm) < _turn(today, rhythm)


def _turn(day: dt.date, rhythm: Rhythm) -> tuple[int, ...]:
    turns: dict[Rhythm, tuple[int, ...]] = {
        "day": (day.year, day.month, day.day),
        "week": tuple(day.isocalendar()[:2]),
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month - 1) // 3),
        "year": (day.year,),
        "five-years": (day.year,),
    }
    return turns[rhythm]


def next_quality(before: Quality | None, *, changed: bool, whole: bool) -> Quality:
    """Say how good a new value is: what was final and comes out otherwise is a correction."""
    if before in ("final", "corrected") and changed:
        return "corrected"
    return "final" if whole else "provisional"
