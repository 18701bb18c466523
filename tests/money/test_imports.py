"""Tables that come in: each fault has its cell, nothing is half taken over, what goes out comes in again."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict
from allmende.money import queries
from allmende.money.models import Booking, ImportRun, Invoice
from allmende.money.services import bookings, imports, plans
from allmende.money.tables import BOOKING_COLUMNS
from tests.money.conftest import browser, person

pytestmark = pytest.mark.usefixtures("musterstadt")
DAY = dt.date(2026, 10, 5)
GOOD: dict[str, Any] = {
    **{"rechnung": "N1", "aussteller": "Werk", "datum": DAY, "bezahlt": DAY, "betrag": 1200.5, "waehrung": "EUR"},
    **{"projekt": "licht", "kostenart": "auftraege", "jahr": 2026, "eigenmittel": "stadt", "foerderfaehig": 1200.5},
    **{"grund": None, "festlegung": None, "text": "Mast"},
}


def book(rows: list[dict[str, Any]], change: Callable[[Any, Any], None] | None = None) -> bytes:
    """Write an Excel file."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(list(BOOKING_COLUMNS))
    for row in rows:
        sheet.append([row[name] for name in BOOKING_COLUMNS])
    if change is not None:
        change(made, sheet)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def check(content: bytes, name: str = "b.xlsx") -> ImportRun:
    """Check a file."""
    return imports.check_file(person("anna"), kind="bookings", name=name, content=content)


def faults(content: bytes, name: str = "b.xlsx") -> list[tuple[str, str]]:
    """Give cells and English reasons of what is wrong in a file, which must leave no booking behind."""
    before = (Booking.objects.count(), Invoice.objects.count())
    run = check(content, name)
    if run.faults:
        with pytest.raises(Conflict):
            imports.apply_run(person("anna"), number=run.pk)
    assert (Booking.objects.count(), Invoice.objects.count()) == before
    return [(fault[0], fault[2]) for fault in run.faults]


def test_a_good_file_changes_nothing_until_it_is_taken_over() -> None:
    rows = [GOOD, {**GOOD, "kostenart": "personal", "betrag": 99.99, "foerderfaehig": 0, "grund": "Bewirtung"}]
    before = Booking.objects.count()
    run = check(book(rows))
    assert (run.faults, run.count, Booking.objects.count()) == ([], 2, before)
    imports.apply_run(person("anna"), number=run.pk)
    bill = Invoice.objects.get(supplier="Werk", number="N1")
    assert (bill.cents, bill.bookings.count(), bill.known_since) == (1300_49, 2, today())
    with pytest.raises(Conflict):
        imports.apply_run(person("anna"), number=run.pk)
    assert faults(book([GOOD])) == [("A2", "This invoice is booked already.")]


@pytest.mark.parametrize(
    ("column", "value", "cell", "words"),
    [
        ("betrag", "1200.50", "E2", "as text"),
        ("betrag", "1.200,50", "E2", "decimal comma"),
        ("betrag", -5, "E2", "Negative"),
        ("betrag", 1.005, "E2", "two digits"),
        ("betrag", None, "E2", "missing"),
        ("betrag", "=2*600", "E2", "formula"),
        ("waehrung", "CHF", "F2", "Only EUR"),
        ("datum", "05.10.2026", "C2", "No date"),
        ("datum", dt.date(2020, 1, 1), "C2", "no grant period"),
        ("datum", dt.date(2100, 1, 1), "C2", "future"),
        ("projekt", "nirgends", "G2", "There is no"),
        ("kostenart", "gold", "H2", "There is no"),
        ("jahr", "2026", "I2", "as text"),
        ("jahr", 12, "I2", "no year"),
        ("eigenmittel", "bund", "J2", "There is no"),
        ("foerderfaehig", 1200.51, "K2", "More is eligible"),
        ("foerderfaehig", 1, "L2", "reason is missing"),
        ("aussteller", None, "B2", "missing"),
        ("jahr", 2026.5, "I2", "no year"),
        ("jahr", dt.date(2026, 1, 1), "I2", "no year"),
        ("festlegung", "V-9999", "M2", "no commitment"),
        ("text", "a\u200bb", "N2", "invisible"),
    ],
)
def test_a_bad_cell_is_named_with_its_reason(column: str, value: Any, cell: str, words: str) -> None:
    found = faults(book([{**GOOD, column: value}]))
    assert any(place == cell and words in reason for place, reason in found), found


def test_one_bad_row_keeps_all_others_out() -> None:
    rows = [{**GOOD, "rechnung": f"N{number}"} for number in range(20)]
    assert faults(book([*rows, {**GOOD, "waehrung": "USD"}]))[0][0] == "F22"


