"""Local names: put in the place of parameters, filled in again, and looked for where they must not stand."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

PLACE = re.compile(r"\{\{([a-z0-9.-]+)\}\}")
# Files of which nobody wrote a word: figures, hashes, and what is local on purpose.
UNREAD = (".csv", "parameters.yaml", "sbom.cdx.json", "manifest-sha256.txt", "ledger/proof.txt")
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|(?<!\d)\+?0\d{2,4}[ /-]\d{4,}")
MISSING = ErrorCode(
    "transfer.missing_parameter",
    Text("Für diese Angaben fehlt ein Wert: {names}.", "These parameters have no value: {names}."),
    Text(
        "Ergänzen Sie die Datei; das Muster gibt: allmende transfer parameters PAKET",
        "Complete the file; the form is given by: allmende transfer parameters PACKAGE",
    ),
)


class Leftover(msgspec.Struct, frozen=True):
    """A local name, or what looks like personal data, where it must not stand."""

    file: str
    line: int
    word: str

    def __str__(self) -> str:
        """Name the place."""
        return f"{self.file}:{self.line}: {self.word}"


def with_places(value: Any, names: Mapping[str, str]) -> Any:
    """Put ``{{name}}`` for every local name in all texts of a plain value; ``names`` maps the words to names."""
    if not names:
        return value
    pattern = re.compile("|".join(rf"\b{re.escape(word)}" for word in sorted(names, key=lambda w: (-len(w), w))))
    return _walked(value, lambda text: pattern.sub(lambda found: f"{{{{{names[found[0]]}}}}}", text))


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """Put the values of a city in the place of ``{{name}}``; raise for those it has not."""
    missing = sorted({name for name in used(value) if not names.get(name, "").strip()})
    if missing:
        raise Invalid(MISSING, names=", ".join(missing))
    return _walked(value, lambda text: PLACE.sub(lambda found: names[found[1]], text))


def used(value: Any) -> set[str]:
    """Name the parameters that a plain value uses."""
    found: set[str] = set()

    def look(text: str) -> str:
        found.update(PLACE.findall(text))
        return text

    _walked(value, look)
    return found


def _walked(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _walked(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_walked(one, change) for one in value]
    return value


def leftovers(files: Mapping[str, bytes], words: Iterable[str]) -> list[Leftover]:
    """Find local names, mail addresses and telephone numbers outside the parameters, each with file and line."""
    wanted = "|".join(rf"\b{re.escape(word)}" for word in sorted({word for word in words if word.strip()}))
    pattern = re.compile(f"{wanted}|{MAIL.pattern}" if wanted else MAIL.pattern, re.IGNORECASE)
    return [
        Leftover(file, number, found[0])
        for file, raw in sorted(files.items())
        if not file.endswith(UNREAD)
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1)
        for found in pattern.finditer(line)
    ]
