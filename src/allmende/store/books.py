"""What the gate keeps beside the observations: rule books, tokens, decisions."""

import datetime as dt
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.store import raw
from allmende.store.ledger import tell_decisions, tell_rulebook, tell_sheets
from allmende.store.scope import DecisionRow, Tie, TokenRow
from allmende.store.tables import decisions, rulebooks, sheetbooks, tokens

TOKEN_TAKEN = ErrorCode(
    "token.name_taken",
    Text("Eine Zugangsmarke „{name}“ gibt es schon.", "There is a token “{name}” already."),
    Text("Wählen Sie einen anderen Namen.", "Choose another name."),
)
RULES_MOVED = ErrorCode(
    "rules.moved",
    Text(
        "Fassung {version} des Regelwerks gibt es schon.",
        "Version {version} of the rules is there already.",
    ),
    Text("Sehen Sie sie durch, und veröffentlichen Sie noch einmal.", "Look through it, and publish again."),
)
SHEETS_MOVED = ErrorCode(
    "sheets.moved",
    Text(
        "Ein anderes Datenblatt wurde im selben Augenblick geändert; nichts wurde geschrieben.",
        "Another data sheet was changed at the same moment; nothing was written.",
    ),
    Text("Versuchen Sie es noch einmal.", "Try once more."),
)
NO_TOKEN = ErrorCode(
    "token.unknown_name",
    Text("Eine gültige Zugangsmarke „{name}“ gibt es nicht.", "There is no valid token “{name}”."),
    Text("Alle Namen zeigt: allmende token list", "All names are shown by: allmende token list"),
)

