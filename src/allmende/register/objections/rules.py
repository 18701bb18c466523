"""Kinds, deadlines and steps of an objection, as plain values."""

import datetime as dt

from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text

KINDS: dict[str, Text] = {
    "objection": Text("Einwand gegen eine Datennutzung", "objection to a use of data"),
    "breach": Text("Meldung eines Verstoßes gegen die Regeln", "report of a breach of the rules"),
    "question": Text("Frage zu meinen Daten", "question about my data"),
}
# Objections and questions: one month (GDPR, article 12, paragraph 3); breaches: 72 hours (article 33, paragraph 1).
DEADLINES = {"objection": dt.timedelta(days=30), "breach": dt.timedelta(hours=72), "question": dt.timedelta(days=30)}
STATES: dict[str, Text] = {
    "received": Text("eingegangen", "received"),
    "checking": Text("in Prüfung", "being checked"),
    "answered": Text("beantwortet", "answered"),
}
OUTCOMES: dict[str, Text] = {
    "accepted": Text("angenommen", "accepted"),
    "partly": Text("teilweise angenommen", "accepted in part"),
    "declined": Text("abgelehnt", "declined"),
    "elsewhere": Text("andere Stelle zuständig", "another body is responsible"),
}
# How long after the answer the words of the person and their address are kept, for a question back or a complaint.
KEPT_AFTER_ANSWER = dt.timedelta(days=180)
MOST_AN_HOUR = 5

ANSWERED_ALREADY = ErrorCode(
    "objections.answered_already",
    Text("{number} ist schon beantwortet.", "{number} is answered already."),
    Text("Eine neue Lage ist ein neuer Fall.", "A new situation is a new case."),
)

ABOUT_NOTHING = ErrorCode(
    "objections.about_nothing",
    Text("{number} nennt keine Datennutzung, die es gibt.", "{number} names no data use that there is."),
    Text(
        "Setzen Sie die Datennutzung, um die es geht, auf ihrer Seite unter /intern/datennutzungen/ aus.",
        "Suspend the data use in question on its page at /intern/datennutzungen/.",
    ),
)
NOT_BY_THIS = ErrorCode(
    "objections.not_suspended_by",
    Text("Wegen {number} ist nichts ausgesetzt.", "Nothing is suspended because of {number}."),
    Text("Sehen Sie auf der Seite der Datennutzung nach.", "Look at the page of the data use."),
)
SUSPENDED = Text("Die Datennutzung ist ausgesetzt: {reason}", "The data use is suspended: {reason}")
LIFTED = Text("Die Aussetzung ist aufgehoben: {reason}", "The suspension is lifted: {reason}")


def number_of(year: int, serial: int) -> str:
    """Give the number by which a case is known."""
    return f"E-{year}-{serial:04}"


def due(kind: str, received: dt.datetime) -> dt.datetime:
    """Give the instant by which a case has to be answered."""
    return received + DEADLINES[kind]


def require_open(number: str, state: str) -> None:
    """Refuse to change what is answered."""
    if state == "answered":
        raise Conflict(ANSWERED_ALREADY, number=number)
