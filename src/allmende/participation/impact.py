"""What a process means for data protection, told from its settings alone: the first half of an assessment.

Article 35(7) of the GDPR asks for a description, for necessity, for risks and for measures. What follows from the
settings is told here; weighing it stays with people.
"""

from collections.abc import Callable

import msgspec

from allmende.kernel.text import Text
from allmende.participation.methods.least import LEAST_GROUP
from allmende.participation.rules import COUNTED


class Setting(msgspec.Struct, frozen=True):
    """As much of a process as the assessment needs."""

    actions: tuple[str, ...]
    parts: tuple[str, ...]
    level: str
    writing: str
    strict: bool
    place: bool
    photo: bool
    keep_days: int
    quotas: bool


class Kind(msgspec.Struct, frozen=True):
    """A kind of data: what, of whom, what for, until when, who sees it; ``special`` after Article 9."""

    data: Text
    what_for: Text
    until: Text
    seen_by: Text
    special: bool = False


class Risk(msgspec.Struct, frozen=True):
    """What could happen to people, and what is done against it."""

    risk: Text
    measure: Text


class Impact(msgspec.Struct, frozen=True):
    """The whole description; ``criteria`` are reasons why an assessment is needed."""

    kinds: tuple[Kind, ...]
    criteria: tuple[Text, ...]
    risks: tuple[Risk, ...]


EVERYBODY, STAFF, NOBODY = (
    Text("alle", "everybody"),
    Text("wer das Verfahren bearbeitet", "those who work on the process"),
    Text("niemand einzeln", "nobody one by one"),
)
STAYS = Text("bleibt, ohne Person", "stays, without a person")
Holds = Callable[[Setting], bool]


def _after(one: Setting) -> Text:
    return Text(f"{one.keep_days} Tage nach dem Abschluss", f"{one.keep_days} days after the end")


def _writes(one: Setting) -> bool:
    return bool({"contribute", "suggest", "comment"} & {*one.actions})


def _votes(one: Setting) -> bool:
    return bool(COUNTED & {*one.actions})


def _asks(one: Setting) -> bool:
    return "answer" in one.actions


def _panel(one: Setting) -> bool:
    return "panel" in one.parts


def _workshops(one: Setting) -> bool:
    return "workshops" in one.parts


def _counted(one: Setting) -> list[Kind]:
    """Give what is kept of what counts by the head."""
    if _asks(one):
        sheets = Text(
            "Antworten auf Fragen unter einem Kennzeichen, freie Worte getrennt davon",
            "answers to questions under a pseudonym, free words apart from them",
        )
        return [Kind(sheets, Text("zählen und auswerten", "to count and evaluate"), _after(one), STAFF, special=True)]
    if not _votes(one):
        return []
    cast = Text("Stimmen und Unterstützungen unter einem Kennzeichen", "votes and supports under a pseudonym")
    key = Text(
        f"bleibt; der Schlüssel zum Kennzeichen wird {one.keep_days} Tage nach dem Abschluss vernichtet",
        f"stays; the key of the pseudonym is destroyed {one.keep_days} days after the end",
    )
    return [Kind(cast, Text("zählen", "to count"), key, NOBODY, special=True)]


