"""Who may do what when, how a contribution goes on, what is held back: as plain values."""

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence

import msgspec

from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.least import LEAST_GROUP

LEVELS: dict[str, Text] = {
    "open": Text("offen für alle, ohne Anmeldung", "open to everybody, without signing in"),
    "mail": Text("mit bestätigter E-Mail", "with a confirmed e-mail address"),
    "code": Text("mit einmaligem Code aus einem Brief", "with a one-time code from a letter"),
    "oidc": Text("mit dem Bürgerkonto der Stadt", "with the city's citizen account"),
}
ACTIONS: dict[str, Text] = {
    "contribute": Text("Beiträge einreichen", "hand in contributions"),
    "comment": Text("kommentieren", "comment"),
    "support": Text("unterstützen", "support"),
    "suggest": Text("Änderungen am Text vorschlagen", "suggest changes to the text"),
    "vote": Text("Aussagen bewerten", "judge statements"),
    "ballot": Text("über das Geld abstimmen", "vote on the money"),
    "rank": Text("in eine Reihenfolge bringen", "put into an order"),
    "compare": Text("paarweise vergleichen", "compare in pairs"),
    "answer": Text("Fragen beantworten", "answer questions"),
}
# What is counted by the head: each person once, whatever they write besides.
COUNTED = frozenset(("vote", "support", "ballot", "rank", "compare", "answer"))
WEIGHTS: dict[str, Text] = {
    "mood": Text("Stimmungsbild", "picture of the mood"),
    "recommendation": Text("Empfehlung an Verwaltung und Gemeinderat", "recommendation to administration and council"),
    "decision": Text("Grundlage für einen Beschluss des Gemeinderats", "basis of a decision by the city council"),
}
PROCESS_STATES: dict[str, Text] = {
    "draft": Text("Entwurf", "draft"),
    "open": Text("öffentlich", "public"),
    "closed": Text("abgeschlossen", "closed"),
    "archived": Text("im Archiv", "archived"),
}
STATES: dict[str, Text] = {
    "received": Text("eingegangen", "received"),
    "checked": Text("geprüft", "checked"),
    "answered": Text("beantwortet", "answered"),
    "linked": Text("in einem Projekt", "in a project"),
    "underway": Text("in Umsetzung", "under way"),
    "done": Text("umgesetzt", "done"),
}
OUTCOMES: dict[str, Text] = {
    "accepted": Text("angenommen", "accepted"),
    "partly": Text("teilweise angenommen", "accepted in part"),
    "declined": Text("abgelehnt", "declined"),
    "elsewhere": Text("andere Stelle zuständig", "another body is responsible"),
    "spoken": Text("in der Werkstatt beantwortet", "answered at the workshop"),
}
TAGS: dict[str, Text] = {
    "idea": Text("Idee", "idea"),
    "caution": Text("Bedenken", "caution"),
    "conflict": Text("Konflikt", "conflict"),
}
STANCES: dict[str, Text] = {
    "pro": Text("dafür", "for it"),
    "contra": Text("dagegen", "against it"),
    "question": Text("Frage", "question"),
}
CHANNELS: dict[str, Text] = {
    "online": Text("online", "online"),
    "onsite": Text("vor Ort", "on site"),
    "paper": Text("auf Papier", "on paper"),
}
REASONS: dict[str, Text] = {
    "off-topic": Text("gehört nicht zum Thema", "does not belong to the subject"),
    "insult": Text("beleidigt oder droht", "insults or threatens"),
    "personal": Text("nennt persönliche Daten anderer", "names personal data of others"),
    "advertising": Text("ist Werbung", "is advertising"),
    "repeated": Text("steht hier schon", "stands here already"),
    "unlawful": Text("verstößt gegen ein Gesetz", "breaks a law"),
}
CAUSES: dict[str, Text] = {
    "no-proof": Text("ohne Rechenprobe abgeschickt", "sent without the computed proof"),
    "links": Text("viele Links", "many links"),
    "repeated": Text("gleicher Text wie ein anderer", "the same text as another"),
    "before": Text("Prüfung vor der Veröffentlichung", "checked before publication"),
    "reported": Text("gemeldet", "reported"),
    "appeal": Text("Einspruch gegen das Verbergen", "appeal against hiding"),
}
FORGOT: dict[str, Text] = {
    "followers": Text("E-Mail-Adressen", "e-mail addresses"),
    "coauthors": Text("Namen von Mitverfassenden", "names of co-authors"),
    "codes": Text("Codes", "codes"),
    "hidden": Text("Worte verborgener Beiträge", "words of hidden contributions"),
    "comments": Text("Worte verborgener Kommentare", "words of hidden comments"),
    "authors": Text("Namen und Schlüssel von Beiträgen", "names and keys of contributions"),
    "commenters": Text("Namen und Schlüssel von Kommentaren", "names and keys of comments"),
    "pools": Text("Menschen im Kreis des Losverfahrens", "people in the pool of the lots"),
    "registrations": Text("Anmeldungen zu Werkstätten", "registrations for workshops"),
    "card_photos": Text("Fotos von Karten", "photos of cards"),
    "sheets": Text("Bögen von Umfragen", "sheets of surveys"),
    "words": Text("freie Worte in Umfragen", "free words in surveys"),
}
# A new process closes itself so many days after its last phase, unless somebody says otherwise.
CLOSE_DAYS = 30
MOST_LINKS, PAGE, MOST_COAUTHORS = 2, 30, 5
EDIT_TIME = dt.timedelta(hours=1)
SMALLEST_GROUP = LEAST_GROUP
# From this share of a group on its view counts as that of the group.
CLEAR = 0.6
# Signs that are not taken for each other when written by hand; twelve of them hold 59 random bits.
SIGNS, CODE_LENGTH = "abcdefghjkmnpqrstuvwxyz23456789", 12
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]")

