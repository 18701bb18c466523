"""The surveys of a pack's demonstration: questions, and sheets that always come out the same, answered as asked."""

import datetime as dt
import hashlib
from collections.abc import Sequence

from allmende.accounts.rules import SystemActor
from allmende.participation import survey_queries as queries
from allmende.participation.content import LeaningEntry, QuestionEntry, SheetsEntry
from allmende.participation.methods.surveys.answers import Given, read
from allmende.participation.methods.surveys.questions import Asked, Condition, Option
from allmende.participation.models import AnswerSheet, FreeWords, Process
from allmende.participation.services import survey_questions
from allmende.participation.services.surveys import Unwhole

ACTOR = SystemActor("system:demonstration")


def ask(process: Process, entries: Sequence[QuestionEntry], now: dt.datetime) -> None:
    """Put the questions, through the door of the staff."""
    for number, entry in enumerate(entries, 1):
        survey_questions.add(ACTOR, process, _asked(number, entry), now)


def _asked(number: int, entry: QuestionEntry) -> Asked:
    last, after = len(entry.options), entry.after
    options = (Option(at, text, open=entry.open and at == last) for at, text in enumerate(entry.options, 1))
    return Asked(
        number=number,
        kind=entry.kind,
        title=entry.title,
        help=entry.help,
        required=entry.required,
        options=tuple(options),
        least=entry.least,
        most=entry.most,
        decimals=entry.decimals,
        low=entry.low,
        high=entry.high,
        unit=entry.unit,
        condition=Condition(after.question, after.options, after.least, after.most) if after else None,
    )


def answer(process: Process, entry: SheetsEntry) -> None:
    """Take made-up sheets, read as those of people are; the same ones at each founding."""
    every = queries.asked(process)
    sheets, words = [], []
    rows = {row.number: row for row in queries.questions(process)}
    for person in range(entry.people):
        found = read(every, {one.number: _given(one, entry, person) for one in every})
        if found.faults:
            raise Unwhole(found.faults)
        channel = "paper" if person < entry.paper else "online"
        name = f"demonstration-{person}"
        kept = {str(number): value for number, value in found.answers.items()}
        sheets.append(AnswerSheet(process=process, pseudonym=name, channel=channel, answers=kept))
        words += [
            FreeWords(owner=queries.owner_of(process, number, name), question=rows[number], words=text)
            for number, text in found.words.items()
        ]
    AnswerSheet.objects.bulk_create(sheets)
    FreeWords.objects.bulk_create(words)


def _given(one: Asked, entry: SheetsEntry, person: int) -> Given:
    leaning = entry.leanings.get(one.number, LeaningEntry())
    lot = _lot(entry.seed, person, one.number)
    if one.kind == "text":
        return (
            Given((leaning.words[person // leaning.every % len(leaning.words)],))
            if _writes(leaning, person)
            else Given()
        )
    if one.kind == "number":
        low, high = leaning.between
        return Given((str(low + int(lot * (high - low + 1))),))
    if one.kind == "multiple":
        lots = [_lot(entry.seed, person, one.number * 100 + at) for at in range(len(leaning.weights))]
        chosen = [at for at, weight in enumerate(leaning.weights, 1) if lots[at - 1] * 100 < weight]
        return Given(tuple(map(str, chosen[: one.highest] or [1 + int(lot * len(leaning.weights))])))
    return Given((str(_drawn(leaning.weights, lot)),))


def _writes(leaning: LeaningEntry, person: int) -> bool:
    return bool(leaning.words) and person % leaning.every == 0


def _drawn(weights: Sequence[int], lot: float) -> int:
    """Give the number of the option or step on which a lot falls."""
    passed = 0
    for at, weight in enumerate(weights, 1):
        passed += weight
        if lot * sum(weights) < passed:
            return at
    return len(weights)


def _lot(seed: str, person: int, number: int) -> float:
    """Draw between 0 and 1, always the same for the same words."""
    drawn = hashlib.sha256(f"{seed}:{person}:{number}".encode()).digest()
    return int.from_bytes(drawn[:6]) / 2**48
