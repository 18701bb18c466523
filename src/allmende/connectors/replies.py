"""What the parsers of all connectors share: records, JSON, and how a reply that cannot be read is told."""

from typing import Any

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

Record = dict[str, Any]

NOT_READABLE = ErrorCode(
    "source.not_readable",
    Text("Die Antwort ist kein vollständiges {form}: {why}", "The reply is no complete {form}: {why}"),
    Text(
        "Nichts davon wurde gespeichert. Sehen Sie sie an: allmende connector try NAME",
        "Nothing of it was stored. Look at it: allmende connector try NAME",
    ),
)
NO_RECORDS = ErrorCode(
    "source.no_records",
    Text(
        "In der Antwort steht unter „{path}“ keine Liste von Datensätzen.",
        "The reply has no list of records at “{path}”.",
    ),
    Text(
        "Die Quelle hat ihre Form geändert, oder der Pfad records im Rezept ist falsch.",
        "The source has changed its form, or the path records in the recipe is wrong.",
    ),
)


def json_of(body: bytes) -> Any:
    """Read JSON, with or without a byte order mark; NaN and halves are no JSON."""
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(NOT_READABLE, form="JSON", why=str(error)) from error
