"""The tables in which bookings and plans come in and go out: their columns, and what is wrong with a row."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from allmende.kernel.clock import today
from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text
from allmende.money.reading import Sheet, cents_of, day_of
from allmende.money.rules import (
    ELIGIBLE_TOO_MUCH,
    FEDERAL_OUTSIDE,
    NO_REASON,
    OUTSIDE_PERIOD,
    OVER_CEILING,
    SHARES_DIFFER,
    Slot,
    Terms,
    booking_fault,
    plan_faults,
    same_bill,
    terms_on,
)
from allmende.money.workbook import CellFault

BOOKING_COLUMNS = (
    *("rechnung", "aussteller", "datum", "bezahlt", "betrag", "waehrung", "projekt", "kostenart", "jahr"),
    *("eigenmittel", "foerderfaehig", "grund", "festlegung", "text"),
)
OPTIONAL = {"bezahlt", "grund", "festlegung", "text"}
PLAN_COLUMNS = ("projekt", "kostenart", "jahr", "gesamt")
FAULT_COLUMNS = {
    ELIGIBLE_TOO_MUCH: "foerderfaehig",
    NO_REASON: "grund",
    OUTSIDE_PERIOD: "datum",
    OVER_CEILING: "foerderfaehig",
    SHARES_DIFFER: "gesamt",
    FEDERAL_OUTSIDE: "jahr",
}
LONGEST = {"rechnung": 50, "aussteller": 200, "grund": 300, "festlegung": 60, "text": 300}
FIRST_YEAR, LAST_YEAR = 2000, 2100
# Excel knows no whole numbers: 2026 is read as 2026.0.
YEAR = re.compile(r"([0-9]{4})(\.0)?")
Said = Callable[[int, str, Text], None]


class BookingRow(msgspec.Struct, frozen=True, array_like=True):
    """A booking as a table brings it."""

    row: int
    number: str
    supplier: str
    day: dt.date
    paid: dt.date | None
    cents: int
    project: str
    cost_type: str
    year: int
    own_source: str
    eligible: int
    reason: str
    commitment: str
    text: str

    @property
    def bill(self) -> str:
        """Give by what the invoice is recognised."""
        return same_bill(self.supplier, self.number)


class PlanRow(msgspec.Struct, frozen=True, array_like=True):
    """A plan position as a table brings it."""

    row: int
    slot: Slot
    total: int
    shares: dict[str, int]


class Known(msgspec.Struct, frozen=True):
    """What the rows are held against: names, terms, what is booked, which invoices are there."""

    projects: Collection[str]
    cost_types: Collection[str]
    own_sources: Collection[str]
    federal: frozenset[str]
    public: frozenset[str]
    terms: tuple[Terms, ...]
    eligible: Mapping[int, int]
    titles: Mapping[int, Text]
    contracts: Collection[str]


class _Saying:
    """Collects what is wrong, by cell."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.faults: list[CellFault] = list(sheet.faults)

    def __call__(self, row: int, column: str, reason: Text) -> None:
        self.faults.append(CellFault(self.sheet.cell(row, column), reason))


def missing_columns(sheet: Sheet, wanted: Iterable[str]) -> list[CellFault]:
    """Name the columns that a table lacks, and those that nobody knows."""
    wanted = list(wanted)
    gone = [name for name in wanted if name not in sheet.columns and name not in OPTIONAL]
    odd = [name for name in sheet.columns if name and name not in wanted]
    faults = [CellFault("1", Text(f"Die Spalte „{name}“ fehlt.", f"The column “{name}” is missing.")) for name in gone]
    return faults + [
        CellFault("1", Text(f"Die Spalte „{name}“ ist unbekannt.", f"The column “{name}” is unknown.")) for name in odd
    ]


def _taken(say: _Saying, row: int, column: str, value: Any) -> Any:
    """Give a value, or note what is wrong with it and give None."""
    if isinstance(value, Text):
        say(row, column, value)
        return None
    return value


