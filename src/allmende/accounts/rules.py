"""Roles and what they may, as plain values."""

import msgspec

from allmende.kernel.text import Text

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
    "office": frozenset({"programme", "effects", "money", "grants", "quarantine", "participation"}),
    "steward": frozenset(
        {"register", "catalog", "stations", "sources", "alerts", "quarantine", "objections", "minutes"}
    ),
    "ethics-board": frozenset({"rulebook", "objections", "minutes"}),
    "moderator": frozenset({"participation"}),
    "lead": frozenset(),
    "auditor": frozenset(),
    "administrator": frozenset(
        {
            *("programme", "effects", "money", "grants"),
            *("register", "catalog", "stations", "sources", "alerts", "quarantine"),
            *("rulebook", "objections", "minutes", "participation"),
            *("accounts", "tokens"),
        }
    ),
}

# Areas that not everybody of the staff may see; all others are open to every role.
READS: dict[str, frozenset[str]] = {
    "accounts": frozenset({"auditor", "administrator"}),
    "tokens": frozenset({"auditor", "administrator"}),
    "sources": frozenset({"office", "steward", "auditor", "administrator"}),
    "quarantine": frozenset({"office", "steward", "auditor", "administrator"}),
    "objections": frozenset({"steward", "ethics-board", "auditor", "administrator"}),
    "minutes": frozenset({"steward", "ethics-board", "auditor", "administrator"}),
    # Bookings and forecasts, of which a project lead sees those of their own projects; grants are the whole.
    "money": frozenset({"office", "lead", "auditor", "administrator"}),
    "grants": frozenset({"office", "auditor", "administrator"}),
    "trail": frozenset({"steward", "ethics-board", "auditor", "administrator"}),
}


class SystemActor(msgspec.Struct, frozen=True):
    """The program itself, such as ``system:init``."""

    name: str


def may_write(roles: set[str], area: str) -> bool:
    """Tell whether one of the roles writes in an area; the auditor's role alone never does."""
    return any(area in WRITES.get(role, frozenset()) for role in roles)


def may_read(roles: set[str], area: str) -> bool:
    """Tell whether one of the roles sees an area."""
    return bool(roles & READS.get(area, frozenset(ROLES)))


def may_enter(roles: set[str]) -> bool:
    """Tell whether one of the roles opens the staff room."""
    return bool(roles & set(ROLES))
