"""Reading what somebody sent: kept is what was asked of them, or it is said what is wrong; nothing of it is lost."""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from allmende.kernel.ids import number_of
from allmende.kernel.text import Text
from allmende.participation.methods.surveys.questions import Answer, Asked

_NUMBER = re.compile(r"-?[0-9]{1,10}(?:[.,][0-9]{1,2})?")
_WHOLE = re.compile(r"-?[0-9]{1,10}")

MISSING = Text("Hier fehlt Ihre Antwort.", "Your answer is missing here.")
ONE = Text("Wählen Sie eine der Antworten.", "Choose one of the answers.")
FEW = Text("Wählen Sie mindestens {least}; gewählt sind {n}.", "Choose {least} at least; {n} are chosen.")
MUCH = Text("Wählen Sie höchstens {most}; gewählt sind {n}.", "Choose {most} at most; {n} are chosen.")
NOT_TICKED = Text(
    "Sie haben bei „{option}“ etwas geschrieben, es aber nicht gewählt. Wählen Sie es, oder leeren Sie das Feld.",
    "You wrote something at “{option}” but did not choose it. Choose it, or empty the field.",
)
LONG = Text("Das sind {n} Zeichen; Platz haben {most}.", "These are {n} signs; there is room for {most}.")
NO_NUMBER = Text("„{word}“ ist keine Zahl. Schreiben Sie nur Ziffern, etwa 12.", "“{word}” is no number. Write digits.")
NO_DECIMAL = Text(
    "„{word}“ ist keine Zahl mit höchstens zwei Stellen nach dem Komma, etwa 12,5.",
    "“{word}” is no number with two decimals at most, such as 12.5.",
)
OUTSIDE = Text("Die Zahl muss zwischen {least} und {most} liegen.", "The number has to be between {least} and {most}.")
MOST_WORDS = 200


class Given(msgspec.Struct, frozen=True):
    """What a form sent for a question: values as text, and the words beside an open option."""

    values: tuple[str, ...] = ()
    words: str = ""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with the answer to which question."""

    question: Asked
    reason: Text


class Read(msgspec.Struct, frozen=True):
    """Answers by number of question (1 where a text was written), words by number of question, and what is wrong."""

    answers: dict[int, Answer]
    words: dict[int, str]
    faults: list[Fault]


class _Wrong(Exception):
    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def read(questions: Sequence[Asked], given: Mapping[int, Given]) -> Read:
    """Read the questions in their order; answers to what is not asked after the answers before are dropped."""
    found = Read({}, {}, [])
    for one in questions:
        if not one.asked_of(found.answers):
            continue
        sent = given.get(one.number, Given())
        try:
            answer, words = _READERS[one.kind](one, sent)
        except _Wrong as wrong:
            found.faults.append(Fault(one, wrong.reason))
            continue
        if answer is not None:
            found.answers[one.number] = answer
        if words:
            found.words[one.number] = words
        if one.required and answer is None:
            found.faults.append(Fault(one, MISSING))
    return found


def _filled(sent: Given) -> list[str]:
    return [value.strip() for value in sent.values if value.strip()]


def _options(one: Asked, sent: Given) -> tuple[Answer | None, str]:
    known = {option.number for option in one.options}
    chosen = sorted({number_of(value) or 0 for value in _filled(sent)})
    if not set(chosen) <= known or (one.kind == "single" and len(chosen) > 1):
        raise _Wrong(ONE)
    if one.kind == "multiple" and chosen:
        if len(chosen) < one.fewest:
            raise _Wrong(FEW.filled(least=one.fewest, n=len(chosen)))
        if len(chosen) > one.highest:
            raise _Wrong(MUCH.filled(most=one.highest, n=len(chosen)))
    return chosen or None, _beside(one, sent.words.strip(), chosen)


def _beside(one: Asked, words: str, chosen: list[int]) -> str:
    """Give the words beside the open option."""
    option = one.open_option
    if not words or option is None:
        return ""
    if option.number not in chosen:
        raise _Wrong(NOT_TICKED.filled(option=option.text))
    if len(words) > MOST_WORDS:
        raise _Wrong(LONG.filled(n=len(words), most=MOST_WORDS))
    return words


def _scale(one: Asked, sent: Given) -> tuple[Answer | None, str]:
    chosen = [number_of(value) for value in _filled(sent)]
    if not chosen:
        return None, ""
    step = chosen[0]
    if len(chosen) > 1 or step is None or step not in one.steps:
        raise _Wrong(ONE)
    return step, ""


def _number(one: Asked, sent: Given) -> tuple[Answer | None, str]:
    word = "".join(_filled(sent))
    if not word:
        return None, ""
    if not (_NUMBER if one.decimals else _WHOLE).fullmatch(word):
        raise _Wrong((NO_DECIMAL if one.decimals else NO_NUMBER).filled(word=word[:30]))
    value = float(word.replace(",", "."))
    if not (one.least or 0) <= value <= (one.most or 0):
        raise _Wrong(OUTSIDE.filled(least=written(one.least or 0), most=written(one.most or 0)))
    return (int(value) if value == int(value) else value), ""


def _text(one: Asked, sent: Given) -> tuple[Answer | None, str]:
    words, most = "\n".join(sent.values).strip(), int(one.most or 0)
    if len(words) > most:
        raise _Wrong(LONG.filled(n=len(words), most=most))
    # The sheet only tells that there is a text; its words lie apart.
    return (1 if words else None), words


def written(value: float) -> Text:
    """Write a number without needless zeros, with comma or point."""
    plain = f"{value:.2f}".rstrip("0").rstrip(".")
    return Text(plain.replace(".", ","), plain)


_Reader = Callable[[Asked, Given], tuple[Answer | None, str]]
_READERS: dict[str, _Reader] = {
    "single": _options,
    "multiple": _options,
    "scale": _scale,
    "number": _number,
    "text": _text,
}
