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

_ZONE = r"(?:[Zz]|[+-]\d\d:?\d\d)?"
_DATE = r"\d{4}-\d\d-\d\d"
_INSTANT = rf"{_DATE}[Tt][0-9:.]+{_ZONE}"
_MOMENT = rf"(?:{_INSTANT}|{_DATE})"
_WORDS = re.compile(
    rf"""(?P<space>\s+)
      |(?P<typed>[A-Za-z]+'(?:[^']|'')*+')
      |(?P<text>'(?:[^']|'')*+')
      |(?P<interval>{_MOMENT}/(?:{_MOMENT}|P[0-9.,A-Z]+))
      |(?P<instant>{_INSTANT}|{_DATE}(?![\d.]))
      |(?P<time>\d\d:\d\d(?::\d\d(?:\.\d+)?)?)
      |(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]|-\d\d-\d\d))
      |(?P<name>[^\W\d@][\w.@]*(?:/[\w@.:-]+)*|@[\w.]+|\$count\b)
      |(?P<mark>[(),-])""",
    re.VERBOSE,
)


class Source(msgspec.Struct, frozen=True):
    """Where an expression stands: the option, and how many characters of it come before."""

    option: str
    before: int = 0

    def fault(self, place: int, de: str, en: str) -> Malformed:
        """Make the error for a place of the expression, counted from 1."""
        return fault(self.option, self.before + place, de, en)


class Word(msgspec.Struct, frozen=True):
    """A word: kind, text, and the character (from 1) at which it begins."""

    kind: str
    text: str
    place: int


class Misplaced(Malformed):
    """An error of the store in a part of an option whose place is known."""

    def __init__(self, cause: Malformed, option: str, place: int) -> None:
        self.option, self.place = option, place
        super().__init__(cause.code, **cause.params)

    @property
    def what(self) -> Text:
        """Say what happened, and where."""
        what = super().what
        return Text(
            f"{self.option}, Zeichen {self.place}: {what.de}", f"{self.option}, character {self.place}: {what.en}"
        )


def fault(option: str, place: int, de: str, en: str) -> Malformed:
    """Make the error for a place of an option."""
    return Malformed(BAD_OPTION, option=option, place=place, why=Text(de, en))


def words(source: Source, text: str) -> Iterator[Word]:
    """Split an expression; raise for a character that belongs to nothing."""
    if len(text) > LONGEST:
        raise source.fault(LONGEST, f"länger als {LONGEST} Zeichen", f"longer than {LONGEST} characters")
    place = 0
    while place < len(text):
        match = _WORDS.match(text, place)
        if match is None:
            raise _unreadable(source, text, place)
        if match.lastgroup != "space":
            yield Word(str(match.lastgroup), match.group(), place + 1)
        place = match.end()
    yield Word("end", "", len(text) + 1)


def _unreadable(source: Source, text: str, place: int) -> Malformed:
    shown = text[place]
    if shown == "'":
        return source.fault(place + 1, "der Text hat kein Ende (' fehlt)", "the text has no end (' is missing)")
    if shown.isdigit():
        return source.fault(place + 1, "hier steht keine lesbare Zahl", "no readable number stands here")
    return source.fault(place + 1, f"„{shown}“ passt hier nicht", f"“{shown}” does not fit here")
