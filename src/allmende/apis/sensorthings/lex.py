"""Words of an OData expression, each with its place."""

import re
from collections.abc import Iterator

import msgspec

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text

BAD_OPTION = ErrorCode(
    "sensorthings.bad_option",
    Text("{option}, Zeichen {place}: {why}.", "{option}, character {place}: {why}."),
    Text("Berichtigen Sie die Anfrage an dieser Stelle.", "Correct the request at this place."),
)
LONGEST = 8_000

_WORDS = re.compile(
    r"""(?P<space>\s+)
      |(?P<text>'(?:[^']|'')*')
      |(?P<instant>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:?\d\d)?(?:/\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)?|\d{4}-\d\d-\d\d(?![\d.]))
      |(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      |(?P<name>[A-Za-z_@][A-Za-z0-9_.@]*(?:/[A-Za-z0-9_@.-]+)*)
      |(?P<mark>[(),])""",
    re.VERBOSE,
)


class Word(msgspec.Struct, frozen=True):
    """A word: kind, text, and the character (from 1) at which it begins."""

    kind: str
    text: str
    place: int


def fault(option: str, place: int, de: str, en: str) -> Malformed:
    """Make the error for a place of an option."""
    return Malformed(BAD_OPTION, option=option, place=place, why=Text(de, en))


def words(option: str, text: str) -> Iterator[Word]:
    """Split an expression; raise for a character that belongs to nothing."""
    if len(text) > LONGEST:
        raise fault(option, LONGEST, f"länger als {LONGEST} Zeichen", f"longer than {LONGEST} characters")
    place = 0
    while place < len(text):
        match = _WORDS.match(text, place)
        if match is None:
            shown = text[place]
            if shown == "'":
                raise fault(option, place + 1, "der Text hat kein Ende (' fehlt)", "the text has no end (' is missing)")
            raise fault(option, place + 1, f"„{shown}“ passt hier nicht", f"“{shown}” does not fit here")
        if match.lastgroup != "space":
            yield Word(str(match.lastgroup), match.group(), place + 1)
        place = match.end()
    yield Word("end", "", len(text) + 1)
