"""What a batch consists of, whatever it is written in."""

import msgspec

from allmende.kernel.errors import AllmendeError, ErrorCode, Malformed
from allmende.kernel.text import Text

MOST_PARTS = 1_000
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

BAD_BATCH = ErrorCode(
    "sensorthings.bad_batch",
    Text("Das Sammelpaket ist nicht lesbar: {why}.", "The batch cannot be read: {why}."),
    Text(
        "Senden Sie multipart/mixed mit boundary, oder JSON mit „requests“.",
        "Send multipart/mixed with a boundary, or JSON with “requests”.",
    ),
)
BAD_PART = ErrorCode(
    "sensorthings.bad_part",
    Text("Dieser Teil ist keine ausführbare Anfrage: {why}.", "This part is no request that can be run: {why}."),
    Text("Berichtigen Sie den Teil; die anderen wurden ausgeführt.", "Correct the part; the others were run."),
)


def bad_batch(de: str, en: str) -> Malformed:
    """Make the error for a batch of which nothing can be run."""
    return Malformed(BAD_BATCH, why=Text(de, en))


def bad_part(de: str, en: str) -> Malformed:
    """Make the error for one part."""
    return Malformed(BAD_PART, why=Text(de, en))


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a batch; ``group`` names the change set to which it belongs, ``needs`` what must go well first.

    A part that cannot be read carries the error in place of a request.
    """

    id: str = ""
    method: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""
    group: str = ""
    needs: tuple[str, ...] = ()
    error: AllmendeError | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one part."""

    part: Part
    status: int
    headers: dict[str, str]
    body: bytes


def check_count(count: int) -> None:
    """Refuse a batch without parts, and one with too many."""
    if not 0 < count <= MOST_PARTS:
        raise bad_batch(
            f"{count} Teile, möglich sind 1 bis {MOST_PARTS}", f"{count} parts, possible are 1 to {MOST_PARTS}"
        )