def test_what_a_reader_does_not_see_is_refused() -> None:
    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_cells("G2:H2")

    def hide(_book: Any, sheet: Any) -> None:
        sheet.row_dimensions[2].hidden = True

    def hide_column(_book: Any, sheet: Any) -> None:
        sheet.column_dimensions["E"].hidden = True

    def count_from_1904(made: Any, _sheet: Any) -> None:
        made.epoch = CALENDAR_MAC_1904

    def second_sheet(made: Any, _sheet: Any) -> None:
        made.create_sheet("Mehr")

    for change, cell, words in (
        (merge, "G2:H2", "merged"),
        (hide, "2", "row is hidden"),
        (hide_column, "E", "column is hidden"),
        (count_from_1904, "", "1904"),
        (second_sheet, "", "2 sheets"),
    ):
        found = faults(book([GOOD], change))
        assert any(place == cell and words in reason for place, reason in found), (words, found)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b'<row r="2"', b'<row r="2" ht="0" customHeight="1"', ("2", "The row is hidden.")),
        (b"<sheetData>", b'<cols><col min="5" max="5" width="0"/></cols><sheetData>', ("E", "The column is hidden.")),
    ],
)
def test_a_row_without_height_is_hidden_too(old: bytes, new: bytes, fault: tuple[str, str]) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book([GOOD]))) as given, zipfile.ZipFile(made, "w") as changed:
        for name in given.namelist():
            changed.writestr(name, given.read(name).replace(old, new) if "sheet1" in name else given.read(name))
    assert fault in faults(made.getvalue())


def test_the_same_invoice_twice_and_more_than_the_ceiling() -> None:
    assert faults(book([GOOD, GOOD])) == [("A3", "Double: as row 2.")]
    other_day = {**GOOD, "kostenart": "personal", "datum": dt.date(2026, 10, 6)}
    assert faults(book([GOOD, other_day])) == [("C3", "The same invoice has another day.")]
    huge = {**GOOD, "rechnung": "R", "betrag": 9_000_000, "foerderfaehig": 9_000_000}
    assert [place for place, _reason in faults(book([GOOD, huge]))] == ["K3"]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"PK nothing", "b.xlsx", "no readable Excel"),
        (b"a,b\n1,2\n", "b.csv", "is missing"),
        (b"", "b.csv", "no rows"),
        (b"\xff\xfe\x00", "b.csv", "not UTF-8"),
        (b"x", "b.ods", "Only .xlsx"),
    ],
)
def test_what_is_no_such_table_is_refused(content: bytes, name: str, words: str) -> None:
    assert any(words in reason for _cell, reason in faults(content, name))


@pytest.mark.parametrize(
    ("line", "cell", "words"),
    [
        ("N9,Werk,2026-10-05,,1.00,EUR,licht,auftraege,2024/0,stadt,1.00,,,", "jahr, 2", "no year"),
        ("N9,Werk,2026-10-05,,1.00,EUR,licht,auftraege,1e999999999,stadt,1.00,,,", "jahr, 2", "no year"),
        ("N9,Werk,2026-10-05,,1.00,EUR,licht", "foerderfaehig, 2", "missing"),
        ("N9,Werk,2026-10-05,,1,200.50,EUR,licht,auftraege,2026,stadt,1.00,,,", "waehrung, 2", "Only EUR"),
        ("N9\x00,Werk,2026-10-05,,1.00,EUR,licht,auftraege,2026,stadt,1.00,,,", "rechnung, 2", "invisible"),
        (",".join(["9" * 14] * 14), "betrag, 2", "no amount"),
    ],
)
def test_a_broken_line_is_named_with_its_reason_in_the_browser(line: str, cell: str, words: str) -> None:
    upload = io.BytesIO(f"{','.join(BOOKING_COLUMNS)}\n{line}\n".encode())
    upload.name = "b.csv"
    before = (Booking.objects.count(), Invoice.objects.count())
    shown = browser("anna").post("/intern/geld/einlesen/", {"kind": "bookings", "file": upload}, follow=True)
    run = ImportRun.objects.all()[0]
    assert any(place == cell and words in reason for place, _de, reason in run.faults), run.faults
    assert f">{cell}<" in shown.content.decode()
    browser("anna").post(shown.request["PATH_INFO"])
    assert (Booking.objects.count(), Invoice.objects.count()) == before


def test_what_stands_beside_the_named_columns_is_refused() -> None:
    def beside(_book: Any, sheet: Any) -> None:
        sheet["P2"] = "Achtung: nur zur Hälfte"

    assert ("2", "The row holds more than there are names of columns.") in faults(book([GOOD], beside))


