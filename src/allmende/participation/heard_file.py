"""What was said on site as text: quick lines, cards as CSV, minutes; read whole or not at all."""

from collections.abc import Mapping, Sequence

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.shapes import KINDS, Borders, Kind, Shape, read_place
from allmende.participation.table_file import Fault, rows_of
from allmende.register.around import Point

LONGEST_TITLE, LONGEST_BODY, MOST = 120, 5_000, 500
COLUMNS = ("titel", "text", "thema", "geometrie")
_NO_TITLE = Text("der Titel fehlt", "the title is missing")
_LONG = Text("der Titel hat mehr als 120 Zeichen", "the title has more than 120 characters")
_LONG_BODY = Text("der Text hat mehr als 5.000 Zeichen", "the text has more than 5,000 characters")
_TOPIC = Text("das Thema „{topic}“ gibt es nicht", "there is no subject “{topic}”")
_CELLS = Text("zu viele oder zu wenige Felder", "too many or too few fields")
_NO_COLUMN = Text("die Spalte „titel“ fehlt", "the column “titel” is missing")
_STRANGE = Text("die Spalte „{column}“ ist unbekannt", "the column “{column}” is unknown")
_PLACE = Text("geometrie: {why}", "geometrie: {why}")
NOT_TAKEN = ErrorCode(
    "participation.geometry_not_taken",
    Text("Das Verfahren nimmt hier kein: {kind}.", "The process does not take this here: {kind}."),
    Text("Lassen Sie das Feld leer, oder nennen Sie einen Punkt.", "Leave the field empty, or give a point."),
)
_EMPTY = Text("hier steht nichts", "there is nothing here")
_MANY = Text("mehr als 500 Beiträge auf einmal", "more than 500 contributions at once")


class Card(msgspec.Struct, frozen=True):
    """A contribution as it was written down."""

    row: int
    title: str
    body: str = ""
    topic: str = ""
    point: Point | None = None
    shape: Shape | None = None


class Places(msgspec.Struct, frozen=True):
    """Where cards may be: which geometries their format takes, and the surroundings of the city."""

    kinds: tuple[Kind, ...] = ()
    borders: Borders | None = None


NOWHERE = Places()


def read_cards(content: bytes, topics: Mapping[str, str], places: Places = NOWHERE) -> tuple[list[Card], list[Fault]]:
    """Read cards as CSV with the columns titel, text, thema, geometrie (WKT, longitude first).

    ``topics`` are the names by what may stand there.
    """
    rows = rows_of(content)
    if isinstance(rows, Fault):
        return [], [rows]
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    if "titel" not in header:
        return [], [Fault(1, _NO_COLUMN)]
    strange = [column for column in header if column not in COLUMNS]
    if strange:
        return [], [Fault(1, _STRANGE.filled(column=column)) for column in strange]
    cards, faults = list[Card](), list[Fault]()
    for row, cells in enumerate(rows[1:], 2):
        if len(cells) != len(header) and any(cells):
            faults.append(Fault(row, _CELLS))
        elif any(cell.strip() for cell in cells):
            named = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
            try:
                point, shape = _place(named.get("geometrie", ""), places)
            except Invalid as error:
                faults.append(Fault(row, _PLACE.filled(why=error.what)))
                continue
            cards.append(Card(row, named["titel"], named.get("text", ""), named.get("thema", ""), point, shape))
    return checked(cards, topics, faults)


def _place(text: str, places: Places) -> tuple[Point | None, Shape | None]:
    """Read where a card is; raises ``Invalid`` with the reason."""
    if not text:
        return None, None
    point, shape = read_place(text, places.borders)
    kind = shape.kind if shape else "point"
    if kind not in places.kinds:
        raise Invalid(NOT_TAKEN, kind=KINDS[kind])
    return point, shape


def read_minutes(text: str) -> list[Card]:
    """Split minutes: blocks with an empty line between; the first line is the title, or what stands before a bar."""
    cards, block, first = list[Card](), list[str](), 1
    for row, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip():
            first = first if block else row
            block.append(line.strip())
        elif block:
            head, _bar, tail = block[0].partition("|")
            cards.append(Card(first, head.strip(), "\n".join(part for part in (tail.strip(), *block[1:]) if part)))
            block = []
    return cards


def checked(
    cards: Sequence[Card], topics: Mapping[str, str], faults: Sequence[Fault] = ()
) -> tuple[list[Card], list[Fault]]:
    """Give cards with the short names of their subjects; with faults, none."""
    found = [*faults, *(Fault(card.row, reason) for card in cards for reason in _wrong(card, topics))]
    if not cards and not found:
        found = [Fault(1, _EMPTY)]
    if len(cards) > MOST:
        found = [Fault(MOST, _MANY)]
    named = [msgspec.structs.replace(card, topic=topics.get(card.topic.casefold(), "")) for card in cards]
    return ([], sorted(found, key=lambda fault: fault.row)) if found else (named, [])


def _wrong(card: Card, topics: Mapping[str, str]) -> list[Text]:
    wrong = {
        _NO_TITLE: not card.title,
        _LONG: len(card.title) > LONGEST_TITLE,
        _LONG_BODY: len(card.body) > LONGEST_BODY,
        _TOPIC.filled(topic=card.topic): bool(card.topic) and card.topic.casefold() not in topics,
    }
    return [reason for reason, holds in wrong.items() if holds]
