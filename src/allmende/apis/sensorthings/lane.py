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
LONG_WAY, MOST_HOSTS = frozenset({b"origin", b"if-match"}), 1_000
_JSON = (b"content-type", b"application/json")


class Lane:
    """Takes new observations."""

    def __init__(self, prefix: str, public_url: str, creating: Creating, written: Callable[[int], None]) -> None:
        self._prefix, self._public = prefix, public_url.rstrip("/")
        self._creating, self._written = creating, written
        self._roots: dict[tuple[str, bytes], str] = {}

    def fits(self, scope: Scope) -> re.Match[str] | None:
        """Tell whether a request may go this way."""
        if scope["method"] != "POST" or scope["query_string"] or "allmende.batch" in scope:
            return None
        path: str = scope["path"]
        if not path.startswith(self._prefix) or any(name in LONG_WAY for name, _ in scope["headers"]):
            return None
        return _PATH.fullmatch(path, len(self._prefix))

    async def go(self, way: re.Match[str], scope: Scope, receive: Receive, send: Send) -> None:
        """Store what is sent, and answer when it is durable; a refusal is raised before anything is answered."""
        headers = dict(scope["headers"])
        body = await body_of(receive, headers.get(b"content-length", b"").decode("latin-1"))
        plain = plain_token(headers.get(b"authorization", b"").decode("latin-1"))
        if plain is None:
            raise Unknown(TOKEN_NEEDED)
        key = headers.get(b"idempotency-key", b"").decode("latin-1")[:200]
        root = self._root(scope, headers)
        if way[1]:
            answers, added = await self._creating.arrays(plain, body, key, root)
            self._written(added)
            await _answer(send, msgspec.json.encode(answers), _JSON)
            return
        stream = int(way[2]) if way[2] else None
        number, new = await self._creating.one(plain, body, stream, key, multi=False)
        self._written(int(new))
        await _answer(send, b"", (b"location", f"{root}/Observations({number})".encode()))

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
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})