def test_an_invoice_is_found_again_however_it_is_written() -> None:
    assert faults(book([GOOD, {**GOOD, "rechnung": "n1", "aussteller": "WERK "}])) == [("A3", "Double: as row 2.")]
    imports.apply_run(person("anna"), number=check(book([GOOD])).pk)
    again = {**GOOD, "rechnung": " n1", "aussteller": "werk"}
    assert faults(book([again])) == [("A2", "This invoice is booked already.")]
    bookings.reverse_invoice(person("anna"), invoice=Invoice.objects.get(number="N1").pk, reason="falsch")
    imports.apply_run(person("anna"), number=check(book([again])).pk)
    assert Invoice.objects.get(number="n1").again == 1


def test_a_decimal_comma_in_csv_is_refused_with_its_line() -> None:
    line = 'N9,Werk,2026-10-05,2026-10-05,"1200,50",EUR,licht,auftraege,2026,stadt,1200.50,,,'
    found = faults(f"{','.join(BOOKING_COLUMNS)}\n{line}\n".encode(), "b.csv")
    assert found == [("betrag, 2", "A decimal comma; write 1234.56.")]


def test_bookings_that_went_out_come_in_again() -> None:
    office = browser("anna")
    out = b"".join(office.get("/intern/geld/buchungen.csv?projekt=barrierefrei").streaming_content).decode()  # type: ignore[attr-defined]
    lines = [line.split(",")[: len(BOOKING_COLUMNS)] for line in out.splitlines()]
    again = "\n".join(",".join([*line[:1], *line[1:]]) for line in lines if "'" not in ",".join(line))
    found = faults(again.encode(), "b.csv")
    assert found
    assert {reason for _cell, reason in found} == {"This invoice is booked already."}


def test_a_plan_comes_in_whole_and_only_if_its_shares_add_up() -> None:
    base = queries.plan_in_force(today())
    assert base is not None
    draft = plans.draft_plan(person("anna"), title_de="Neu", title_en="New", reason="x", base=base)
    table = b"".join(browser("anna").get(f"/intern/geld/plaene/{base.pk}.csv").streaming_content).decode()  # type: ignore[attr-defined]
    lines = table.splitlines()
    bad = lines[1].split(",")
    bad[4] = f"{float(bad[4]) + 0.01:.2f}"
    wrong = "\n".join([lines[0], ",".join(bad), *lines[2:]]).encode()
    run = imports.check_file(person("anna"), kind="plan", name="p.csv", content=wrong, plan=draft)
    assert run.faults[0][0] == "gesamt, 2"
    same = browser("anna").get(f"/intern/geld/plaene/{base.pk}.xlsx").content
    assert not imports.check_file(person("anna"), kind="plan", name="p.xlsx", content=same, plan=draft).faults
    fewer = "\n".join(lines[:-1]).encode()
    run = imports.check_file(person("anna"), kind="plan", name="p.csv", content=fewer, plan=draft)
    assert run.faults == []
    imports.apply_run(person("anna"), number=run.pk)
    assert draft.positions.values_list("project", "cost_type", "year").distinct().count() == len(lines) - 2
    stale = imports.check_file(person("anna"), kind="plan", name="p.csv", content=fewer, plan=draft)
    with pytest.raises(Conflict):
        imports.apply_run(person("anna"), number=stale.pk)


def test_the_dry_run_shows_every_change_in_the_browser() -> None:
    office = browser("anna")
    upload = io.BytesIO(book([GOOD]))
    upload.name = "b.xlsx"
    shown = office.post("/intern/geld/einlesen/", {"kind": "bookings", "file": upload}, follow=True)
    text = shown.content.decode()
    assert "Werk N1" in text
    assert "1.200,50" in text
    before = Booking.objects.count()
    office.post(shown.request["PATH_INFO"])
    assert Booking.objects.count() == before + 1


def test_faults_are_shown_with_their_cells_in_the_browser_and_nothing_is_taken_over() -> None:
    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_cells("G2:H2")

    office, before = browser("anna"), (Booking.objects.count(), Invoice.objects.count())
    rows = [GOOD, {**GOOD, "rechnung": "N2", "betrag": -5}, {**GOOD, "rechnung": "N3", "waehrung": "CHF"}]
    upload = io.BytesIO(book(rows, merge))
    upload.name = "b.xlsx"
    shown = office.post("/intern/geld/einlesen/", {"kind": "bookings", "file": upload}, follow=True)
    text = shown.content.decode()
    for cell in ("G2:H2", "E3", "F4"):
        assert f">{cell}<" in text, cell
    office.post(shown.request["PATH_INFO"])
    assert (Booking.objects.count(), Invoice.objects.count()) == before
