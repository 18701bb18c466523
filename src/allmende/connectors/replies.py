"""What the parsers of all connectors share: records, JSON, and how a reply that cannot be read is told."""

import io
import zipfile
import zlib
from collections.abc import Callable
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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(NOT_READABLE, form="JSON", why=str(error)) from error


def entries(tree: Any, *names: str) -> list[Record]:
    """Give the list of objects under names that lead down; raise ``source.no_records`` where there is none."""
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(tree, list) or any(not isinstance(one, dict) for one in tree):
        raise Invalid(NO_RECORDS, path=".".join(names) or "$")
    return tree


def only_member(body: bytes, form: str, wanted: Callable[[str], bool], largest: int) -> bytes:
    """Give the one file of an archive that is wanted; raise ``source.not_readable`` for none, several or a huge one."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            found = [entry for entry in archive.infolist() if wanted(entry.filename)]
            if len(found) != 1 or found[0].file_size > largest:
                why = Text("Es enthält nicht genau eine Tabelle", "it does not hold exactly one table")
                raise Invalid(NOT_READABLE, form=form, why=why)
            return archive.read(found[0])
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise Invalid(NOT_READABLE, form=form, why=str(error)) from error
