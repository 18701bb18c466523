"""What minutes are, what may be done with them, and what of them is public, as plain values."""

import datetime as dt
import hashlib
import re

import msgspec

from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid
from allmende.kernel.text import Text

BODIES: dict[str, Text] = {
    "ethics-board": Text("Ethikbeirat", "Ethics board"),
    "stewards": Text("Runde der Datenverantwortlichen", "Round of the data stewards"),
}
# Who took part stands in the minutes as a number for each role, so that they name nobody.
ATTENDING: dict[str, Text] = {
    "chair": Text("Vorsitz", "chair"),
    "members": Text("Mitglieder des Beirats", "members of the board"),
    "stewards": Text("Datenverantwortliche", "data stewards"),
    "privacy": Text("Datenschutz", "data protection"),
    "office": Text("Programmbüro", "programme office"),
    "experts": Text("Sachverständige", "experts"),
    "guests": Text("Gäste", "guests"),
}
STATES: dict[str, Text] = {
    "draft": Text("Entwurf", "draft"),
    "sealed": Text("bestätigt und versiegelt", "confirmed and sealed"),
}
NUMBER = re.compile(r"\bS-\d{4}-\d{4,}\b")

SEALED = ErrorCode(
    "minutes.sealed",
    Text(
        "{number} Fassung {version} ist versiegelt; daran ändert niemand mehr etwas.",
        "{number} version {version} is sealed; nobody changes it any more.",
    ),
    Text("Eine Berichtigung ist eine neue Fassung.", "A correction is a new version."),
)
OWN_MINUTES = ErrorCode(
    "minutes.own",
    Text("Wer an {number} geschrieben hat, bestätigt es nicht selbst.", "Who wrote in {number} does not confirm it."),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)
MOVED = ErrorCode(
    "minutes.moved",
    Text(
        "{number} hat sich geändert, seit Sie es gelesen haben; nichts wurde versiegelt.",
        "{number} has changed since you read it; nothing was sealed.",
    ),
    Text("Lesen Sie es noch einmal, und bestätigen Sie dann.", "Read it again, then confirm."),
)
UNFINISHED = ErrorCode(
    "minutes.unfinished",
    Text("{number} ist nicht fertig; es fehlt: {missing}.", "{number} is not finished; missing: {missing}."),
    Text("Ergänzen Sie den Entwurf.", "Complete the draft."),
)
OPEN_CORRECTION = ErrorCode(
    "minutes.being_corrected",
    Text("{number} wird schon berichtigt.", "{number} is being corrected already."),
    Text("Arbeiten Sie am vorhandenen Entwurf weiter.", "Go on with the draft that is there."),
)


class PublicItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of the agenda as everybody may read it; ``about`` names rules, data sheets and objections."""

    title: Text
    about: tuple[str, ...] = ()
    discussed: Text | None = None
    decided: Text | None = None


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Minutes as everybody may read them; of items that are left out, only the number is told."""

    number: str
    version: int
    body: str
    day: dt.date
    attending: dict[str, int]
    items: tuple[PublicItem, ...]
    left_out: int = 0
    correction: Text | None = None

    @property
    def body_text(self) -> Text:
        """Name the body."""
        return BODIES[self.body]

    @property
    def people(self) -> list[tuple[Text, int]]:
        """Give who took part, by role."""
        return [(text, self.attending[name]) for name, text in ATTENDING.items() if self.attending.get(name)]


_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: object) -> str:
    """Write something so that equal content has equal bytes: members in order of their names, no space."""
    return _ENCODER.encode(value).decode()


def sha256(text: str) -> str:
    """Give the hash that stands in the ledger."""
    return hashlib.sha256(text.encode()).hexdigest()


def number_of(year: int, serial: int) -> str:
    """Give the number by which minutes are cited."""
    return f"S-{year}-{serial:04}"


def require_draft(number: str, version: int, state: str) -> None:
    """Refuse to change what is sealed."""
    if state == "sealed":
        raise Conflict(SEALED, number=number, version=version)


def require_sealable(record: Record, writers: set[int], person: int | None, today: dt.date) -> None:
    """Refuse to seal what is not finished, and whoever wrote in it."""
    if person is None or person in writers:
        raise Denied(OWN_MINUTES, number=record.number)
    missing = []
    if not (record.items or record.left_out):
        missing.append(Text("ein Tagesordnungspunkt", "an item of the agenda"))
    if not record.people:
        missing.append(Text("wer teilnahm", "who took part"))
    if record.day > today:
        missing.append(
            Text("die Sitzung selbst (ihr Tag ist noch nicht da)", "the meeting itself (its day is to come)")
        )
    if missing:
        de, en = (", ".join(text.within(language) for text in missing) for language in ("de", "en"))
        raise Invalid(UNFINISHED, number=record.number, missing=Text(de, en))
