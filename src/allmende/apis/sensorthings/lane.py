"""The short way of what comes most, one plain observation of a program: the same checks, without a framework.

What a browser sends (it names its origin), what has options or conditions, what is large, what needs a look-up, and
whatever is wrong take the long way.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.datastructures import URL

from allmende.apis.sensorthings.carried import plain_token
from allmende.apis.sensorthings.creating import Creating
from allmende.apis.sensorthings.ingest import Settle
from allmende.gate.query import Arrival, Receipt

_PATH = re.compile(r"/(?:Datastreams\((\d{1,16})\)/)?Observations/?")
LONG_WAY = frozenset(
    {b"origin", b"if-match", b"expect", b"transfer-encoding", b"x-forwarded-proto", b"x-forwarded-for"}
)
LARGEST, MOST_HOSTS = 16_384, 1_000
Headers = dict[bytes, bytes]


class Way(msgspec.Struct, frozen=True):
    """A request that may go the short way: who sends it, and the datastream that its path names."""

    scope: Any
    headers: Headers
    plain: str
    source: str
    stream: int | None


class Lane:
    """Takes new observations; called in the loop's thread alone."""

    def __init__(self, prefix: str, public_url: str, creating: Creating, written: Callable[[int], None]) -> None:
        self._prefix, self._public = prefix, public_url
        self._creating, self._written = creating, written
        self._roots: dict[tuple[str, bytes], str] = {}

    def way(self, scope: Any) -> Way | None:
        """Tell from its head whether a request may go this way."""
        path: str = scope["path"]
        if scope["method"] != "POST" or scope["query_string"] or not path.startswith(self._prefix):
            return None
        found = _PATH.fullmatch(path, len(self._prefix))
        headers: Headers = dict(scope["headers"])
        if found is None or not LONG_WAY.isdisjoint(headers):
            return None
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or len(length) > 5 or int(length) > LARGEST:
            return None
        plain = plain_token(headers.get(b"authorization", b"").decode("latin-1")) or ""
        source = self._creating.known(plain)
        return Way(scope, headers, plain, source, int(found[1]) if found[1] else None) if source else None

    def arrival(self, way: Way, body: bytes) -> Arrival | None:
        """Read the observation; None where it has to go the long way after all."""
        key = way.headers.get(b"idempotency-key", b"").decode("latin-1")[:200]
        return self._creating.plain(body, way.stream, way.source, key)

    def put(self, way: Way, arrival: Arrival, settle: Settle) -> None:
        """Store it with what comes at the same time; ``settle`` is told in the loop's thread when it is durable."""
        self._creating.ingest.soon(way.plain, [[arrival]], settle)

    def created(self, way: Way, receipt: Receipt) -> bytes:
        """Count what was created; give its address."""
        self._written(receipt.added)
        return b"%b/Observations(%d)" % (self._root(way).encode("latin-1"), receipt.ids[0])

    def _root(self, way: Way) -> str:
        asked = (way.scope["scheme"], way.headers.get(b"host", b""))
        found = self._roots.get(asked)
        if found is None:
            found = root_of(URL(scope=way.scope), self._public, self._prefix)
            if len(self._roots) < MOST_HOSTS:
                self._roots[asked] = found
        return found


def root_of(url: URL, public_url: str, prefix: str) -> str:
    """Give the address of the service root as who asks knows it."""
    return (public_url or f"{url.scheme}://{url.netloc}") + prefix
