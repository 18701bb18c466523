"""Entity tags and conditional requests (RFC 9110, clause 13)."""

import hashlib

from allmende.apis.sensorthings.cells import Written
from allmende.kernel.errors import AllmendeError, ErrorCode
from allmende.kernel.text import Text

CHANGED = ErrorCode(
    "sensorthings.changed",
    Text("Das Objekt wurde inzwischen geändert.", "The entity was changed in the meantime."),
    Text("Lesen Sie es neu und senden Sie dessen ETag in If-Match.", "Read it again and send its ETag in If-Match."),
)
# Hashing a larger answer would take a noticeable part of the time that making it takes.
LARGEST_TAGGED = 262_144
CODED = "-gzip"


class PreconditionFailed(AllmendeError):
    """What the caller knew is no longer so."""

    status = 412


def tag_of(body: Written) -> str:
    """Give the strong entity tag of an answer: a hash of its bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _tags(header: str) -> set[str]:
    """Read the tags of a header; one of a compressed answer stands for the plain one."""
    parts = (part.strip() for part in header.split(","))
    return {part.replace(f'{CODED}"', '"') for part in parts if part}


def unchanged(if_none_match: str, tag: str) -> bool:
    """Tell whether the reader has the answer already (weak comparison)."""
    tags = _tags(if_none_match)
    return "*" in tags or tag in {one.removeprefix("W/") for one in tags}


def require_match(if_match: str, tag: str) -> None:
    """Refuse a write when ``If-Match`` was sent and names another state than the present one (strong comparison)."""
    tags = _tags(if_match)
    if if_match and "*" not in tags and tag not in tags:
        raise PreconditionFailed(CHANGED)
