"""Questions within a scope as SQL: what they demand of rows, and on which entity the rows must hang."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, FromClause, Select, func, select, true

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.ids import datastream_of_observation
from allmende.kernel.text import Text
from allmende.store.filters import Compiler, linked
from allmende.store.geography import Places
from allmende.store.navigation import LINKS
from allmende.store.query import Kind, Query
from allmende.store.recall import Recall
from allmende.store.scope import Scope
from allmende.store.visible import Part, parts_of, require_joint, seen, together

NO_SUCH_LINK = ErrorCode(
    "query.no_such_link",
    Text("Von {kind} führt kein Weg zu „{name}“.", "There is no link “{name}” on {kind}."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)
STREAMS: tuple[Kind, ...] = ("Datastreams", "MultiDatastreams")


class Asking:
    """Asks in one transaction within one scope."""

    def __init__(self, connection: Connection, scope: Scope, recall: Recall | None = None) -> None:
        self.connection = connection
        self.scope = scope
        self.recall = recall
        self.places = Places(connection, scope)

    def parts(self, streams: Collection[int] | None = None, *, values: bool = True) -> list[Part]:
        """Group what the scope opens, of some datastreams or of all, by limits; to read values or their extent."""
        if values:
            require_joint(self.connection, self.scope, streams)
        if self.recall is None:
            return parts_of(self.connection, self.scope, streams)
        question = ("parts", None if streams is None else tuple(streams))
        found: list[Part] = self.recall.get(
            self.connection, self.scope, question, lambda: parts_of(self.connection, self.scope, streams)
        )
        return found

    def counted(self, question: Select[Any]) -> int:
        """Count the rows of a question."""
        return int(self.connection.execute(select(func.count()).select_from(question.subquery())).scalar_one())

    def conditions(self, query: Query, compiler: Compiler, rows: FromClause) -> Select[Any]:
        """Select the rows that a question asks for."""
        question = select(rows)
        if query.id is not None:
            question = question.where(rows.c.id == query.id)
        if query.within is not None:
            question = question.where(self._hangs(query, rows))
        if query.where is not None:
            question = question.where(compiler.condition(query.where, query.kind, rows))
        return question

    def _hangs(self, query: Query, rows: FromClause) -> Any:
        """Tell whether a row hangs on the entity to which a question keeps."""
        within = query.within
        if within is None:
            return None
        links = LINKS[within.kind]
        link = next((link for link in links.values() if link.target == query.kind), None)
        if link is None:
            raise Malformed(NO_SUCH_LINK, kind=within.kind, name=query.kind, known=", ".join(links))
        if within.kind in STREAMS and query.kind == "Observations":
            return true()
        near = self.rows(within.kind, [within.id]).alias("n")
        return select(near.c.id).where(near.c.id == within.id, linked(link, near, rows)).correlate(rows).exists()

    def rows(self, kind: Kind, ids: Sequence[int]) -> FromClause:
        """Give the visible rows of a set; of observations only those of the datastreams of these."""
        if kind != "Observations":
            return seen(kind, self.scope)
        streams = {datastream_of_observation(number) for number in ids}
        return together(self.parts(streams), self.scope)