def _kinds(one: Setting) -> list[Kind]:
    found = []
    if _writes(one):
        more = [word for word, holds in (("Ort", one.place), ("Foto", one.photo)) if holds]
        also = [word for word, holds in (("place", one.place), ("photo", one.photo)) if holds]
        words = Text(", ".join(["Beiträge und Kommentare", *more]), ", ".join(["contributions and comments", *also]))
        answer = Text("öffentlich antworten", "to answer in public")
        found.append(Kind(words, answer, STAYS, EVERYBODY, special=True))
        named = Text("Name, wenn jemand einen nennt", "name, if somebody gives one")
        found.append(Kind(named, Text("zeigen, wer spricht", "to show who speaks"), _after(one), EVERYBODY))
    mail = Text("E-Mail-Adresse, wenn jemand folgt", "e-mail address, if somebody follows")
    found.append(Kind(mail, Text("Nachricht geben", "to send word"), _after(one), NOBODY))
    found += _counted(one)
    if "code" in (one.level, one.writing):
        codes = Text("Einmalcodes, als Hash", "one-time codes, as hashes")
        found.append(Kind(codes, Text("ein Mensch, eine Stimme", "one person, one vote"), _after(one), NOBODY))
    if _panel(one):
        pool = Text(
            "Namen, Anschriften und Merkmale derer, die bereit sind", "names, addresses, features of the willing"
        )
        day = Text("an einem Tag, der vorher feststeht", "on a day that is set before")
        found.append(Kind(pool, Text("losen und einladen", "to draw and to invite"), day, STAFF, special=one.quotas))
    if _workshops(one):
        came = Text("Anmeldungen mit dem, was jemand braucht", "registrations with what somebody needs")
        day = Text("an dem Tag, den die Werkstatt nennt", "on the day that the workshop names")
        found.append(Kind(came, Text("vorbereiten", "to prepare"), day, STAFF, special=True))
        cards = Text("Fotos von Karten aus der Werkstatt", "photos of cards from the workshop")
        found.append(Kind(cards, Text("abtippen", "to type them"), day, STAFF, special=True))
    return found


