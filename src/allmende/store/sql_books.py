"""What is kept beside the observations, on SQLite and PostgreSQL: rule books, data sheets, tokens."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Engine

from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.store import books
from allmende.store.engine import reading, writing
from allmende.store.scope import TokenRow


def now_micros() -> int:
    """Give the present instant in microseconds."""
    return micros_from_instant(utc_now())


class SqlBooks:
    """The part of the store that keeps books."""

    engine: Engine

    def rulebook_version(self, before: int | None = None) -> int:
        """See the port."""
        with reading(self.engine) as connection:
            return books.rulebook_version(connection, before)

    def rulebook(self, version: int) -> str | None:
        """See the port."""
        with reading(self.engine) as connection:
            return books.rulebook(connection, version)

    def add_rulebook(self, version: int, content: str, actor: str) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.add_rulebook(connection, version, content, actor, now_micros())

    def book_versions(self) -> tuple[int, int]:
        """See the port."""
        with reading(self.engine) as connection:
            return books.versions(connection)

    def sheetbook(self, version: int) -> str | None:
        """See the port."""
        with reading(self.engine) as connection:
            return books.sheetbook(connection, version)

    def add_sheetbook(self, version: int, content: str, actor: str, steps: Sequence[dict[str, object]]) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.add_sheetbook(connection, version, content, actor, steps, now_micros())

    def add_token(self, row: TokenRow) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.add_token(connection, row)

    def revoke_token(self, name: str) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.revoke_token(connection, name, now_micros())

    def use_token(self, name: str, day: dt.date) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.use_token(connection, name, day)

    def tokens(self, digest: str | None = None) -> list[TokenRow]:
        """See the port."""
        with reading(self.engine) as connection:
            return books.token_rows(connection, digest)
