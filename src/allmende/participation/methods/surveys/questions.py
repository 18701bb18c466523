"""The questions of a survey as plain values: what each asks, when it is asked, and what makes a survey whole."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

Kind = Literal["single", "multiple", "scale", "number", "text"]
# Numbers of chosen options, or a number.
Answer = list[int] | int | float
KINDS: dict[str, Text] = {
    "single": Text("eine Antwort wählen", "choose one answer"),
    "multiple": Text("mehrere Antworten wählen", "choose several answers"),
    "scale": Text("Skala", "scale"),
    "number": Text("Zahl", "number"),
    "text": Text("freier Text", "free text"),
}
CHOSEN, RANGED = ("single", "multiple"), ("scale", "number")
MOST_QUESTIONS, MOST_OPTIONS, MOST_SIGNS, FEWEST_STEPS, MOST_STEPS = 60, 30, 4_000, 3, 11
MOST_NUMBER = 1_000_000_000

BAD_QUESTION = ErrorCode(
    "survey.bad_question",
    Text("Frage {number}: {reason}.", "Question {number}: {reason}."),
    Text(
        "Ändern Sie die Frage; Ihre Eingaben stehen noch da.", "Change the question; what you entered is still there."
    ),
)
OPTIONS = Text("Es braucht 2 bis {most} verschiedene Antworten", "it takes 2 to {most} different answers")
STEPS = Text("Eine Skala hat {fewest} bis {most} Stufen", "a scale has {fewest} to {most} steps")
SIGNS = Text("Ein Text hat 1 bis {most} Zeichen", "a text has 1 to {most} signs")
RANGE = Text(
    "Eine Zahl braucht einen Bereich: von, bis, höchstens 1.000.000.000",
    "a number needs a range: from, to, 1,000,000,000 at most",
)
CHOOSE = Text(
    "Mindestens und höchstens passen nicht zu den Antworten",
    "at least and at most do not fit the answers",
)
LATER = Text(
    "Die Bedingung muss eine frühere Frage nennen, sonst gäbe es Kreise",
    "the condition has to name an earlier question, or there would be circles",
)
UNASKED = Text("Die Frage {to} der Bedingung gibt es nicht", "question {to} of the condition does not exist")
FREE = Text(
    "Von einem freien Text kann keine Frage abhängen",
    "no question can depend on a free text",
)
NO_OPTION = Text(
    "Die Bedingung braucht Nummern von Antworten, die es bei Frage {to} gibt",
    "the condition needs numbers of answers that question {to} has",
)
NO_RANGE = Text(
    "Die Bedingung braucht einen Bereich innerhalb der Frage {to}: von, bis",
    "the condition needs a range within question {to}: from, to",
)
MANY = Text("Mehr als {most} Fragen sind zu viele", "more than {most} questions are too many")


class Condition(msgspec.Struct, frozen=True):
    """That an earlier question has one of some options, or a number between two bounds, both included."""

    question: int
    options: tuple[int, ...] = ()
    least: float | None = None
    most: float | None = None

    def holds(self, answers: Mapping[int, Answer]) -> bool:
        """Tell whether kept answers fulfil it; a question without an answer fulfils nothing."""
        found = answers.get(self.question)
        if found is None:
            return False
        if isinstance(found, list):
            return any(number in self.options for number in found)
        return (self.least is None or found >= self.least) and (self.most is None or found <= self.most)


class Option(msgspec.Struct, frozen=True):
    """An answer to choose; an open one has room for own words."""

    number: int
    text: Text
    open: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question.

    ``least`` and ``most`` are how many options may be chosen, the steps of a scale (from 1), the range of a number, or
    the signs of a text.
    """

    number: int
    kind: Kind
    title: Text
    help: Text | None = None
    required: bool = False
    options: tuple[Option, ...] = ()
    least: float | None = None
    most: float | None = None
    decimals: bool = False
    low: Text | None = None
    high: Text | None = None
    unit: Text | None = None
    condition: Condition | None = None

    def asked_of(self, answers: Mapping[int, Answer]) -> bool:
        """Tell whether it is asked of somebody who answered the questions before it like this."""
        return self.condition is None or self.condition.holds(answers)

    @property
    def open_option(self) -> Option | None:
        """Give the option with room for own words."""
        return next((one for one in self.options if one.open), None)

    @property
    def fewest(self) -> int:
        """Count how many options have to be chosen by who chooses any."""
        return max(1, int(self.least or 1)) if self.kind == "multiple" else 1

    @property
    def highest(self) -> int:
        """Count how many options may be chosen."""
        return min(len(self.options), int(self.most or len(self.options))) if self.kind == "multiple" else 1

    @property
    def steps(self) -> range:
        """Give the steps of a scale."""
        return range(1, int(self.most or 0) + 1)