def _text(say: _Saying, row: int, column: str, value: Any) -> str | None:
    text = "" if value is None else " ".join(str(value).split())
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    if not text and column not in OPTIONAL:
        say(row, column, Text("Hier fehlt etwas.", "Something is missing here."))
        return None
    if not text.isprintable():
        say(row, column, Text("Hier steht ein unsichtbares Zeichen.", "Here is an invisible character."))
        return None
    if len(text) > LONGEST.get(column, 200):
        say(row, column, Text("Der Text ist zu lang.", "The text is too long."))
        return None
    return text


def _year(say: _Saying, row: int, value: Any, *, excel: bool) -> int | None:
    if isinstance(value, str) and excel and value.isdigit():
        say(row, "jahr", Text("Die Zahl steht als Text.", "The number stands as text."))
        return None
    found = YEAR.fullmatch(str(value))
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        say(row, "jahr", Text("Das ist kein Jahr.", "This is no year."))
        return None
    return int(found[1])


def read_bookings(sheet: Sheet) -> tuple[list[BookingRow], list[CellFault]]:
    """Read the rows of a table of bookings."""
    faults = missing_columns(sheet, BOOKING_COLUMNS)
    if faults:
        return [], [*sheet.faults, *faults]
    say, found = _Saying(sheet), []
    for row, values in sheet.rows:
        one = _booking(say, row, values, excel=sheet.excel)
        if one is not None:
            found.append(one)
    return found, say.faults


def _booking(say: _Saying, row: int, values: dict[str, Any], *, excel: bool) -> BookingRow | None:
    texts = [
        _text(say, row, name, values.get(name))
        for name in (
            *("rechnung", "aussteller", "projekt", "kostenart", "eigenmittel"),
            *("grund", "festlegung", "text"),
        )
    ]
    cents = _taken(say, row, "betrag", cents_of(values["betrag"], excel=excel))
    eligible = _taken(say, row, "foerderfaehig", cents_of(values["foerderfaehig"], excel=excel))
    day = _taken(say, row, "datum", day_of(values["datum"], excel=excel))
    given = values.get("bezahlt")
    paid = None if given in (None, "") else _taken(say, row, "bezahlt", day_of(given, excel=excel))
    year = _year(say, row, values["jahr"], excel=excel)
    if str(values["waehrung"] or "").upper() not in ("EUR", "€"):
        say(row, "waehrung", Text("Nur EUR wird gebucht.", "Only EUR is booked."))
    if cents == 0:
        say(row, "betrag", Text("Null wird nicht gebucht.", "Zero is not booked."))
    unread = None in (cents, eligible, day, *texts)
    if year is None or unread or (paid is None and given not in (None, "")):
        return None
    number, supplier, project, cost_type, own, reason, commitment, text = (str(one) for one in texts)
    return BookingRow(
        row, number, supplier, day, paid, cents, project, cost_type, year, own, eligible, reason, commitment, text
    )


def judge_bookings(rows: Sequence[BookingRow], known: Known, there: Collection[str], sheet: Sheet) -> list[CellFault]:
    """Hold bookings against names, funding rules and what is booked already."""
    say = _Saying(sheet)
    say.faults = []
    seen: dict[tuple[str, ...], int] = {}
    days: dict[str, dt.date] = {}
    eligible: dict[int, int] = defaultdict(int, known.eligible)
    for one in rows:
        _names(say, one, known)
        _dates(say, one, days)
        key = (one.bill, one.project, one.cost_type, str(one.year))
        if one.bill in there:
            say(one.row, "rechnung", Text("Diese Rechnung ist schon gebucht.", "This invoice is booked already."))
        elif key in seen:
            say(one.row, "rechnung", Text(f"Doppelt: wie Zeile {seen[key]}.", f"Double: as row {seen[key]}."))
        seen.setdefault(key, one.row)
        fault = booking_fault(one.cents, one.eligible, one.reason, one.day, known.terms)
        if fault is not None:
            say(one.row, FAULT_COLUMNS.get(fault[0], "betrag"), fault[0].what.filled(**fault[1]))
        else:
            _room(say, one, known, eligible)
    return say.faults


