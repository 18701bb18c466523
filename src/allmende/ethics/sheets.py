"""Data sheets as the gate knows them: in which state each is, and whether its data may be collected and read."""

import datetime as dt
from typing import Literal

import msgspec

from allmende.kernel.text import Text

State = Literal["idea", "checked", "decided", "announced", "active", "suspended", "ended"]
STATES: dict[str, Text] = {
    "idea": Text("Idee", "idea"),
    "checked": Text("geprüft", "checked"),
    "decided": Text("beschlossen", "decided"),
    "announced": Text("angekündigt", "announced"),
    "active": Text("aktiv", "active"),
    "suspended": Text("ausgesetzt", "suspended"),
    "ended": Text("beendet", "ended"),
}
# The sheet to which datastreams without any belong that were there before sheets had a life.
CARRIED_OVER = "carried-over"


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One data use: since when it is in its state and why, its last day, the objection that suspended it."""

    slug: str
    title: Text
    state: State
    since: dt.date
    until: dt.date | None = None
    reason: Text | None = None
    objection: str = ""
    retention_days: int | None = None

    def collects(self, day: dt.date) -> bool:
        """Tell whether new data may come on a day; an active sheet without a last day does not open."""
        return self.state == "active" and self.until is not None and day <= self.until


class Sheetbook(msgspec.Struct, frozen=True):
    """All sheets as they were published together; version 0 is before the first."""

    version: int = 0
    sheets: tuple[Sheet, ...] = ()


def steps_between(old: Sheetbook, new: Sheetbook) -> list[dict[str, object]]:
    """Give what changed of each sheet between two books, as the ledger tells it; other words alone are no step."""
    before = {sheet.slug: sheet for sheet in old.sheets}
    steps: list[dict[str, object]] = []
    for sheet in new.sheets:
        was, told = before.get(sheet.slug), _told(sheet)
        if was is None or _told(was) != told:
            step = {"slug": sheet.slug, "before": was.state if was else None, **told}
            steps.append({name: value for name, value in step.items() if value is not None})
    return steps


def _told(sheet: Sheet) -> dict[str, object]:
    until = sheet.until.isoformat() if sheet.until else None
    return {"state": sheet.state, "until": until, "retention_days": sheet.retention_days}


class Sheets:
    """The sheets in force, found by the names that datastreams carry. Before the first book they bind nobody."""

    def __init__(self, book: Sheetbook) -> None:
        self.version = book.version
        self._known = {sheet.slug: sheet for sheet in book.sheets}
        if CARRIED_OVER in self._known:
            self._known[""] = self._known[CARRIED_OVER]
        self.suspended = frozenset(name for name, sheet in self._known.items() if sheet.state == "suspended")
        self.kept = {name: sheet.retention_days for name, sheet in self._known.items() if sheet.retention_days}

    def find(self, name: str) -> Sheet | None:
        """Give the sheet of a data use."""
        return self._known.get(name)

    def collects(self, name: str, day: dt.date) -> bool:
        """Tell whether new data of a data use may come on a day."""
        sheet = self._known.get(name)
        return not self.version or (sheet is not None and sheet.collects(day))
