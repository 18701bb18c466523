"""What a report holds, as plain values that keep both languages, and what differs between two."""

import datetime as dt
from typing import Literal

import msgspec

from allmende.kernel.text import Text
from allmende.programme.rules.steering import Passage, word_difference

Kind = Literal["text", "money", "count", "day"]
Cell = Text | str | int | None
FORMAT = 1
# The chapters of a report for everybody; those who write it may leave some out. What is not known always stands there.
PARTS: dict[str, Text] = {
    "projects": Text("Projekte", "Projects"),
    "milestones": Text("Meilensteine", "Milestones"),
    "steering": Text("Beschlüsse, Bedingungen, Risiken", "Decisions, conditions, risks"),
    "money": Text("Geld", "Money"),
    "effects": Text("Wirkung", "Effects"),
}


class Column(msgspec.Struct, frozen=True):
    """A column: its title, and how its cells are read; money is whole cents, a day is ISO."""

    title: Text
    kind: Kind = "text"


class Row(msgspec.Struct, frozen=True):
    """A row with the name by which it is found again in the next report; None is unknown."""

    key: str
    cells: tuple[Cell, ...]


class Table(msgspec.Struct, frozen=True):
    """A table; ``empty`` is said where it has no rows. What only tells of a span of time is not compared."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: Text
    spans: bool = False


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
    """What differs in a table: rows that came and went, figures, and words of rows that both have."""

    title: Text
    came: tuple[Cell, ...]
    went: tuple[Cell, ...]
    figures: tuple[FigureChange, ...]
    cells: tuple[CellChange, ...]


class PartChange(msgspec.Struct, frozen=True):
    """What differs in a chapter."""

    title: Text
    passages: tuple[Passage, ...]
    tables: tuple[TableChange, ...]

    @property
    def reworded(self) -> bool:
        """Tell whether the sentences differ."""
        return any(passage.kind != "same" for passage in self.passages)

    @property
    def same(self) -> bool:
        """Tell whether nothing differs."""
        return not self.tables and not self.reworded


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
    keys = [*new, *(key for key in old if key not in new)]
    shown = [(new.get(key) or old[key], old.get(key), new.get(key)) for key in keys]
    changes = [_table(table, was, now) for table, was, now in shown if not table.spans]
    return [one for one in changes if one.figures or one.cells or one.came or one.went]


def _table(shown: Table, before: Table | None, after: Table | None) -> TableChange:
    old, new = ({row.key: row for row in table.rows} if table else {} for table in (before, after))
    figures: list[FigureChange] = []
    cells: list[CellChange] = []
    for key in [*new, *(key for key in old if key not in new)]:
        _row(shown.columns, old.get(key), new.get(key), figures, cells)
    came = tuple(row.cells[0] for key, row in new.items() if key not in old)
    went = tuple(row.cells[0] for key, row in old.items() if key not in new)
    return TableChange(shown.title, came, went, tuple(figures), tuple(cells))


def _row(
    columns: tuple[Column, ...],
    was: Row | None,
    now: Row | None,
    figures: list[FigureChange],
    cells: list[CellChange],
) -> None:
    name = (now or was or Row("", ("",))).cells[0]
    for index, column in enumerate(columns):
        before, after = _cell(was, index), _cell(now, index)
        if before == after:
            continue
        if column.kind in ("money", "count"):
            first, second = (value if isinstance(value, int) else None for value in (before, after))
            figures.append(FigureChange(name, column.title, column.kind, first, second))
        elif was and now:
            cells.append(CellChange(name, column.title, column.kind, before, after))


def _cell(row: Row | None, index: int) -> Cell:
    return row.cells[index] if row and index < len(row.cells) else None