CRITERIA: tuple[tuple[Holds, Text], ...] = (
    (
        lambda one: _votes(one) or _writes(one),
        Text(
            "Politische Meinungen (Art. 9 DSGVO), je nach Zulauf in großer Zahl (Art. 35 Abs. 3 Buchst. b).",
            "Political opinions (Art. 9 GDPR), depending on turnout in large numbers (Art. 35(3)(b)).",
        ),
    ),
    (
        _workshops,
        Text(
            "Was jemand braucht, um dabei zu sein, kann von Gesundheit erzählen (Art. 9 DSGVO).",
            "What somebody needs to be there can tell of health (Art. 9 GDPR).",
        ),
    ),
    (
        lambda one: _panel(one) and one.quotas,
        Text(
            "Menschen werden nach Merkmalen ausgewählt; das Verfahren dazu ist öffentlich und wiederholbar.",
            "People are chosen by features; the way it is done is public and can be repeated.",
        ),
    ),
    (
        lambda one: one.level == "oidc" or one.writing == "oidc",
        Text(
            "Ein Bürgerkonto bestätigt, wer teilnehmen darf (Abgleich zweier Systeme).",
            "A citizen account confirms who may take part (two systems are matched).",
        ),
    ),
)
RISKS: tuple[tuple[Holds, Risk], ...] = (
    (
        _votes,
        Risk(
            Text("Jemand erfährt, wie ein Mensch gestimmt hat.", "Somebody learns how a person voted."),
            Text(
                "Stimmen liegen ohne Namen, Zeit und Protokoll, unter einem HMAC mit einem Schlüssel nur dieses "
                f"Verfahrens; Zahlen von weniger als {LEAST_GROUP} Menschen stehen nirgends, auch nicht als Differenz.",
                "Votes lie without name, time and trail, under an HMAC with a key of this process alone; counts of "
                f"fewer than {LEAST_GROUP} people stand nowhere, not even as a difference.",
            ),
        ),
    ),
    (
        lambda one: _votes(one) and one.level == "open",
        Risk(
            Text("Jemand stimmt mehrmals.", "Somebody votes more than once."),
            Text(
                "Offen für alle heißt: ein Stimmungsbild, und so steht es auf der Seite.",
                "Open to everybody means: a picture of the mood, and the page says so.",
            ),
        ),
    ),
    (
        lambda one: _votes(one) and one.level != "open",
        Risk(
            Text("Jemand stimmt mehrmals oder für andere.", "Somebody votes more than once, or for others."),
            Text(
                "Die Datenbank nimmt je Kennzeichen eine Stimme; Raten wird nach wenigen Versuchen in der Stunde "
                "abgewiesen.",
                "The database takes one vote for each pseudonym; guessing is refused after a few tries an hour.",
            ),
        ),
    ),
    (
        _asks,
        Risk(
            Text("Freie Worte verraten, wer sie schrieb.", "Free words tell who wrote them."),
            Text(
                "Sie liegen getrennt vom Bogen; das Amt liest sie erst nach dem Ende, und öffentlich ist nur, was es "
                "daraus zusammenfasst oder ohne Namen zitiert.",
                "They lie apart from the sheet; the office reads them after the end only, and public is only what it "
                "sums up or quotes without names.",
            ),
        ),
    ),
    (
        _writes,
        Risk(
            Text(
                "Ein Text nennt andere Menschen, beleidigt oder verrät mehr, als jemand wollte.",
                "A text names other people, insults, or tells more than somebody wanted.",
            ),
            Text(
                "Melden, Verbergen mit Grund, Einspruch vor einer anderen Person; wer schrieb, löscht Namen oder Text "
                "selbst.",
                "Reporting, hiding with a reason, appeal to another person; the author deletes name or text alone.",
            ),
        ),
    ),
    (
        _writes,
        Risk(
            Text("Ein Rechenverfahren lenkt, was verborgen wird.", "An algorithm steers what is hidden."),
            Text(
                "Es gibt höchstens Hinweise, gelernt aus Entscheidungen dieser Stadt; ein Mensch entscheidet, zu "
                "Einsprüchen gibt es keinen, und ob es an ist und wie gut, steht unter „Wie moderiert wird“.",
                "It gives hints at most, learned from this city's decisions; a human decides, there is none on "
                "appeals, and whether it is on and how good it is stands under “How we moderate”.",
            ),
        ),
    ),
    (
        lambda one: _writes(one) and one.strict,
        Risk(
            Text(
                "Jemand wird durch einen Text verletzt, bevor ihn jemand prüft.", "A text hurts before it is checked."
            ),
            Text("Jeder Text wird vor dem Erscheinen gelesen.", "Each text is read before it appears."),
        ),
    ),
    (
        lambda one: one.photo,
        Risk(
            Text("Ein Foto verrät Ort, Zeit oder Gerät.", "A photo tells place, time or device."),
            Text(
                "Es wird neu gezeichnet; nur die Bildpunkte bleiben. Das Formular bittet, niemanden zu zeigen.",
                "It is drawn anew; only its pixels stay. The form asks not to show anybody.",
            ),
        ),
    ),
    (
        _panel,
        Risk(
            Text("Eine Liste mit Namen und Merkmalen gelangt nach außen.", "A list of names and features gets out."),
            Text(
                "Namen liegen getrennt von Merkmalen und werden nur für Briefe gelesen; veröffentlicht werden Nummern.",
                "Names lie apart from features and are read for letters only; numbers are what is published.",
            ),
        ),
    ),
    (
        _workshops,
        Risk(
            Text("Was jemand braucht, wird bekannt.", "What somebody needs becomes known."),
            Text(
                "Nur wer die Werkstatt vorbereitet, sieht es; nach Gründen wird nicht gefragt.",
                "Only those who prepare the workshop see it; nobody asks for reasons.",
            ),
        ),
    ),
    (
        lambda _one: True,
        Risk(
            Text("Spuren des Anschlusses verraten, wer jemand ist.", "Traces of a connection tell who somebody is."),
            Text(
                "Kein Konto, kein Cookie, kein Dienst Dritter, keine IP-Adresse in Protokollen; gegen Fluten zählt ein "
                "Hash, der nach einer Stunde verfällt.",
                "No account, no cookie, no service of others, no IP address in logs; against floods a hash is counted "
                "that expires after an hour.",
            ),
        ),
    ),
)


def impact(one: Setting) -> Impact:
    """Describe a process for data protection."""
    return Impact(
        kinds=tuple(_kinds(one)),
        criteria=tuple(text for holds, text in CRITERIA if holds(one)),
        risks=tuple(risk for holds, risk in RISKS if holds(one)),
    )