def require_whole(questions: Sequence[Asked]) -> None:
    """Refuse a survey in which a question cannot be answered, or depends on a later one."""
    if len(questions) > MOST_QUESTIONS:
        raise Invalid(BAD_QUESTION, number=MOST_QUESTIONS + 1, reason=MANY.filled(most=MOST_QUESTIONS))
    earlier: dict[int, Asked] = {}
    every = {one.number: one for one in questions}
    for one in questions:
        reason = _fault_of(one) or _condition_fault(one, earlier, every)
        if reason is not None:
            raise Invalid(BAD_QUESTION, number=one.number, reason=reason)
        earlier[one.number] = one


def _fault_of(one: Asked) -> Text | None:
    if one.kind in CHOSEN:
        return _choice_fault(one)
    most = one.most or 0
    if one.kind == "scale" and not (FEWEST_STEPS <= most <= MOST_STEPS and most == int(most)):
        return STEPS.filled(fewest=FEWEST_STEPS, most=MOST_STEPS)
    if one.kind == "text" and not 1 <= most <= MOST_SIGNS:
        return SIGNS.filled(most=MOST_SIGNS)
    if one.kind == "number" and not _ranges(one.least, one.most):
        return RANGE
    return None


def _choice_fault(one: Asked) -> Text | None:
    words = {option.text.de.casefold() for option in one.options}
    if not 2 <= len(one.options) <= MOST_OPTIONS or len(words) != len(one.options):
        return OPTIONS.filled(most=MOST_OPTIONS)
    fewest, highest = int(one.least or 1), int(one.most or len(one.options))
    if one.kind == "multiple" and not (1 <= fewest <= highest and 2 <= highest <= len(one.options)):
        return CHOOSE
    return None


def _ranges(least: float | None, most: float | None) -> bool:
    return least is not None and most is not None and -MOST_NUMBER <= least < most <= MOST_NUMBER


def _condition_fault(one: Asked, earlier: Mapping[int, Asked], every: Mapping[int, Asked]) -> Text | None:
    if one.condition is None:
        return None
    to = one.condition.question
    if to not in every:
        return UNASKED.filled(to=to)
    if to not in earlier:
        return LATER
    return _aim_fault(one.condition, earlier[to])


def _aim_fault(condition: Condition, parent: Asked) -> Text | None:
    if parent.kind == "text":
        return FREE
    if parent.kind in CHOSEN:
        known = {option.number for option in parent.options}
        fits = bool(condition.options) and set(condition.options) <= known
        return None if fits else NO_OPTION.filled(to=parent.number)
    low, high = (1.0, parent.most) if parent.kind == "scale" else (parent.least, parent.most)
    least = low if condition.least is None else condition.least
    most = high if condition.most is None else condition.most
    given = condition.least is not None or condition.most is not None
    inside = None not in (low, high, least, most) and (low or 0) <= (least or 0) <= (most or 0) <= (high or 0)
    return None if given and inside else NO_RANGE.filled(to=parent.number)