NOT_PUBLIC = ErrorCode(
    "participation.not_public",
    Text("Dieses Verfahren ist nicht offen.", "This process is not open."),
    Text("Laufende Verfahren stehen unter /mitmachen/.", "Running processes are listed at /mitmachen/."),
)
PHASE_CLOSED = ErrorCode(
    "participation.phase_closed",
    Text("Zurzeit kann man hier nicht: {action}.", "At present one cannot do this here: {action}."),
    Text(
        "Die Phasen und ihre Tage stehen auf der Seite des Verfahrens.",
        "The phases and their days stand on the page of the process.",
    ),
)
NEEDS_PASS = ErrorCode(
    "participation.needs_pass",
    Text("Dafür brauchen Sie eine Teilnahme: {level}.", "For that you need to take part: {level}."),
    Text("Beginnen Sie auf der Seite „Teilnehmen“ des Verfahrens.", "Begin on the page “Take part” of the process."),
)
BAD_CODE = ErrorCode(
    "participation.bad_code",
    Text("Diesen Code gibt es in diesem Verfahren nicht.", "There is no such code in this process."),
    Text("Prüfen Sie die zwölf Zeichen auf Ihrem Brief.", "Check the twelve signs on your letter."),
)
STEP_BACK = ErrorCode(
    "participation.step_back",
    Text("{number} ist „{state}“; „{to}“ folgt darauf nicht.", "{number} is “{state}”; “{to}” does not follow."),
    Text(
        "Erlaubt ist nur der Weg nach vorn, mit Antwort vor dem Projekt.",
        "Only the way ahead is allowed, with an answer before the project.",
    ),
)
TEXT_MOVED = ErrorCode(
    "participation.text_moved",
    Text(
        "Der Absatz wurde inzwischen geändert: jetzt Fassung {version}.",
        "The paragraph has been changed meanwhile: now version {version}.",
    ),
    Text("Vergleichen Sie beide Fassungen; Ihr Text ist noch da.", "Compare both versions; your text is still there."),
)
SAME_PERSON = ErrorCode(
    "participation.same_person",
    Text("Über einen Einspruch entscheidet eine andere Person.", "Another person decides about an appeal."),
    Text("Bitten Sie jemanden, der nicht verborgen hat.", "Ask somebody who did not do the hiding."),
)
PROCESS_MOVE = ErrorCode(
    "participation.process_move",
    Text(
        "Das Verfahren ist „{state}“; „{to}“ folgt darauf nicht.", "The process is “{state}”; “{to}” does not follow."
    ),
    Text("Der Weg ist: Entwurf, öffentlich, abgeschlossen, Archiv.", "The way is: draft, public, closed, archive."),
)
NOT_DECLARED = ErrorCode(
    "participation.not_declared",
    Text("Vor dem Veröffentlichen fehlt: {missing}.", "Before publishing, this is missing: {missing}."),
    Text("Tragen Sie es ein; es wird allen gezeigt.", "Enter it; it is shown to everybody."),
)
EDIT_OVER = ErrorCode(
    "participation.edit_over",
    Text(
        "Dieser Beitrag lässt sich nicht mehr ändern.",
        "This contribution cannot be changed any more.",
    ),
    Text(
        "Das geht eine Stunde lang, bis jemand ihn kommentiert oder ein Amt antwortet. Zurückziehen können Sie ihn.",
        "That is possible for an hour, until somebody comments or an office answers. You can take it back.",
    ),
)
NOT_WITHDRAWN = ErrorCode(
    "participation.cannot_withdraw",
    Text("Dieser Beitrag lässt sich nicht zurückziehen.", "This contribution cannot be taken back."),
    Text(
        "Er ist schon zurückgezogen oder steht in einem anderen. Schreiben Sie der Stelle, die antwortet.",
        "It has been taken back or stands in another. Write to the office that answers.",
    ),
)
MANY_AUTHORS = ErrorCode(
    "participation.many_authors",
    Text("Mehr als {limit} Mitverfassende haben keinen Platz.", "There is no room for more than {limit} co-authors."),
    Text("Nennen Sie Ihre Gruppe beim Namen.", "Give your group a name."),
)
MOVES = {("draft", "open"), ("open", "closed"), ("closed", "archived"), ("closed", "open")}