def _names(say: _Saying, one: BookingRow, known: Known) -> None:
    for column, name, names in (
        ("projekt", one.project, known.projects),
        ("kostenart", one.cost_type, known.cost_types),
        ("eigenmittel", one.own_source, known.own_sources),
    ):
        if name not in names:
            say(one.row, column, Text(f"„{name}“ gibt es nicht.", f"There is no “{name}”."))
    if one.commitment and one.commitment not in known.contracts:
        said = f"Die Festlegung „{one.commitment}“ gibt es nicht.", f"There is no commitment “{one.commitment}”."
        say(one.row, "festlegung", Text(*said))


def _dates(say: _Saying, one: BookingRow, days: dict[str, dt.date]) -> None:
    future = Text("Der Tag liegt in der Zukunft.", "The day lies in the future.")
    for column, day in (("datum", one.day), ("bezahlt", one.paid)):
        if day is not None and day > today():
            say(one.row, column, future)
    if days.setdefault(one.bill, one.day) != one.day:
        say(one.row, "datum", Text("Dieselbe Rechnung steht mit anderem Tag.", "The same invoice has another day."))


def _room(say: _Saying, one: BookingRow, known: Known, eligible: dict[int, int]) -> None:
    terms = terms_on(known.terms, one.day) if one.eligible else None
    if terms is None:
        return
    eligible[terms.award] += one.eligible
    beyond = eligible[terms.award] - terms.most_eligible
    if beyond > 0:
        said = OVER_CEILING.what.filled(cents=beyond, award=known.titles[terms.award])
        say(one.row, "foerderfaehig", said)


def read_plan(sheet: Sheet, sources: Sequence[str]) -> tuple[list[PlanRow], list[CellFault]]:
    """Read the rows of a table of plan positions: one column for each funding source."""
    faults = missing_columns(sheet, (*PLAN_COLUMNS, *sources))
    if faults:
        return [], [*sheet.faults, *faults]
    say, found = _Saying(sheet), []
    for row, values in sheet.rows:
        names = [_text(say, row, name, values[name]) for name in ("projekt", "kostenart")]
        year = _year(say, row, values["jahr"], excel=sheet.excel)
        amounts = {
            name: _taken(say, row, name, cents_of(_zero(values[name]), excel=sheet.excel))
            for name in ("gesamt", *sources)
        }
        if year is not None and None not in names and None not in amounts.values():
            total = amounts.pop("gesamt")
            found.append(PlanRow(row, Slot(str(names[0]), str(names[1]), year), total, amounts))
    return found, say.faults


def _zero(value: Any) -> Any:
    return 0.0 if value is None or value == "" else value


def judge_plan(rows: Sequence[PlanRow], known: Known, sheet: Sheet) -> list[CellFault]:
    """Hold plan positions against names and funding rules; shares must add up to the cent."""
    say = _Saying(sheet)
    say.faults = []
    seen: dict[Slot, int] = {}
    for one in rows:
        for column, name, names in (
            ("projekt", one.slot.project, known.projects),
            ("kostenart", one.slot.cost_type, known.cost_types),
        ):
            if name not in names:
                say(one.row, column, Text(f"„{name}“ gibt es nicht.", f"There is no “{name}”."))
        if one.slot in seen:
            say(one.row, "projekt", Text(f"Doppelt: wie Zeile {seen[one.slot]}.", f"Double: as row {seen[one.slot]}."))
        seen.setdefault(one.slot, one.row)
        given = sum(one.shares.values())
        if given != one.total:
            say(one.row, "gesamt", SHARES_DIFFER.what.filled(shares=given, total=one.total))
    slots = {one.slot: one.shares for one in rows}
    for fault in plan_faults(slots, federal=set(known.federal), public=set(known.public), terms=known.terms):
        place = (seen[fault.slot], FAULT_COLUMNS.get(fault.code, "gesamt")) if fault.slot else None
        said = _said(fault.code, fault.params)
        if place:
            say(*place, said)
        else:
            say.faults.append(CellFault("", said))
    return say.faults


def _said(code: ErrorCode, params: dict[str, object]) -> Text:
    return code.what.filled(**params)
