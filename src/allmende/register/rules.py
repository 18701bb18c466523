"""What may be published and how data uses move through their life, as plain decisions."""

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import msgspec

from allmende.ethics.sheets import STATES, State
from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid
from allmende.kernel.text import Text

FOUR_EYES = ErrorCode(
    "register.four_eyes",
    Text(
        "Wer etwas bearbeitet hat, darf es nicht selbst veröffentlichen: {rules}.",
        "Who edited something may not publish it: {rules}.",
    ),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)
OWN_SHEET = ErrorCode(
    "register.own_sheet",
    Text(
        "Wer an „{title}“ gearbeitet hat, darf darüber nicht selbst entscheiden.",
        "Who worked on “{title}” may not decide about it.",
    ),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)
NO_STEP = ErrorCode(
    "register.no_such_step",
    Text(
        "„{title}“ ist {state}; von dort führt kein Schritt zu „{wanted}“.",
        "“{title}” is {state}; no step leads from there to “{wanted}”.",
    ),
    Text("Möglich ist: {possible}.", "Possible is: {possible}."),
)
INCOMPLETE = ErrorCode(
    "register.sheet_incomplete",
    Text("„{title}“: vor diesem Schritt fehlt: {missing}.", "“{title}”: before this step is missing: {missing}."),
    Text("Ergänzen Sie das Datenblatt.", "Complete the data sheet."),
)
TOO_EARLY = ErrorCode(
    "register.too_early",
    Text(
        "„{title}“ ist erst am {announced} angekündigt worden und kann frühestens am {day} beginnen.",
        "“{title}” was announced only on {announced} and can begin on {day} at the earliest.",
    ),
    Text("Warten Sie bis dahin.", "Wait until then."),
)
ENDS_IN_PAST = ErrorCode(
    "register.end_in_the_past",
    Text("„{title}“: der letzte Tag {until} ist vorbei.", "“{title}”: the last day {until} is past."),
    Text("Nennen Sie einen späteren letzten Tag.", "Name a later last day."),
)

# Nine marks of a high risk (article 29 working party, WP 248 rev. 01); two of them call for an assessment.
SCREENING: dict[str, Text] = {
    "scoring": Text(
        "Werden Menschen bewertet oder eingestuft, auch durch Profile oder Vorhersagen?",
        "Are people evaluated or scored, also by profiling or predicting?",
    ),
    "automated": Text(
        "Wird automatisch entschieden, mit rechtlichen oder ähnlich erheblichen Folgen für Menschen?",
        "Are decisions taken automatically, with legal or similarly significant effects on people?",
    ),
    "monitoring": Text(
        "Wird ein öffentlich zugänglicher Bereich systematisch überwacht?",
        "Is a publicly accessible area monitored systematically?",
    ),
    "sensitive": Text(
        "Geht es um besonders geschützte oder höchst persönliche Daten?",
        "Is it about special categories of data or highly personal data?",
    ),
    "large-scale": Text("Geschieht es in großem Umfang?", "Does it happen on a large scale?"),
    "combining": Text("Werden Datenbestände zusammengeführt oder abgeglichen?", "Are data sets matched or combined?"),
    "vulnerable": Text(
        "Betrifft es schutzbedürftige Menschen, etwa Kinder oder Beschäftigte?",
        "Does it concern vulnerable people, such as children or employees?",
    ),
    "innovative": Text(
        "Wird neue Technik eingesetzt oder bekannte auf neue Weise?",
        "Is new technology used, or known technology in a new way?",
    ),
    "prevents": Text(
        "Kann es Menschen hindern, ein Recht auszuüben oder einen Dienst zu nutzen?",
        "Can it keep people from exercising a right or using a service?",
    ),
}
ANSWERS: dict[str, Text] = {
    "yes": Text("ja", "yes"),
    "no": Text("nein", "no"),
    "unknown": Text("unbekannt", "unknown"),
}
MANY_MARKS = 2
Need = Literal["needed", "not_needed", "unknown"]
NEEDS: dict[str, Text] = {
    "needed": Text("Eine Folgenabschätzung ist nötig.", "An assessment is needed."),
    "not_needed": Text("Eine Folgenabschätzung ist nicht nötig.", "No assessment is needed."),
    "unknown": Text(
        "Ob eine Folgenabschätzung nötig ist, ist unbekannt.", "Whether an assessment is needed is unknown."
    ),
}
AUTONOMY: dict[str, Text] = {
    "supports": Text("hilft, ein Mensch entscheidet", "helps, a human decides"),
    "proposes": Text("schlägt vor, ein Mensch bestätigt", "proposes, a human confirms"),
    "acts": Text("handelt allein, ein Mensch überwacht", "acts alone, a human watches"),
    "unknown": Text("unbekannt", "unknown"),
}
# How long residents know of a data use before it begins (as in Amsterdam's by-law on sensors).
ANNOUNCED_FOR = dt.timedelta(days=5)
# How long what was there before sheets had a life goes on without a decision.
CARRIED_FOR = dt.timedelta(days=180)
CARRIED = Text(
    "Übernommen: diese Datennutzung lief schon, bevor Datenblätter beschlossen wurden. Der Beschluss ist nachzuholen.",
    "Carried over: this data use ran before data sheets were decided. The decision is to be made up for.",
)
STEPS: dict[State, tuple[State, ...]] = {
    "idea": ("checked",),
    "checked": ("decided", "idea"),
    "decided": ("announced", "idea"),
    "announced": ("active", "idea"),
    "active": ("active", "suspended", "ended"),
    "suspended": ("active", "ended"),
    "ended": ("idea",),
}
# States in which what was decided may still be worded anew.
OPEN_STATES: frozenset[State] = frozenset({"idea", "checked"})
END_KNOWN: frozenset[State] = frozenset({"announced", "active"})