class Span(msgspec.Struct, frozen=True):
    """A phase in time, half-open, with what people may do in it."""

    slug: str
    since: dt.datetime
    until: dt.datetime
    allows: tuple[str, ...]

    def holds(self, now: dt.datetime) -> bool:
        """Tell whether it runs."""
        return self.since <= now < self.until


def allowed_now(spans: Iterable[Span], now: dt.datetime) -> set[str]:
    """Give what people may do now."""
    return {action for span in spans if span.holds(now) for action in span.allows}


def require_action(state: str, spans: Iterable[Span], action: str, now: dt.datetime) -> None:
    """Refuse what the process does not allow now."""
    if state != "open":
        raise Denied(NOT_PUBLIC)
    if action not in allowed_now(spans, now):
        raise Conflict(PHASE_CLOSED, action=ACTIONS[action])


def fits(needed: str, level: str) -> bool:
    """Tell whether a pass of a level opens an action; what is open takes any."""
    return needed in ("open", level)


def require_move(state: str, to: str) -> None:
    """Refuse a process to jump."""
    if (state, to) not in MOVES:
        raise Conflict(PROCESS_MOVE, state=PROCESS_STATES[state], to=PROCESS_STATES[to])


def require_step(number: str, state: str, outcome: str, to: str) -> None:
    """Refuse a step back, and a project for what was not accepted; a state may be told of more than once."""
    order = list(STATES)
    ahead = order.index(to) >= order.index(state) and to != "received"
    accepted = order.index(to) <= order.index("answered") or outcome in ("accepted", "partly")
    if not ahead or not accepted:
        raise Conflict(STEP_BACK, number=number, state=STATES[state], to=STATES[to])


