"""What a request carries: its body up to the limit, and what stands for a token."""

import base64

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text

LARGEST_BODY = 10_000_000
TOKEN_NEEDED = ErrorCode(
    "sensorthings.token_needed",
    Text("Zum Anlegen fehlt eine Zugangsmarke.", "Creating needs a token."),
    Text("Senden Sie: Authorization: Bearer TOKEN", "Send: Authorization: Bearer TOKEN"),
)
TOO_LARGE = ErrorCode(
    "sensorthings.too_large",
    Text("Die Anfrage ist größer als {limit} Bytes.", "The request is larger than {limit} bytes."),
    Text("Teilen Sie sie auf.", "Split it."),
)


class TooLarge(Malformed):
    """More than the door takes."""

    status = 413


async def body_of(receive: Receive, announced: str) -> bytes:
    """Read the body up to the limit; one that announces more is not read at all."""
    if announced.isdecimal() and int(announced[:18]) > LARGEST_BODY:
        raise TooLarge(TOO_LARGE, limit=LARGEST_BODY)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise TooLarge(TOO_LARGE, limit=LARGEST_BODY)
        more = message.get("more_body", False)
    return b"".join(parts)


def plain_token(authorization: str) -> str | None:
    """Read what stands for a token: as Bearer, or as the password of HTTP Basic under any name."""
    scheme, _, plain = authorization.partition(" ")
    if scheme.lower() == "basic":
        return _password(plain.strip())
    return plain.strip() if scheme.lower() == "bearer" else None


def _password(encoded: str) -> str:
    """Give the password of HTTP Basic, which many clients know alone; what is no such pair is no token."""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