def require_second_person(publisher: int | None, editors: dict[str, set[int]]) -> None:
    """Refuse when the publisher had a hand in one of the changes; the program itself (None) founds a city alone."""
    own = [slug for slug, people in editors.items() if publisher in people]
    if own:
        raise Denied(FOUR_EYES, rules=", ".join(sorted(own)))


def screening_need(answers: Mapping[str, str]) -> Need:
    """Tell whether an assessment is needed: from two marks on; unknown where open answers could still make two."""
    values = [answers.get(name, "unknown") for name in SCREENING]
    if values.count("yes") >= MANY_MARKS:
        return "needed"
    return "unknown" if "unknown" in values else "not_needed"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A data use as the rules of its life need it."""

    title: Text
    state: State
    announced: dt.date | None
    until: dt.date | None
    answers: Mapping[str, str]
    assessment: str
    risk: Text | None
    legal_basis: Text | None
    about_persons: bool
    workers: frozenset[int] = frozenset()


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A step that somebody wants to take with a data use."""

    to: State
    today: dt.date
    person: int | None = None
    decision: str = ""
    until: dt.date | None = None


def require_step(draft: Draft, move: Move) -> None:
    """Refuse a step that the life of a data use does not know, or before which something is missing."""
    if move.to not in STEPS[draft.state] or (draft.state == move.to and move.until is None):
        _refuse_step(draft, move)
    if _decided(move) and move.person is not None and move.person in draft.workers:
        raise Denied(OWN_SHEET, title=draft.title)
    missing = _missing(draft, move)
    if missing:
        de, en = (", ".join(text.within(language) for text in missing) for language in ("de", "en"))
        raise Invalid(INCOMPLETE, title=draft.title, missing=Text(de, en))
    _require_days(draft, move)


def _decided(move: Move) -> bool:
    """Tell whether a body has to have decided the step: about the use itself, or about another end."""
    return move.to == "decided" or move.until is not None


def _refuse_step(draft: Draft, move: Move) -> None:
    names = [STATES[name] for name in STEPS[draft.state]]
    possible = Text(", ".join(text.de for text in names), ", ".join(text.en for text in names))
    raise Conflict(NO_STEP, title=draft.title, state=STATES[draft.state], wanted=STATES[move.to], possible=possible)


def _missing(draft: Draft, move: Move) -> list[Text]:
    """Name what has to stand in a sheet before a step."""
    found: list[Text] = []
    if _decided(move) and not move.decision.strip():
        found.append(Text("der Beschluss (Gremium und Tag)", "the decision (body and day)"))
    if move.to == "decided":
        found += _undecidable(draft)
    if move.to in END_KNOWN and (move.until or draft.until) is None:
        found.append(Text("der letzte Tag", "the last day"))
    return found


def _undecidable(draft: Draft) -> list[Text]:
    found: list[Text] = []
    if draft.risk is None:
        found.append(Text("Risiken und Schutz", "risks and protection"))
    if draft.about_persons and draft.legal_basis is None:
        found.append(Text("die Rechtsgrundlage (Daten über Personen)", "the legal basis (data about persons)"))
    unknown = sum(draft.answers.get(name, "unknown") == "unknown" for name in SCREENING)
    if unknown:
        de = f"die Vorprüfung: {unknown} von {len(SCREENING)} Antworten sind unbekannt"
        found.append(Text(de, f"the screening: {unknown} of {len(SCREENING)} answers are unknown"))
    if screening_need(draft.answers) == "needed" and not draft.assessment.strip():
        found.append(Text("die Folgenabschätzung, die nach der Vorprüfung nötig ist", "the assessment it calls for"))
    return found


def _require_days(draft: Draft, move: Move) -> None:
    until = move.until or draft.until
    if move.to in END_KNOWN and until is not None and until < move.today:
        raise Invalid(ENDS_IN_PAST, title=draft.title, until=until.isoformat())
    if draft.state == "announced" and move.to == "active" and draft.announced is not None:
        first = draft.announced + ANNOUNCED_FOR
        if move.today < first:
            announced = draft.announced.isoformat()
            raise Conflict(TOO_EARLY, title=draft.title, announced=announced, day=first.isoformat())