def is_editable(received: dt.datetime, state: str, visibility: str, *, said: bool, now: dt.datetime) -> bool:
    """Tell whether an author may still change what they handed in."""
    public = visibility in ("shown", "held", "unconfirmed")
    return public and state == "received" and not said and now < received + EDIT_TIME


def require_editable(editable: bool) -> None:
    """Refuse to change words to which others have answered."""
    if not editable:
        raise Conflict(EDIT_OVER)


def require_withdrawable(visibility: str) -> None:
    """Refuse to take back what is not there any more, or stands in another contribution."""
    if visibility in ("withdrawn", "merged"):
        raise Conflict(NOT_WITHDRAWN)


def require_few_coauthors(count: int) -> None:
    """Refuse more names than a page can show."""
    if count >= MOST_COAUTHORS:
        raise Conflict(MANY_AUTHORS, limit=MOST_COAUTHORS)


def number_of(year: int, serial: int) -> str:
    """Give the number by which a contribution is known."""
    return f"{year}-{serial:05}"


def pseudonym(key: bytes, method: str, subject: str) -> str:
    """Give what stands for a person within one process; without the key nobody can go back, or to another process."""
    return hmac.new(key, f"{method}:{subject}".encode(), hashlib.sha256).hexdigest()


def digest(secret: str) -> str:
    """Hash a random secret; a fast hash is enough for one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Make a secret that people can copy by hand."""
    return "".join(secrets.choice(SIGNS) for _ in range(CODE_LENGTH))


def plain_code(text: str) -> str:
    """Read a code as people type it: with spaces, hyphens, capitals."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def cleaned(text: str) -> str:
    """Take out what cannot be seen but turns other text around; letters of all scripts and emoji stay."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n")).strip()


def causes_to_hold(text: str, *, proven: bool, repeated: bool, before: bool) -> list[str]:
    """Give why a text waits for moderation; nothing when it is shown at once."""
    found = {
        "no-proof": not proven,
        "links": len(_LINK.findall(text)) > MOST_LINKS,
        "repeated": repeated,
        "before": before,
    }
    return [cause for cause, holds in found.items() if holds]


def grams(title: str) -> set[str]:
    """Give the trigrams of a title, word by word, as PostgreSQL's pg_trgm does."""
    words = re.findall(r"\w+", title.casefold())
    return {f"  {word} "[place : place + 3] for word in words for place in range(len(word) + 1)}


def likeness(shared: int, one: int, other: int) -> float:
    """Give the Jaccard likeness of two sets by their sizes."""
    return shared / max(1, one + other - shared)


class Share(msgspec.Struct, frozen=True):
    """How a group voted on a statement; None where the group is too small to be shown."""

    agree: int
    disagree: int
    passed: int

    @property
    def total(self) -> int:
        """Count the votes."""
        return self.agree + self.disagree + self.passed

    @property
    def view(self) -> str:
        """Give what the group thinks: agree, disagree or mixed."""
        for name, count in (("agree", self.agree), ("disagree", self.disagree)):
            if self.total and count / self.total >= CLEAR:
                return name
        return "mixed"

    @property
    def percent(self) -> int:
        """Give the share of those who agree."""
        return round(100 * self.agree / self.total) if self.total else 0


def consensus(shares: Sequence[Share]) -> float:
    """Give how far all groups agree, between 0 and 1: the product over the groups of (agreeing + 1) / (all + 2)."""
    value = 1.0
    for share in shares:
        value *= (share.agree + 1) / (share.total + 2)
    return value


def is_conflict(shares: Sequence[Share]) -> bool:
    """Tell whether one group clearly agrees with what another clearly rejects."""
    views = {share.view for share in shares}
    return {"agree", "disagree"} <= views


def require_version(current: int, base: int) -> None:
    """Refuse to overwrite what somebody else wrote meanwhile."""
    if current != base:
        raise Conflict(TEXT_MOVED, version=current)


def require_declared(missing: list[str]) -> None:
    """Refuse to publish a process that does not say what it must."""
    if missing:
        raise Invalid(NOT_DECLARED, missing=", ".join(missing))
