"""Constants of an expression: texts, numbers, times and geometries."""

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal

from allmende.apis.sensorthings.lex import Source, Word
from allmende.gate.query import Constant, Duration, Expression, Interval, Shape, TimeOfDay
from allmende.kernel.clock import DAY_MICROSECONDS, UTC, micros_from_instant

SECOND, MOST_DIGITS = 1_000_000, 30
# Ten thousand years: no two instants lie farther apart.
LONGEST_DURATION = 3_660_000 * DAY_MICROSECONDS
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?P<clock>T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,9})?)S)?)?"
)
_LENGTHS = {"weeks": 7 * 86_400, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def literal(source: Source, word: Word) -> Expression:
    """Read a word that is a constant."""
    return _READERS[word.kind](source, word, word.text)


def _text(_source: Source, _word: Word, text: str) -> Constant:
    return Constant(text[1:-1].replace("''", "'"))


def _number(source: Source, word: Word, text: str) -> Constant:
    if len(text) < MOST_DIGITS and text.lstrip("+-").isdigit() and abs(int(text)) < 1 << 63:
        return Constant(int(text))
    number = float(text)
    if not math.isfinite(number):
        raise source.fault(word.place, "die Zahl ist zu groß", "the number is too large")
    return Constant(number)


def _micros(source: Source, word: Word, text: str) -> int:
    try:
        instant = dt.datetime.fromisoformat(text.upper())
        return micros_from_instant(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise source.fault(word.place, f"„{text[:40]}“ ist kein Zeitpunkt", f"“{text[:40]}” is no instant") from error


def _instant(source: Source, word: Word, text: str) -> Constant:
    return Constant(_micros(source, word, text), is_instant=True)


def _interval(source: Source, word: Word, text: str) -> Constant | Interval:
    first, _, second = text.partition("/")
    start = _micros(source, word, first)
    end = start + duration(source, word, second).micros if second[0] == "P" else _micros(source, word, second)
    if end < start:
        raise source.fault(word.place, "das Ende liegt vor dem Anfang", "the end lies before the start")
    return Interval(start, end) if end > start else Constant(start, is_instant=True)


def duration(source: Source, word: Word, text: str) -> Duration:
    """Read an ISO 8601 duration of weeks, days and parts of them; months and years have no fixed length."""
    match = _DURATION.fullmatch(text)
    parts = {name: Decimal(match[name]) for name in _LENGTHS if match[name]} if match else {}
    if match is None or not parts or match["clock"] == "T":
        shown = text[:40]
        raise source.fault(
            word.place,
            f"„{shown}“ ist keine Dauer aus Wochen, Tagen, Stunden, Minuten und Sekunden",
            f"“{shown}” is no duration of weeks, days, hours, minutes and seconds",
        )
    micros = int(sum(value * _LENGTHS[name] * SECOND for name, value in parts.items()))
    if micros > LONGEST_DURATION:
        raise source.fault(word.place, "die Dauer ist zu lang", "the duration is too long")
    return Duration(-micros if match["sign"] == "-" else micros)


def _time(source: Source, word: Word, text: str) -> TimeOfDay:
    try:
        time = dt.time.fromisoformat(text)
    except ValueError as error:
        raise source.fault(
            word.place, f"„{text[:40]}“ ist keine Uhrzeit", f"“{text[:40]}” is no time of day"
        ) from error
    return TimeOfDay((time.hour * 3600 + time.minute * 60 + time.second) * SECOND + time.microsecond)


def _typed(source: Source, word: Word, text: str) -> Expression:
    name, _, rest = text.partition("'")
    read = _TYPED.get(name)
    if read is None:
        known = ", ".join(_TYPED)
        raise source.fault(
            word.place,
            f"die Art „{name[:30]}“ gibt es nicht (möglich: {known})",
            f"there is no kind “{name[:30]}” (possible: {known})",
        )
    return read(source, word, rest[:-1].replace("''", "'"))


_Read = Callable[[Source, Word, str], Expression]
_TYPED: dict[str, _Read] = {
    "geography": lambda _source, _word, text: Shape(text),
    "geometry": lambda _source, _word, text: Shape(text),
    "duration": duration,
    "datetime": _instant,
    "datetimeoffset": _instant,
    "date": _instant,
    "time": _time,
}
_READERS: dict[str, _Read] = {
    "text": _text,
    "number": _number,
    "instant": _instant,
    "interval": _interval,
    "time": _time,
    "typed": _typed,
}
LITERALS = frozenset(_READERS)
