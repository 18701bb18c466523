"""The ceremony of a draw: nobody alone knows the seed before, and anyone can repeat everything after.

Before the draw the table of lots is published, and the SHA-256 of a secret of the city. Then chance that nobody can
foresee gives a public word. The seed is the secret, a space, and the word: the city cannot choose it any more, and
whoever brings about the word does not know the secret.
"""

import hashlib
from collections.abc import Collection

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.lots import shuffled
from allmende.participation.methods.panels.draw import draw
from allmende.participation.methods.panels.published import Lottery

NOT_REPEATED = ErrorCode(
    "panel.not_repeated",
    Text("Die Ziehung lässt sich nicht wiederholen: {reason}.", "The draw cannot be repeated: {reason}."),
    Text(
        "Prüfen Sie, ob beide Dateien zur selben Ziehung gehören.", "Check whether both files belong to the same draw."
    ),
)
_OTHER_TABLE = Text("die Lostabelle ist eine andere", "the table of lots is another")
_OTHER_SECRET = Text("das Geheimnis passt nicht zur Prüfsumme", "the secret does not fit its hash")
_OTHER_PANEL = Text("es ergibt sich ein anderes Gremium", "another panel results")
_OTHER_FOLLOWER = Text("auf Nummer {number} folgt eine andere", "another follows number {number}")


class Succession(msgspec.Struct, frozen=True):
    """Who declined, and who follows; nobody where the kind has no one left."""

    declined: str
    follows: str | None


class Ceremony(msgspec.Struct, frozen=True):
    """What is published after the draw."""

    lottery_sha256: str
    commitment: str
    secret: str
    public_word: str
    lot: int
    attempt: int
    panel: tuple[str, ...]
    successions: tuple[Succession, ...] = ()


def sha256(content: bytes) -> str:
    """Hash bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def seed_of(secret: str, public_word: str) -> str:
    """Give the seed of the draw."""
    return f"{secret} {public_word}"


def held(lottery: bytes, secret: str, public_word: str) -> Ceremony:
    """Draw from a published table."""
    table = msgspec.json.decode(lottery, type=Lottery)
    drawn = draw(table.entries, table.tickets, seed_of(secret, public_word))
    return Ceremony(
        *(sha256(lottery), sha256(secret.encode()), secret, public_word),
        *(drawn.lot, drawn.attempt, drawn.panel),
    )


def follower(lottery: bytes, seed: str, declined: str, asked: Collection[str], seated: Collection[str]) -> str | None:
    """Give who follows: the next of the same kind in the order of the draw, of no household that has a seat.

    ``asked`` are all numbers that were ever drawn or followed, ``seated`` those who have a seat now.
    """
    tickets = {ticket.number: ticket for ticket in msgspec.json.decode(lottery, type=Lottery).tickets}
    households = {tickets[number].household for number in seated} - {None}
    kind = [number for number, ticket in tickets.items() if ticket.kind == tickets[declined].kind]
    free = (number for number in shuffled(seed, kind) if number not in asked)
    return next((number for number in free if tickets[number].household not in households), None)


def repeat(lottery: bytes, told: Ceremony) -> None:
    """Repeat a draw from what was published, with all who followed; refuse what comes out otherwise."""
    if sha256(lottery) != told.lottery_sha256:
        raise Invalid(NOT_REPEATED, reason=_OTHER_TABLE)
    if sha256(told.secret.encode()) != told.commitment:
        raise Invalid(NOT_REPEATED, reason=_OTHER_SECRET)
    again = held(lottery, told.secret, told.public_word)
    if (again.lot, again.attempt, again.panel) != (told.lot, told.attempt, told.panel):
        raise Invalid(NOT_REPEATED, reason=_OTHER_PANEL)
    seed, asked, seated = seed_of(told.secret, told.public_word), set(told.panel), set(told.panel)
    for step in told.successions:
        seated.discard(step.declined)
        follows = follower(lottery, seed, step.declined, asked, seated)
        if follows != step.follows:
            raise Invalid(NOT_REPEATED, reason=_OTHER_FOLLOWER.filled(number=step.declined))
        if follows is not None:
            asked.add(follows)
            seated.add(follows)
