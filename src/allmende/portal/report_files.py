"""A report as it is read: written in one language for pages and PDF, as workbook, and as one long CSV."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator

import msgspec
from django.utils.translation import gettext, override
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.reports.rules import Cell, Content, Kind, Row, Table
from allmende.ui.documents import Document, Grid, Paragraph, Section, draw_document
from allmende.ui.templatetags.allmende import day as written_day

# From this many columns on, a page on its side reads better.
MANY = 6
FIGURES = ("money", "count")
EPOCH = (1980, 1, 1, 0, 0, 0)
MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


class WrittenTable(msgspec.Struct, frozen=True):
    """A table in one language; the cells know whether they are figures."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[tuple[str, bool], ...], ...]
    empty: str


class WrittenPart(msgspec.Struct, frozen=True):
    """A chapter in one language."""

    key: str
    number: str
    title: str
    words: tuple[str, ...]
    tables: tuple[WrittenTable, ...]


def cell_text(cell: Cell, kind: Kind, language: str) -> str:
    """Write a cell; what is unknown says so."""
    with override(language):
        if cell is None:
            return gettext("unbekannt")
        if isinstance(cell, Text):
            return cell.within(language)
        if isinstance(cell, int):
            return Money(cell).written(language) if kind == "money" else str(cell).replace("-", "−")
        return written_day(dt.date.fromisoformat(cell)).replace(" ", "\u00a0") if kind == "day" else cell


def written_parts(content: Content, language: str) -> list[WrittenPart]:
    """Write the chapters in one language."""
    return [
        WrittenPart(
            part.key,
            str(number),
            part.title.within(language),
            tuple(text.within(language) for text in part.words),
            tuple(_written(table, language) for table in part.tables),
        )
        for number, part in enumerate(content.parts, 1)
    ]


def _written(table: Table, language: str) -> WrittenTable:
    kinds = [column.kind for column in table.columns]
    return WrittenTable(
        table.title.within(language),
        tuple((column.title.within(language), column.kind in FIGURES) for column in table.columns),
        tuple(_cells(row, kinds, language) for row in table.rows),
        table.empty.within(language),
    )


def _cells(row: Row, kinds: list[Kind], language: str) -> tuple[tuple[str, bool], ...]:
    pairs = zip(row.cells, kinds, strict=True)
    return tuple((_shown(cell, kind, language), kind in FIGURES) for cell, kind in pairs)


def _shown(cell: Cell, kind: Kind, language: str) -> str:
    return "–" if cell == "" else cell_text(cell, kind, language)


def stamp_of(content: Content, language: str) -> str:
    """Say of which day a report speaks."""
    with override(language):
        words = gettext("Stand %(day)s") % {"day": written_day(content.day)}
        if content.since:
            words += gettext(", Änderungen seit %(day)s") % {"day": written_day(content.since)}
        return words


def pdf_of(content: Content, digest: str, language: str) -> bytes:
    """Lay a report out; the same content gives the same bytes."""
    with override(language):
        hashed = gettext("Prüfsumme des Inhalts (SHA-256): %(digest)s") % {"digest": digest}
        contents = gettext("Inhalt")
    document = Document(
        language=language,
        title=content.title.within(language),
        over=content.place.within(language),
        summary=hashed,
        stamp=stamp_of(content, language),
        contents=contents,
        sections=tuple(_section(part) for part in written_parts(content, language)),
        day=content.day,
        wide=any(len(table.columns) >= MANY for part in content.parts for table in part.tables),
    )
    return draw_document(document)


def _section(part: WrittenPart) -> Section:
    grids = tuple(
        Grid(
            table.title,
            tuple(title for title, _figure in table.columns),
            tuple(figure for _title, figure in table.columns),
            tuple(tuple(text for text, _figure in row) for row in table.rows),
            table.empty,
        ).weighed()
        for table in part.tables
    )
    paragraphs = tuple(Paragraph(line) for words in part.words for line in words.splitlines() if line.strip())
    return Section(part.number, part.title, 1, paragraphs, grids)


def xlsx_of(content: Content, digest: str, language: str) -> bytes:
    """Give a workbook with one sheet for each table, amounts as numbers and days as dates; the same bytes each time."""
    book = Workbook()
    first = book.worksheets[0]
    first.title = content.kind
    head = (content.place.within(language), content.title.within(language), stamp_of(content, language))
    for line, words in enumerate((*head, f"SHA-256: {digest}"), 1):
        _put(first, line, 1, words)
    for part in content.parts:
        _put(first, first.max_row + 2, 1, part.title.within(language), bold=True)
        for text in part.words:
            _put(first, first.max_row + 1, 1, text.within(language))
        for table in part.tables:
            _sheet(book.create_sheet(f"{part.key[:14]}.{table.key}"[:31]), table, language)
    return _settled(book)


def _sheet(sheet: Worksheet, table: Table, language: str) -> None:
    for place, column in enumerate(table.columns, 1):
        _put(sheet, 1, place, column.title.within(language), bold=True)
    for line, row in enumerate(table.rows, 2):
        for place, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True), 1):
            if isinstance(cell, int):
                figure = sheet.cell(line, place, cell / 100 if column.kind == "money" else cell)
                figure.number_format = "#,##0.00" if column.kind == "money" else "0"
            elif column.kind == "day" and isinstance(cell, str):
                sheet.cell(line, place, dt.date.fromisoformat(cell)).number_format = "yyyy-mm-dd"
            elif cell is not None:
                _put(sheet, line, place, cell.within(language) if isinstance(cell, Text) else cell)


def _put(sheet: Worksheet, line: int, place: int, words: str, *, bold: bool = False) -> None:
    """Write text as text, so that none becomes a formula."""
    cell = sheet.cell(line, place, words)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)


def _settled(book: Workbook) -> bytes:
    """Save without the hour of saving, which would make other bytes each time."""
    raw, settled = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return settled.getvalue()


CSV_HEADER = ("chapter", "table", "row", "column_de", "column_en", "kind", "value_de", "value_en")


def csv_rows(content: Content) -> Iterator[tuple[object, ...]]:
    """Give every cell in its own line; unknown is empty, amounts are cents."""
    for part in content.parts:
        for number, text in enumerate(part.words, 1):
            yield part.key, "", str(number), "", "", "text", text.de, text.en
        for table in part.tables:
            for row in table.rows:
                for cell, column in zip(row.cells, table.columns, strict=True):
                    values = (cell.de, cell.en) if isinstance(cell, Text) else (cell, cell)
                    yield part.key, table.key, row.key, column.title.de, column.title.en, column.kind, *values