# What equal decisions have in common.
Same = tuple[object, ...]
MINUTE, MOST_NOTED = 60_000_000, 10_000
# More new rows than these are written in one go, and equal ones that follow begin rows of their own.
MOST_SINGLE = 100
ADD_DECISION = (
    "INSERT INTO decisions (at, asker, verb, purpose, recipient, category, allowed, rules, rulebook_version, amount, "
    "times) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
COUNT_MORE = "UPDATE decisions SET times = times + ?, amount = amount + ? WHERE id = ?"


def insert_for(connection: Connection) -> Any:
    """Give the dialect's INSERT, which knows ON CONFLICT."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def rulebook_version(connection: Connection, before: int | None = None) -> int:
    """Give the number of the newest rule book, or of the newest published before an instant; 0 when there is none."""
    question = select(func.max(rulebooks.c.version))
    if before is not None:
        question = question.where(rulebooks.c.published < before)
    return connection.execute(question).scalar_one() or 0


def rulebook(connection: Connection, version: int) -> str | None:
    """Give the content of a rule book as it was published."""
    return connection.execute(select(rulebooks.c.content).where(rulebooks.c.version == version)).scalar_one_or_none()


def add_rulebook(connection: Connection, version: int, content: str, actor: str, now: int) -> None:
    """Publish a rule book; refuse a number that another has taken in the meantime."""
    values = {"version": version, "content": content, "actor": actor, "published": now}
    statement = insert_for(connection)(rulebooks).values(values).on_conflict_do_nothing()
    if rulebook_version(connection) >= version or connection.execute(statement).rowcount == 0:
        raise Conflict(RULES_MOVED, version=version)
    tell_rulebook(connection, version, content, actor, now)


def versions(connection: Connection) -> tuple[int, int]:
    """Give the numbers of the newest rule book and of the newest book of data sheets; 0 where there is none."""
    question = "SELECT (SELECT max(version) FROM rulebooks), (SELECT max(version) FROM sheetbooks)"
    ((rules, sheets),) = raw.fetch(connection, question)
    return rules or 0, sheets or 0


def sheetbook(connection: Connection, version: int) -> str | None:
    """Give the data sheets as they were published."""
    return connection.execute(select(sheetbooks.c.content).where(sheetbooks.c.version == version)).scalar_one_or_none()


def add_sheetbook(
    connection: Connection, version: int, content: str, actor: str, steps: Sequence[dict[str, object]], now: int
) -> None:
    """Publish the data sheets and tell the ledger their steps; refuse a number that another has taken meanwhile."""
    values = {"version": version, "content": content, "actor": actor, "published": now}
    statement = insert_for(connection)(sheetbooks).values(values).on_conflict_do_nothing()
    if versions(connection)[1] >= version or connection.execute(statement).rowcount == 0:
        raise Conflict(SHEETS_MOVED)
    tell_sheets(connection, content, steps, now)


def add_decisions(connection: Connection, rows: Sequence[DecisionRow]) -> None:
    """Append rows to the record of decisions; equal ones become one that counts them."""
    merged = _merged(rows)
    tell_decisions(connection, merged.values())
    raw.run(connection, ADD_DECISION, [_written(row) for row in merged.values()])


def each(rows: Sequence[DecisionRow], amounts: Mapping[Tie, int]) -> list[DecisionRow]:
    """Let decisions stand for as many equal acts as there were in their category."""
    times: dict[str, int] = {}
    for tie, amount in amounts.items():
        times[tie.category] = times.get(tie.category, 0) + amount
    return [replace(row, times=times[row.category]) for row in rows]


def _merged(rows: Sequence[DecisionRow]) -> dict[Same, DecisionRow]:
    """Put equal decisions together to one that counts them."""
    merged: dict[Same, DecisionRow] = {}
    for row in rows:
        key = row.same
        first = merged.get(key)
        if first is None:
            merged[key] = row
        else:
            merged[key] = replace(first, times=first.times + row.times, amount=first.amount + row.amount)
    return merged


class Tally:
    """Adds equal decisions of the same minute up in one row. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: dict[Same, tuple[int, int]] = {}

    def add(self, connection: Connection, rows: Sequence[DecisionRow]) -> dict[Same, tuple[int, int]]:
        """Write decisions; give what is to be noted once they are durable."""
        merged = _merged(rows)
        tell_decisions(connection, merged.values())
        with self._lock:
            last = self._last
        more, new = [], {}
        for key, row in merged.items():
            number, at = last.get(key, (0, 0))
            if number and row.at - at < MINUTE:
                more.append((row.times, row.amount, number))
            else:
                new[key] = row
        raw.run(connection, COUNT_MORE, more)
        if len(new) > MOST_SINGLE:
            raw.run(connection, ADD_DECISION, [_written(row) for row in new.values()])
            return {}
        return {
            key: (int(raw.fetch(connection, ADD_DECISION + " RETURNING id", _written(row))[0][0]), row.at)
            for key, row in new.items()
        }

    def note(self, noted: dict[Same, tuple[int, int]], *, lasting: bool) -> None:
        """Remember rows that are durable; of what may still be taken back, nothing is remembered."""
        with self._lock:
            if lasting:
                self._last = {**self._last, **noted} if len(self._last) <= MOST_NOTED else dict(noted)


def _written(row: DecisionRow) -> tuple[object, ...]:
    """Give a row's values in the order of the columns."""
    who = (row.at, row.asker, row.verb, row.purpose, row.recipient, row.category, row.allowed)
    return (*who, " ".join(row.rules), row.rulebook_version, row.amount, row.times)


def decision_rows(connection: Connection, limit: int, before: int | None) -> list[DecisionRow]:
    """Give the newest decisions, or those before a number."""
    question = select(decisions).order_by(decisions.c.id.desc()).limit(limit)
    if before is not None:
        question = question.where(decisions.c.id < before)
    return [_decision(row) for row in connection.execute(question)]


def _decision(row: Any) -> DecisionRow:
    return DecisionRow(
        id=row.id,
        at=row.at,
        asker=row.asker,
        verb=row.verb,
        purpose=row.purpose,
        recipient=row.recipient,
        category=row.category,
        allowed=bool(row.allowed),
        rules=tuple(row.rules.split()),
        rulebook_version=row.rulebook_version,
        amount=row.amount,
        times=row.times,
    )


def add_token(connection: Connection, row: TokenRow) -> None:
    """Keep a new token; names are never used twice, so that decisions stay attributable."""
    if connection.execute(select(tokens.c.name).where(tokens.c.name == row.name)).first() is not None:
        raise Conflict(TOKEN_TAKEN, name=row.name)
    connection.execute(
        insert(tokens).values(
            name=row.name,
            digest=row.digest,
            scopes=" ".join(row.scopes),
            until=row.until.isoformat() if row.until else None,
            created=row.created,
        )
    )


def revoke_token(connection: Connection, name: str, now: int) -> None:
    """End a token."""
    valid = (tokens.c.name == name) & tokens.c.revoked.is_(None)
    if connection.execute(update(tokens).where(valid).values(revoked=now)).rowcount == 0:
        raise NotFound(NO_TOKEN, name=name)


def use_token(connection: Connection, name: str, day: dt.date) -> None:
    """Note the last day on which a token was used."""
    connection.execute(update(tokens).where(tokens.c.name == name).values(last_used=day.isoformat()))


def token_rows(connection: Connection, digest: str | None = None) -> list[TokenRow]:
    """Give all tokens in order of name, or the one with a digest."""
    question = f"SELECT {', '.join(TokenRow.__struct_fields__)} FROM tokens"  # noqa: S608 - our own names
    if digest is None:
        return [_token(row) for row in raw.fetch(connection, f"{question} ORDER BY name")]
    return [_token(row) for row in raw.fetch(connection, f"{question} WHERE digest = ?", (digest,))]


def _token(row: Sequence[Any]) -> TokenRow:
    name, digest, scopes, until, created, revoked, last_used = row
    return TokenRow(
        name=name,
        digest=digest,
        scopes=tuple(scopes.split()),
        until=dt.date.fromisoformat(until) if until else None,
        created=created,
        revoked=revoked,
        last_used=dt.date.fromisoformat(last_used) if last_used else None,
    )
