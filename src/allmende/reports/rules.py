"""What a report holds, as plain values that keep both languages, and what differs between two."""

import datetime as dt
from typing import Literal

import msgspec

from allmende.kernel.text import Text
from allmende.programme.rules.steering import Passage, word_difference

Kind = Literal["text", "money", "count", "day"]
Cell = Text | str | int | None
FORMAT = 1


class Column(msgspec.Struct, frozen=True):
    """A column: its title, and how its cells are read; money is whole cents, a day is ISO."""

    title: Text
    kind: Kind = "text"


class Row(msgspec.Struct, frozen=True):
    """A row with the name by which it is found again in the next report; None is unknown."""

    key: str
    cells: tuple[Cell, ...]


class Table(msgspec.Struct, frozen=True):
    """A table; ``empty`` is said where it has no rows."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: Text


class Part(msgspec.Struct, frozen=True):
    """A chapter: sentences and tables."""

    key: str
    title: Text
    words: tuple[Text, ...] = ()
    tables: tuple[Table, ...] = ()


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A whole report; all that is shown comes from here, so nothing that changes later changes it."""

    format: int = FORMAT
    kind: str
    title: Text
    place: Text
    day: dt.date
    since: dt.date | None
    project: str | None
    parts: tuple[Part, ...]


class FigureChange(msgspec.Struct, frozen=True):
    """A figure in two reports; a row that one of them has not is None there, as is what is unknown."""

    row: Cell
    column: Text
    kind: Kind
    before: int | None
    after: int | None

    @property
    def difference(self) -> int | None:
        """Give new minus old; None where one is missing."""
        return None if self.before is None or self.after is None else self.after - self.before


class CellChange(msgspec.Struct, frozen=True):
    """A word or a day in two reports."""

    row: Cell
    column: Text
    kind: Kind
    before: Cell
    after: Cell


class TableChange(msgspec.Struct, frozen=True):
    """What differs in a table."""

    title: Text
    figures: tuple[FigureChange, ...]
    cells: tuple[CellChange, ...]


class PartChange(msgspec.Struct, frozen=True):
    """What differs in a chapter."""

    title: Text
    passages: tuple[Passage, ...]
    tables: tuple[TableChange, ...]

    @property
    def same(self) -> bool:
        """Tell whether nothing differs."""
        return not self.tables and all(passage.kind == "same" for passage in self.passages)


def difference(before: Content, after: Content, language: str) -> list[PartChange]:
    """Compare two reports: figures with their difference, sentences word by word; what is gone comes last."""
    old, new = ({part.key: part for part in content.parts} for content in (before, after))
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = old.get(key), new.get(key)
        words = ["\n\n".join(text.within(language) for text in part.words) if part else "" for part in (was, now)]
        tables = tuple(_tables(was, now))
        title = (now or old[key]).title
        found.append(PartChange(title, tuple(word_difference(*words)), tables))
    return found


def _tables(before: Part | None, after: Part | None) -> list[TableChange]:
    old, new = ({table.key: table for table in part.tables} if part else {} for part in (before, after))
    pairs = [(old.get(key), new.get(key)) for key in [*new, *(key for key in old if key not in new)]]
    changes = [_table(was, now) for was, now in pairs]
    return [change for change in changes if change.figures or change.cells]


def _table(before: Table | None, after: Table | None) -> TableChange:
    shown = after or before
    if shown is None:
        raise ValueError("a table is in one of both")
    old, new = ({row.key: row for row in table.rows} if table else {} for table in (before, after))
    figures, cells = [], []
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = old.get(key), new.get(key)
        name = (now or old[key]).cells[0]
        for index, column in enumerate(shown.columns):
            a, b = _cell(was, index), _cell(now, index)
            if a == b:
                continue
            if column.kind in ("money", "count"):
                first, second = (value if isinstance(value, int) else None for value in (a, b))
                figures.append(FigureChange(name, column.title, column.kind, first, second))
            else:
                cells.append(CellChange(name, column.title, column.kind, a, b))
    return TableChange(shown.title, tuple(figures), tuple(cells))


def _cell(row: Row | None, index: int) -> Cell:
    return row.cells[index] if row and index < len(row.cells) else None
