"""Counting the sheets of a survey, one after the other, in memory that does not grow with them."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from allmende.participation.methods.surveys.questions import Answer, Asked

# Numbers are counted in hundredths, so that sums are exact.
HUNDREDTHS = 100


class Tally(msgspec.Struct):
    """Of how many a question was asked, how many answered, and how often each answer came.

    Answers are numbers of options, steps, hundredths of a number, or 1 for a text.
    """

    asked: int = 0
    answered: int = 0
    counts: dict[int, int] = {}


class Count(msgspec.Struct):
    """How many sheets there are, and the tally of each question."""

    sheets: int
    tallies: dict[int, Tally]


def count(questions: Sequence[Asked], sheets: Iterable[Mapping[int, Answer]]) -> Count:
    """Count what was asked of whom and answered."""
    found = Count(0, {one.number: Tally(counts={}) for one in questions})
    for answers in sheets:
        found.sheets += 1
        for one in questions:
            if one.asked_of(answers):
                _add(found.tallies[one.number], one, answers.get(one.number))
    return found


def _add(tally: Tally, one: Asked, answer: Answer | None) -> None:
    tally.asked += 1
    if answer is None:
        return
    tally.answered += 1
    if isinstance(answer, list):
        values = answer
    else:
        values = [round(answer * HUNDREDTHS) if one.kind == "number" else int(answer)]
    for value in values:
        tally.counts[value] = tally.counts.get(value, 0) + 1
