"""Short ways to write tables of reports in both languages."""

import datetime as dt
from collections.abc import Iterable, Sequence

from allmende.kernel.text import Text
from allmende.reports.rules import Cell, Column, Kind, Row, Table

NOTHING = Text("In diesem Zeitraum nichts.", "Nothing in this period.")
PROJECT = Column(Text("Projekt", "Project"))
WHOLE = Text("ganzes Programm", "whole programme")


def column(de: str, en: str, kind: Kind = "text") -> Column:
    """Make a column."""
    return Column(Text(de, en), kind)


def iso(day: dt.date | None) -> str | None:
    """Write a day."""
    return day.isoformat() if day else None


def table(
    key: str,
    title: Text,
    columns: Sequence[Column],
    rows: Iterable[tuple[str, Sequence[Cell]]],
    empty: Text = NOTHING,
    *,
    spans: bool = False,
) -> Table:
    """Make a table; a name that comes twice gets a number, so that each is found again."""
    seen: dict[str, int] = {}
    found = []
    for name, cells in rows:
        seen[name] = seen.get(name, 0) + 1
        found.append(Row(name if seen[name] == 1 else f"{name}#{seen[name]}", tuple(cells)))
    return Table(key, title, tuple(columns), tuple(found), empty, spans)
