"""Asking another city over HTTP: whole answers within limits of size and time, from its own address alone."""

import time
import zlib
from collections.abc import AsyncIterator
from functools import partial
from importlib.metadata import version

import anyio
import anyio.to_thread
import httpx
import msgspec

from allmende.kernel.errors import Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.fetch import directed, trusted

SECONDS, UPDATE_SECONDS, REDIRECTS = 20.0, 60.0, 2
LARGEST_LOG_FILE = 100_000
JSON, ANY_TEXT, BYTES = "application/json", "text/plain", "application/octet-stream"

UNREACHABLE = ErrorCode(
    "federation.unreachable",
    Text("{url} ist nicht erreichbar: {why}.", "{url} cannot be reached: {why}."),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
TOO_SLOW = ErrorCode(
    "federation.too_slow",
    Text("{url} antwortet nicht in {seconds} Sekunden.", "{url} does not answer within {seconds} seconds."),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
TOO_LARGE = ErrorCode(
    "federation.too_large",
    Text("{url} schickt mehr als {limit} Bytes.", "{url} sends more than {limit} bytes."),
    Text(
        "Die andere Stadt muss das berichtigen; was früher kam, bleibt.",
        "The other city has to correct that; what came earlier stays.",
    ),
)
REFUSED = ErrorCode(
    "federation.refused",
    Text("{url} weist die Anfrage ab (HTTP {status}).", "{url} refuses the request (HTTP {status})."),
    Text(
        "Fragen Sie die Stadt, ob sie sich anderen Städten zeigt.",
        "Ask the city whether it shows itself to other cities.",
    ),
)
ELSEWHERE = ErrorCode(
    "federation.elsewhere",
    Text("{url} verweist auf eine andere Adresse: {other}.", "{url} sends to another address: {other}."),
    Text(
        "Ist das richtig, so entfernen Sie die Stadt und nehmen sie mit der neuen Adresse auf.",
        "If that is right, remove the city and add it with the new address.",
    ),
)
OTHER_MEDIA = ErrorCode(
    "federation.other_media",
    Text("{url} ist {found}, erwartet wird {expected}.", "{url} is {found}, {expected} is expected."),
    Text("Prüfen Sie, ob unter der Adresse Allmende läuft.", "Check whether Allmende runs at that address."),
)
BROKEN = ErrorCode(
    "federation.broken_answer",
    Text("Die Antwort von {url} ist beschädigt: {why}.", "The answer of {url} is damaged: {why}."),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
PORTS = {"http": 80, "https": 443}


class Reply(msgspec.Struct, frozen=True):
    """A whole answer; None as body where nothing has changed (304) or nothing is there (404)."""

    status: int
    body: bytes | None
    etag: str = ""


class Reach:
    """Asks for one update of one city; all its requests together have so many seconds.

    ``allowed_hosts`` are those outside the public network that may be asked (``ALLMENDE_SOURCE_HOSTS``).
    """

    def __init__(
        self, base: str, allowed_hosts: tuple[str, ...], contact: str, *, seconds: float = UPDATE_SECONDS
    ) -> None:
        self.base = base
        self._allowed = allowed_hosts
        self._until = time.monotonic() + seconds
        self._agent = f"Allmende/{version('allmende')} (federation; {contact or 'contact not set'})"

    def get(
        self, path: str, *, most: int, media: tuple[str, ...] = (JSON,), etag: str = "", absent: bool = False
    ) -> Reply:
        """Fetch one file; ``absent`` allows that there is none."""
        url = self.base + path
        seconds = min(SECONDS, max(0.1, self._until - time.monotonic()))
        headers = {"User-Agent": self._agent, "Accept": ", ".join(media), "Accept-Encoding": "gzip"}
        headers |= {"If-None-Match": etag} if etag else {}
        ask = _Ask(url, headers, self._allowed, most, media, absent)
        try:
            return anyio.run(_within, ask, seconds)
        except TimeoutError as error:
            raise Busy(TOO_SLOW, url=url, seconds=round(seconds, 1)) from error
        except httpx.HTTPError as error:
            raise Busy(UNREACHABLE, url=url, why=str(error) or type(error).__name__) from error
        except httpx.InvalidURL as error:
            raise Invalid(ELSEWHERE, url=url, other=str(error)) from error


class _Ask(msgspec.Struct, frozen=True):
    url: str
    headers: dict[str, str]
    allowed: tuple[str, ...]
    most: int
    media: tuple[str, ...]
    absent: bool


async def _within(ask: _Ask, seconds: float) -> Reply:
    """Ask with one deadline for looking up, connecting, heads and body: drip by drip nobody holds us longer."""
    with anyio.fail_after(seconds):
        timeout = httpx.Timeout(seconds)
        async with httpx.AsyncClient(trust_env=False, verify=trusted(), timeout=timeout) as client:
            url = ask.url
            for _ in range(REDIRECTS + 1):
                found = await _once(client, ask, url)
                if isinstance(found, Reply):
                    return found
                url = found
    raise Invalid(REFUSED, url=ask.url, status="30x")


async def _once(client: httpx.AsyncClient, ask: _Ask, url: str) -> Reply | str:
    build = partial(directed, client, "GET", url, ask.allowed, headers=ask.headers)
    request = await anyio.to_thread.run_sync(build, abandon_on_cancel=True)
    reply = await client.send(request, stream=True, follow_redirects=False)
    try:
        if reply.has_redirect_location:
            return _same_place(url, reply.headers["location"])
        if reply.status_code == 304 or (reply.status_code == 404 and ask.absent):
            return Reply(reply.status_code, None)
        _require(ask, reply)
        return Reply(200, await _whole(ask, reply), reply.headers.get("etag", "")[:200])
    finally:
        await reply.aclose()


def _same_place(url: str, location: str) -> str:
    """Follow only within the same scheme, host and port."""
    before, after = httpx.URL(url), httpx.URL(url).join(location)
    if _place(before) != _place(after):
        raise Invalid(ELSEWHERE, url=url, other=str(after)[:200])
    return str(after)


def _place(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or PORTS.get(url.scheme)


def _require(ask: _Ask, reply: httpx.Response) -> None:
    status = reply.status_code
    if status in (408, 425, 429) or status >= 500:
        raise Busy(UNREACHABLE, url=ask.url, why=f"HTTP {status}")
    if status != 200:
        raise Invalid(REFUSED, url=ask.url, status=status)
    found = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in ask.media:
        raise Invalid(OTHER_MEDIA, url=ask.url, found=found[:100] or "–", expected=", ".join(ask.media))
    if (
        reply.headers.get("content-length", "0").isdecimal()
        and int(reply.headers.get("content-length", "0")) > ask.most
    ):
        raise Invalid(TOO_LARGE, url=ask.url, limit=ask.most)


async def _whole(ask: _Ask, reply: httpx.Response) -> bytes:
    """Read to the end; what is compressed is unpacked only as far as the limit."""
    coding = reply.headers.get("content-encoding", "identity").lower()
    if coding == "identity":
        return await _limited(ask, reply.aiter_raw())
    if coding != "gzip":
        raise Invalid(OTHER_MEDIA, url=ask.url, found=coding[:100], expected="gzip")
    return await _limited(ask, _unpacked(ask, reply.aiter_raw()))


async def _limited(ask: _Ask, pieces: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > ask.most:
            raise Invalid(TOO_LARGE, url=ask.url, limit=ask.most)
    return bytes(body)


async def _unpacked(ask: _Ask, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    stream, size = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    async for piece in pieces:
        size += len(piece)
        if size > ask.most:
            raise Invalid(TOO_LARGE, url=ask.url, limit=ask.most)
        try:
            yield stream.decompress(piece, ask.most + 1)
        except zlib.error as error:
            raise Busy(BROKEN, url=ask.url, why=str(error)) from error
        if stream.unconsumed_tail:
            raise Invalid(TOO_LARGE, url=ask.url, limit=ask.most)
    if not stream.eof:
        raise Busy(BROKEN, url=ask.url, why=Text("das Ende fehlt", "its end is missing"))


class RemoteLog:
    """The files of a city's log, each within the limits."""

    def __init__(self, reach: Reach, path: str) -> None:
        self._reach, self._path = reach, path

    def read(self, path: str) -> bytes | None:
        """Fetch a file; None where there is none."""
        media = (ANY_TEXT, BYTES, JSON)
        return self._reach.get(f"{self._path}/{path}", most=LARGEST_LOG_FILE, media=media, absent=True).body
