"""Roles and what they may, as plain values."""

from typing import Literal

import msgspec

from allmende.kernel.text import Text

Action = Literal["view", "add", "change", "delete", "publish"]

ROLES: dict[str, Text] = {
    "office": Text("Programmbüro", "programme office"),
    "steward": Text("Datenverantwortliche", "data steward"),
    "ethics-board": Text("Ethikbeirat", "ethics board"),
    "moderator": Text("Moderation", "moderator"),
    "lead": Text("Projektleitung", "project lead"),
    "auditor": Text("Prüfung (liest alles, schreibt nichts)", "auditor (reads all, writes nothing)"),
    "administrator": Text("Verwaltung der Software", "administrator"),
}
WRITES: dict[str, frozenset[str]] = {
    "office": frozenset({"programme"}),
    "steward": frozenset({"register", "catalog", "stations"}),
    "ethics-board": frozenset({"rulebook"}),
    "moderator": frozenset(),
    "lead": frozenset(),
    "auditor": frozenset(),
    "administrator": frozenset({"programme", "register", "catalog", "stations", "rulebook", "accounts", "tokens"}),
}


class SystemActor(msgspec.Struct, frozen=True):
    """The program itself, such as ``system:init``."""

    name: str


def may_write(roles: set[str], area: str) -> bool:
    """Tell whether one of the roles writes in an area; the auditor's role alone never does."""
    return any(area in WRITES.get(role, frozenset()) for role in roles)


def may_enter(roles: set[str]) -> bool:
    """Tell whether one of the roles opens the staff room."""
    return bool(roles & set(ROLES))
