"""Writing a lake: anew, or only the months that have changed.

New files are written beside the old ones, then the manifest is put in place, then what it does not name is removed.
Whatever fails before leaves the lake as it was; the next run removes what lies about.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from allmende.gate.door import Ask, Gate, Grant
from allmende.gate.ledger import Ledger
from allmende.gate.runs import Points, runs
from allmende.gate.stamps import Held, Months, begin_of, month_of, months
from allmende.kernel.clock import DAY_MICROSECONDS, iso_from_micros, micros_from_instant
from allmende.kernel.errors import Busy, Conflict, Denied, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.lake import form
from allmende.lake.content import Content, Series, gather
from allmende.lake.form import File, Manifest, Part
from allmende.lake.month import MonthFile
from allmende.lake.place import Place
from allmende.ledger.files import CHECKPOINT as LOG_CHECKPOINT

Advance = Callable[[int, int], None]
GUIDE = Path(__file__).with_name("guide.md")

OTHER_LAKE = ErrorCode(
    "lake.other",
    Text(
        "In {place} liegt ein See von {city} für „{purpose}“ an „{recipient}“.",
        "In {place} is a lake of {city} for “{purpose}” to “{recipient}”.",
    ),
    Text("Nennen Sie einen anderen Ort.", "Name another place."),
)
MOVED = ErrorCode(
    "lake.rules_changed",
    Text("Die Regeln haben sich geändert, während geschrieben wurde.", "The rules changed while it was written."),
    Text("Rufen Sie den Befehl noch einmal auf.", "Run the command again."),
)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written: whose lake, for which request, up to which day (UTC, not included)."""

    city: str
    address: str
    ask: Ask
    until: dt.datetime
    anew: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: months written and kept, files removed; ``refusal`` is why a lake was emptied."""

    manifest: Manifest
    written: int
    kept: int
    removed: int
    refusal: Denied | None = None


def write_lake(gate: Gate, place: Place, order: Order, advance: Advance) -> Outcome:
    """Bring a lake to the present state; where nothing is permitted any more, empty the one that is there."""
    old = _own(place, order)
    refusal: Denied | None = None
    grant: Grant | None = None
    try:
        grant = gate.grant(order.ask)
    except Denied as error:
        if old is None:
            raise
        refusal = error
    versions = gate.versions()
    content = gather(gate, order.ask, grant)
    found = months(gate, {series.number for series in content.series})
    work = _Work(gate, place, order, content, found)
    observations = work.parts(None if order.anew else old, advance)
    if gate.versions() != versions:
        raise Busy(MOVED)
    manifest = _manifest(place, order, content, versions, observations)
    place.write(form.README, GUIDE.read_bytes())
    place.write(form.CHECKPOINT, Ledger(gate).read(LOG_CHECKPOINT) or b"")
    place.write(form.MANIFEST, form.canonical(manifest))
    removed = sweep(place, manifest)
    kept = len(observations) - work.written
    return Outcome(manifest=manifest, written=work.written, kept=kept, removed=removed, refusal=refusal)


def _manifest(
    place: Place, order: Order, content: Content, versions: tuple[int, int], observations: tuple[Part, ...]
) -> Manifest:
    """Put the tables in place, and name all that is there."""
    return Manifest(
        city=order.city,
        address=order.address,
        verb=order.ask.verb,
        purpose=order.ask.purpose,
        recipient=order.ask.recipient,
        rulebook=versions[0],
        sheets=versions[1],
        until=iso_from_micros(micros_from_instant(order.until)),
        licences=content.licences,
        streams=_put(place, "streams", content.streams, "parquet"),
        things=_put(place, "things", content.things, "parquet"),
        rules=_put(place, "rules", content.rules, "json"),
        observations=observations,
    )


def sweep(place: Place, manifest: Manifest) -> int:
    """Remove what does not belong to the lake; give how many files."""
    wanted = {file.path for file in manifest.files}
    stray = [path for path in place.sizes() if path not in wanted]
    for path in stray:
        place.remove(path)
    return len(stray)


def _own(place: Place, order: Order) -> Manifest | None:
    """Give the manifest of the lake that is there; refuse a lake of others, or for others."""
    raw = place.read(form.MANIFEST)
    if raw is None:
        return None
    try:
        old = form.read_manifest(raw, place.address)
    except Invalid as error:
        if order.anew and error.code is form.BAD_MANIFEST:
            return None
        raise
    ask = order.ask
    if (old.city, old.verb, old.purpose, old.recipient) != (order.city, ask.verb, ask.purpose, ask.recipient):
        raise Conflict(OTHER_LAKE, place=place.address, city=old.city, purpose=old.purpose, recipient=old.recipient)
    return old


def _put(place: Place, folder: str, raw: bytes, ending: str) -> File:
    file = form.named(folder, raw, ending)
    place.write(file.path, raw)
    return file


class _Work:
    """The months of one run."""

    def __init__(self, gate: Gate, place: Place, order: Order, content: Content, found: Months) -> None:
        self.gate, self.place, self.content, self.found = gate, place, content, found
        self.until = micros_from_instant(order.until)
        self.written = 0
        self._done = 0

    def parts(self, old: Manifest | None, advance: Advance) -> tuple[Part, ...]:
        """Write what has changed; give all parts in order of category and month."""
        known = {} if old is None else {(part.category, part.month): part for part in old.observations}
        wanted = list(self._wanted())
        total = sum(len(series) for _, _, _, series in wanted) or 1
        parts: list[Part] = []
        for category, month, stamp, series in wanted:
            part = known.get((category, _name(month)))
            if part is None or part.stamp != stamp:
                part = self._write(category, month, stamp, series, lambda: advance(self._done, total))
            else:
                self._done += len(series)
            parts += [part] if part else []
            advance(self._done, total)
        return tuple(parts)

    def _wanted(self) -> Iterator[tuple[str, int, str, list[Series]]]:
        """Name category, month, stamp and datastreams of each file."""
        grant = self.content.grant
        for category in sorted(grant.categories) if grant else ():
            mine = [series for series in self.content.series if series.category == category]
            for month in self._months(category):
                series = [one for one in mine if self._held(one, month)]
                end = self._end(category, month)
                if series and end > begin_of(month):
                    yield category, month, self._stamp(category, month, end, series), series

    def _end(self, category: str, month: int) -> int:
        """Give where a month ends that may be told of so far: whole days, and not what a rule still delays."""
        told = self.until - self._delay(category)
        return min(begin_of(month + 1), told - told % DAY_MICROSECONDS)

    def _delay(self, category: str) -> int:
        return self.content.grant.limits[category].delay if self.content.grant else 0

    def _reach(self, category: str, month: int) -> range:
        """Name the months of whose observations rows are made that begin in a month: cells of a grid may lie across."""
        grid = self.content.grant.limits[category].time_grid if self.content.grant else 0
        beyond = grid if grid and DAY_MICROSECONDS % grid else 1
        return range(month, month_of(begin_of(month + 1) + beyond - 1) + (beyond > 1))

    def _months(self, category: str) -> list[int]:
        first = min(self.found, default=0)
        before = len(self._reach(category, first)) - 1
        return sorted({month - back for month in self.found for back in range(before + 1)})

    def _held(self, one: Series, month: int) -> list[Held]:
        found = (self.found.get(near, {}).get(one.number) for near in self._reach(one.category, month))
        return [held for held in found if held]

    def _stamp(self, category: str, month: int, end: int, series: list[Series]) -> str:
        grant, delay = self.content.grant, self._delay(category)
        held = [(one.number, self._held(one, month)) for one in series]
        # What lasts beyond the end is told only when its own end may be.
        last = max(kept.until for _, several in held for kept in several)
        told = min(last, self.until - delay) if delay else 0
        seen = [(number, [kept.digest for kept in several]) for number, several in held]
        duties = grant.categories[category] if grant else None
        return hashlib.sha256(form.canonical([form.VERSION, duties, end, told, seen])).hexdigest()[:32]

    def _runs(self, one: Series, month: int) -> Iterator[Points]:
        """Give what begins in a month, also what lasts beyond its end.

        Each category is an answer of its own: what may not be linked never lies in one file.
        """
        grant, begin, end = self.content.grant, begin_of(month), self._end(one.category, month)
        if grant is None:
            return
        last = max(held.until for held in self._held(one, month))
        until = max(end, last) + grant.limits[one.category].time_grid
        with self.gate.view():
            for points in runs(self.gate, grant, one.number, multi=one.multi, since=begin, until=until):
                yield points.between(begin, end)

    def _write(
        self, category: str, month: int, stamp: str, series: list[Series], step: Callable[[], None]
    ) -> Part | None:
        with self.place.scratch() as scratch:
            path = scratch / "month.parquet"
            with MonthFile(path) as file:
                for one in series:
                    file.add(one.number, self._runs(one, month))
                    self._done += 1
                    step()
            if not file.rows:
                return None
            digest = form.digest_of(path)
            name = f"observations/category={category}/month={_name(month)}/{digest[:16]}.parquet"
            size = path.stat().st_size
            self.place.put(name, path)
        self.written += 1
        return Part(
            path=name,
            bytes=size,
            sha256=digest,
            category=category,
            month=_name(month),
            rows=file.rows,
            stamp=stamp,
        )


def _name(month: int) -> str:
    return f"{1970 + month // 12}-{month % 12 + 1:02}"
