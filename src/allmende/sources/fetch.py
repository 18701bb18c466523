"""Asking a source over HTTP: politely, with limits, whole pages, and no way into the city's own network."""

import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import msgspec

from allmende.kernel.errors import AllmendeError, Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.recipe import Login, Request, Secret

REDIRECTS, PIECE = 3, 65_536
LONGEST_PATIENCE = 86_400.0

UNREACHABLE = ErrorCode(
    "source.unreachable",
    Text("{host} antwortet nicht wie erwartet: {why}", "{host} does not answer as expected: {why}"),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
REFUSED = ErrorCode(
    "source.refused",
    Text("{host} weist die Anfrage ab (HTTP {status}).", "{host} refuses the request (HTTP {status})."),
    Text("Prüfen Sie Adresse und Zugang im Rezept.", "Check address and access in the recipe."),
)
ELSEWHERE = ErrorCode(
    "source.elsewhere",
    Text("{host} verweist auf einen anderen Rechner: {other}", "{host} sends to another host: {other}"),
    Text(
        "Ist das richtig, so tragen Sie die neue Adresse im Rezept ein.",
        "If that is right, enter the new address in the recipe.",
    ),
)
PRIVATE = ErrorCode(
    "source.private_address",
    Text("{host} liegt nicht im öffentlichen Netz.", "{host} is not on the public network."),
    Text(
        "Ist das gewollt, so nennen Sie den Rechner in ALLMENDE_SOURCE_HOSTS.",
        "If that is meant, name the host in ALLMENDE_SOURCE_HOSTS.",
    ),
)
OUTSIDE = ErrorCode(
    "source.outside_address",
    Text("{host} liegt nicht im eigenen Netz.", "{host} is not on the city's own network."),
    Text(
        "Ist das gewollt, so nennen Sie den Rechner in ALLMENDE_TRANSLATION_HOSTS.",
        "If that is meant, name the host in ALLMENDE_TRANSLATION_HOSTS.",
    ),
)
TOO_LARGE = ErrorCode(
    "source.too_large",
    Text("Die Antwort von {host} ist größer als {limit} Bytes.", "The reply of {host} is larger than {limit} bytes."),
    Text("Fragen Sie nach weniger, oder erhöhen Sie most_bytes.", "Ask for less, or raise most_bytes."),
)
NO_SECRET = ErrorCode(
    "source.no_secret",
    Text("Die Umgebungsvariable {name} fehlt.", "The environment variable {name} is missing."),
    Text(
        "Setzen Sie sie, oder {name}_FILE mit dem Namen einer Datei.",
        "Set it, or {name}_FILE with the name of a file.",
    ),
)
BAD_URL = ErrorCode(
    "source.bad_url",
    Text("„{url}“ ist keine Adresse mit http oder https.", "“{url}” is no address with http or https."),
    Text("Berichtigen Sie request.url im Rezept.", "Correct request.url in the recipe."),
)


# Gives the number of a host at a port, or refuses; the third are names of hosts that are let in all the same.
LookUp = Callable[[str, int, tuple[str, ...]], str]


class Fetched(msgspec.Struct, frozen=True):
    """A whole reply; ``fresh`` is false where the source says that nothing has changed.

    ``link`` is the next page that the header names, ``part`` what it is the reply to.
    """

    url: str
    status: int
    body: bytes
    validators: dict[str, str]
    link: str = ""
    part: str | None = None

    @property
    def fresh(self) -> bool:
        """Tell whether there is something new to read."""
        return self.status != 304


class Later(Busy):
    """The source asks for patience; ``seconds`` says how long, where it told."""

    seconds: float = 0.0


class Fetcher:
    """Fetches for one run; keeps connections, waits between requests as the recipe says."""

    def __init__(self, request: Request, allowed_hosts: tuple[str, ...], contact: str) -> None:
        self._request = request
        self._allowed = allowed_hosts
        self._asked = False
        agent = f"Allmende/{version('allmende')} (open source; {contact or 'contact not set'})"
        self._headers = {"User-Agent": agent, **request.headers, **secret_header(request.secret)}
        self._login = _login(request.login)
        self._client = httpx.Client(follow_redirects=False, trust_env=False, verify=trusted())

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def get(self, url: str, validators: dict[str, str] | None = None) -> Fetched:
        """Fetch one reply; ``Busy`` is for what may pass, other errors stay until somebody acts."""
        if self._asked and self._request.pause_seconds:
            time.sleep(self._request.pause_seconds)
        self._asked = True
        until = time.monotonic() + self._request.timeout_seconds
        for _ in range(REDIRECTS):
            found = self._once(url, validators or {}, until)
            if isinstance(found, Fetched):
                return found
            url = found
        raise Invalid(REFUSED, host=_host(url), status="30x")

    def _once(self, url: str, validators: dict[str, str], until: float) -> Fetched | str:
        host = _host(url)
        headers, timeout = {**self._headers, **validators}, self._request.timeout_seconds
        request = directed(self._client, "GET", url, self._allowed, headers=headers, timeout=timeout)
        try:
            reply = self._sent(request)
            try:
                if reply.has_redirect_location:
                    return same_host(url, reply.headers.get("location", ""))
                _check_status(host, reply)
                body = b"".join(self._pieces(host, reply, until))
                link = reply.links.get("next", {}).get("url", "")
                return Fetched(url, reply.status_code, body, _validators(reply), link)
            finally:
                reply.close()
        except httpx.HTTPError as error:
            raise Busy(UNREACHABLE, host=host, why=str(error) or type(error).__name__) from error

    def _sent(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and again with the login where the source asks for it; no body has been read then."""
        steps = self._login.auth_flow(request)
        reply = self._client.send(next(steps), stream=True, auth=None)
        while True:
            try:
                again = steps.send(reply)
            except StopIteration:
                return reply
            reply.close()
            reply = self._client.send(again, stream=True, auth=None)

    def _pieces(self, host: str, reply: httpx.Response, until: float) -> Iterator[bytes]:
        size = 0
        for piece in reply.iter_bytes(PIECE):
            size += len(piece)
            if size > self._request.most_bytes:
                raise Invalid(TOO_LARGE, host=host, limit=self._request.most_bytes)
            if time.monotonic() > until:
                why = Text("Die Antwort endet nicht rechtzeitig", "the reply does not end in time")
                raise Busy(UNREACHABLE, host=host, why=why)
            yield piece


@cache
def trusted() -> ssl.SSLContext:
    """Read the authorities that vouch for hosts once: it takes longer than most runs."""
    return httpx.create_ssl_context(trust_env=False)


def directed(
    client: httpx.Client | httpx.AsyncClient,
    method: str,
    url: str,
    allowed_hosts: tuple[str, ...],
    *,
    headers: Mapping[str, str] | None = None,
    look_up: LookUp | None = None,
    **more: Any,
) -> httpx.Request:
    """Build a request to the number that its host has now, under the host's name.

    The host is looked up once: a second look-up could lead elsewhere, into the city's own network.
    """
    whole = httpx.URL(url)
    pinned = whole.copy_with(host=(look_up or public_address)(whole.host, whole.port or 0, allowed_hosts))
    named = {**(headers or {}), "Host": whole.netloc.decode()}
    return client.build_request(method, pinned, headers=named, extensions={"sni_hostname": whole.host}, **more)


def asked(
    method: str, url: str, allowed_hosts: tuple[str, ...], *, most_bytes: int, timeout: float, **more: Any
) -> bytes:
    """Ask a host once and give what it says; httpx tells of what is no success, a redirection included."""
    with httpx.Client(timeout=timeout, trust_env=False, verify=trusted()) as client:
        reply = client.send(directed(client, method, url, allowed_hosts, **more))
        reply.raise_for_status()
        return reply.content[:most_bytes]


def public_address(host: str, port: int, allowed: tuple[str, ...]) -> str:
    """Look a host up once; refuse one in the city's own network, unless it is allowed."""
    addresses = _addresses(host, port)
    if host not in allowed and not all(ipaddress.ip_address(one).is_global for one in addresses):
        raise Invalid(PRIVATE, host=host)
    return addresses[0]


def own_address(host: str, port: int, allowed: tuple[str, ...]) -> str:
    """Look a host up once; refuse one outside the city's own network, unless it is allowed."""
    addresses = _addresses(host, port)
    if host not in allowed and any(ipaddress.ip_address(one).is_global for one in addresses):
        raise Invalid(OUTSIDE, host=host)
    return addresses[0]


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Busy(UNREACHABLE, host=host, why=str(error)) from error
    return [str(entry[4][0]).partition("%")[0] for entry in found]


def secret_header(secret: Secret | None) -> dict[str, str]:
    """Give the header that carries a secret; refuse where the environment has none."""
    return {} if secret is None else {secret.header: secret.prefix + secret_value(secret)}


def secret_value(secret: Secret) -> str:
    """Give a secret from the environment, or from the file that is named there."""
    return _from_environment(secret.environment)


def _login(login: Login | None) -> httpx.Auth:
    if login is None:
        return httpx.Auth()
    words = _from_environment(login.user_environment), _from_environment(login.password_environment)
    return httpx.DigestAuth(*words) if login.scheme == "digest" else httpx.BasicAuth(*words)


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    path = os.environ.get(f"{name}_FILE", "")
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Invalid(NO_SECRET, name=name) from error
    if not value:
        raise Invalid(NO_SECRET, name=name)
    return value


def _host(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Invalid(BAD_URL, url=url[:100]) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise Invalid(BAD_URL, url=url[:100])
    return parsed.host


def same_host(url: str, link: str) -> str:
    """Give the whole address of a link on the same host; refuse one that leads elsewhere, or from TLS to plain."""
    target = str(httpx.URL(url).join(link))
    before, after = httpx.URL(url), httpx.URL(target)
    if after.host != before.host or (before.scheme == "https" and after.scheme != "https"):
        raise Invalid(ELSEWHERE, host=before.host, other=after.host or target[:100])
    return target


def _check_status(host: str, reply: httpx.Response) -> None:
    status = reply.status_code
    if status in (408, 425, 429) or status >= 500:
        error: AllmendeError = Later(UNREACHABLE, host=host, why=f"HTTP {status}")
        wait = reply.headers.get("retry-after", "")
        if isinstance(error, Later) and wait.isdecimal():
            error.seconds = min(float(wait[:9]), LONGEST_PATIENCE)
        raise error
    if status != 304 and not 200 <= status < 300:
        raise Invalid(REFUSED, host=host, status=status)


def _validators(reply: httpx.Response) -> dict[str, str]:
    pairs = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
    return {asked: reply.headers[given] for given, asked in pairs if given in reply.headers}
