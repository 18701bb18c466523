"""The short way of what comes most, observations of programs: the same checks, without the framework's detours.

What a browser sends (it names its origin), what has options or conditions, and the parts of a batch take the long way.
"""

import re
from collections.abc import Callable

import msgspec
from starlette.datastructures import URL
from starlette.types import Receive, Scope, Send

from allmende.apis.sensorthings.carried import TOKEN_NEEDED, body_of, plain_token
from allmende.apis.sensorthings.creating import Creating
from allmende.kernel.errors import Unknown

_PATH = re.compile(r"/(?:(CreateObservations)|(?:Datastreams\((\d{1,16})\)/)?Observations)/?")
CREATED, MOST_HOSTS = 201, 1_000
_JSON = (b"content-type", b"application/json")


class Way(msgspec.Struct, frozen=True):
    """A request that may go the short way: its head, whether it brings arrays, and the datastream that it names."""

    scope: Scope
    headers: dict[bytes, bytes]
    arrays: bool
    stream: int | None


class Lane:
    """Takes new observations."""

    def __init__(self, prefix: str, public_url: str, creating: Creating, written: Callable[[int], None]) -> None:
        self._prefix, self._public = prefix, public_url.rstrip("/")
        self._creating, self._written = creating, written
        self._roots: dict[tuple[str, bytes], str] = {}

    def way(self, scope: Scope) -> Way | None:
        """Tell whether a request may go this way."""
        path: str = scope["path"]
        if scope["method"] != "POST" or scope["query_string"] or not path.startswith(self._prefix):
            return None
        found = _PATH.fullmatch(path, len(self._prefix))
        if found is None:
            return None
        headers = dict(scope["headers"])
        if b"origin" in headers or b"if-match" in headers:
            return None
        return Way(scope, headers, bool(found[1]), int(found[2]) if found[2] else None)

    async def go(self, way: Way, hold: Callable[[int], None], receive: Receive, send: Send) -> int:
        """Store what is sent, answer when it is durable, and give the status.

        A refusal is raised before anything is answered; ``hold`` is told how many bytes are in memory.
        """
        headers = way.headers
        body = await body_of(receive, headers.get(b"content-length", b"").decode("latin-1"), hold)
        plain = plain_token(headers.get(b"authorization", b"").decode("latin-1"))
        if plain is None:
            raise Unknown(TOKEN_NEEDED)
        key = headers.get(b"idempotency-key", b"").decode("latin-1")[:200]
        root = self._root(way.scope, headers)
        if way.arrays:
            answers, added = await self._creating.arrays(plain, body, key, root)
            await _answer(send, msgspec.json.encode(answers), _JSON)
        else:
            number, new = await self._creating.one(plain, body, way.stream, key, multi=False)
            added = int(new)
            await _answer(send, b"", (b"location", f"{root}/Observations({number})".encode()))
        self._written(added)
        return CREATED

    def _root(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        asked = (scope["scheme"], headers.get(b"host", b""))
        found = self._roots.get(asked)
        if found is None:
            found = root_of(URL(scope=scope), self._public, self._prefix)
            if len(self._roots) < MOST_HOSTS:
                self._roots[asked] = found
        return found


def root_of(url: URL, public_url: str, prefix: str) -> str:
    """Give the address of the service root as who asks knows it."""
    return (public_url or f"{url.scheme}://{url.netloc}") + prefix


async def _answer(send: Send, body: bytes, header: tuple[bytes, bytes]) -> None:
    headers = [header, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": CREATED, "headers": headers})
    await send({"type": "http.response.body", "body": body})
