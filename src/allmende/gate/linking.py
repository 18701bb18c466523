"""One answer may not put together what the rules keep apart."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

import msgspec

from allmende.ethics.linking import Apart, parts_named
from allmende.gate.grant import Grant
from allmende.gate.recording import decision_row
from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text
from allmende.store.port import Store
from allmende.store.scope import Scope

LINKED = ErrorCode(
    "gate.linked",
    Text(
        "Diese Frage liest {parts} zusammen; daraus entsteht „{arising}“. {reason}",
        "This question reads {parts} together; “{arising}” arises from them. {reason}",
    ),
    Text(
        "Fragen Sie nach Messreihen einer Kategorie allein, etwa mit Datastreams(ID)/Observations.",
        "Ask for series of one category alone, for example with Datastreams(ID)/Observations.",
    ),
)
# The categories of which the answer that is being made has read values.
_read: ContextVar[set[str] | None] = ContextVar("read", default=None)


@contextmanager
def one_answer(view: AbstractContextManager[None]) -> Iterator[None]:
    """Take all that is read within as one answer."""
    mark = _read.set(set())
    try:
        with view:
            yield
    finally:
        _read.reset(mark)


def watched(store: Store, grant: Grant, scope: Scope) -> Scope:
    """Give a scope that refuses, on record, to read together what the grant keeps apart."""

    def joins(categories: Collection[str]) -> None:
        before = _read.get()
        together = {*categories, *(before or ())}
        for apart in grant.apart:
            if apart.parts <= together:
                _record(store, grant, apart)
                raise Denied(
                    LINKED,
                    parts=parts_named(apart.category),
                    arising=apart.category.title,
                    reason=apart.decision.reason,
                )
        if before is not None:
            before.update(categories)

    return msgspec.structs.replace(scope, joins=joins)


def _record(store: Store, grant: Grant, apart: Apart) -> None:
    ask = msgspec.structs.replace(grant.ask, verb="link")
    store.record([decision_row(ask, apart.category.slug, apart.decision.slugs, grant.version, allowed=False)])
