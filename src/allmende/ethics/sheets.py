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

    def collects(self, day: dt.date) -> bool:
        """Tell whether new data may come on a day; an active sheet without a last day does not open."""
        return self.state == "active" and self.until is not None and day <= self.until


class Sheetbook(msgspec.Struct, frozen=True):
    """All sheets as they were published together; version 0, before the first, binds nobody."""

    version: int = 0
    sheets: tuple[Sheet, ...] = ()

    def find(self, slug: str) -> Sheet | None:
        """Give the sheet of a datastream by the name that it carries."""
        wanted = slug or CARRIED_OVER
        return next((sheet for sheet in self.sheets if sheet.slug == wanted), None)
