"""The questions of a survey: written, ordered and struck out until people may answer, then fixed."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation import survey_queries as queries
from allmende.participation.methods.surveys.questions import Asked, Condition, Option, require_whole
from allmende.participation.models import Process, Question

FIXED = ErrorCode(
    "participation.questions_fixed",
    Text(
        "Das Antworten hat begonnen; die Fragen bleiben, wie sie sind.",
        "Answering has begun; the questions stay as they are.",
    ),
    Text("Ändern Sie sie im nächsten Verfahren.", "Change them in the next process."),
)
NEEDED = ErrorCode(
    "participation.question_needed",
    Text("Frage {number} hängt von dieser ab.", "Question {number} depends on this one."),
    Text("Nehmen Sie zuerst deren Bedingung heraus.", "Take out its condition first."),
)
LOST_OPTION = ErrorCode(
    "participation.option_needed",
    Text(
        "Frage {number} hängt von der Antwort „{option}“ ab, die jetzt fehlt.",
        "Question {number} depends on the answer “{option}”, which is missing now.",
    ),
    Text("Ändern Sie zuerst deren Bedingung.", "Change its condition first."),
)


def fixed(process: Process, now: dt.datetime) -> bool:
    """Tell whether the questions stand: people may answer, or have done so."""
    begun = any("answer" in span.allows and span.since <= now for span in process.spans)
    return (process.state != "draft" and begun) or process.sheets.exists()


def _hold(process: Process, now: dt.datetime) -> list[Question]:
    """Hold the process against others who change its questions, and give these."""
    Process.objects.select_for_update().get(pk=process.pk)
    if fixed(process, now):
        raise Conflict(FIXED)
    return queries.questions(process)


@transaction.atomic
def add(actor: Actor, process: Process, one: Asked, now: dt.datetime) -> Question:
    """Put a question at the end."""
    every = _hold(process, now)
    one = msgspec.structs.replace(one, number=len(every) + 1)
    require_whole([*(row.asked for row in every), one])
    found = Question.objects.create(process=process, number=one.number, **_columns(one))
    record(actor, "participation.question_added", process, after={"number": one.number, "title": one.title.de})
    return found


@transaction.atomic
def change(actor: Actor, process: Process, one: Asked, now: dt.datetime) -> None:
    """Change a question; conditions of others go on meaning the same answers, by their words."""
    every = _hold(process, now)
    old = next(row.asked for row in every if row.number == one.number)
    after = [one if row.number == one.number else _aimed(row.asked, old, one) for row in every]
    require_whole(after)
    for row, asked in zip(every, after, strict=True):
        Question.objects.filter(pk=row.pk).update(**_columns(asked))
    record(actor, "participation.question_changed", process, after={"number": one.number, "title": one.title.de})


def _aimed(other: Asked, old: Asked, new: Asked) -> Asked:
    """Let the condition of another question name the answers by their new numbers."""
    condition = other.condition
    if condition is None or condition.question != old.number or not condition.options:
        return other
    words = {option.number: option.text.de for option in old.options}
    numbers = {option.text.de: option.number for option in new.options}
    for number in condition.options:
        if words[number] not in numbers:
            raise Conflict(LOST_OPTION, number=other.number, option=words[number])
    options = tuple(sorted(numbers[words[number]] for number in condition.options))
    return msgspec.structs.replace(other, condition=msgspec.structs.replace(condition, options=options))


@transaction.atomic
def strike(actor: Actor, process: Process, number: int, now: dt.datetime) -> None:
    """Strike a question out; those after it move up."""
    every = _hold(process, now)
    for row in every:
        if row.asked.condition and row.asked.condition.question == number:
            raise Conflict(NEEDED, number=row.number)
    rest = [row for row in every if row.number != number]
    process.questions.filter(number=number).delete()
    _reorder(rest)
    record(actor, "participation.question_struck", process, after={"number": number})


@transaction.atomic
def move(actor: Actor, process: Process, number: int, by: int, now: dt.datetime) -> None:
    """Move a question up (-1) or down (1) by one place; refused where it would come before one on which it depends."""
    every = _hold(process, now)
    place, other = number - 1, number - 1 + by
    if not (0 <= place < len(every) and 0 <= other < len(every)):
        return
    every[place], every[other] = every[other], every[place]
    _reorder(every)
    record(actor, "participation.question_moved", process, after={"number": number, "to": other + 1})


def _reorder(rows: Sequence[Question]) -> None:
    """Number questions anew in this order, conditions along with them."""
    numbers = {row.number: at for at, row in enumerate(rows, 1)}
    after = [_numbered(row.asked, numbers) for row in rows]
    require_whole(after)
    for row in rows:
        # No two may have the same number, not even for a moment.
        Question.objects.filter(pk=row.pk).update(number=row.number + len(rows) + 1)
    for row, one in zip(rows, after, strict=True):
        Question.objects.filter(pk=row.pk).update(number=one.number, **_columns(one))


def _numbered(one: Asked, numbers: dict[int, int]) -> Asked:
    condition = one.condition
    if condition is not None:
        condition = msgspec.structs.replace(condition, question=numbers[condition.question])
    return msgspec.structs.replace(one, number=numbers[one.number], condition=condition)


def _columns(one: Asked) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(one, name) for name in ("kind", "required", "least", "most", "decimals")}
    for name in ("title", "help", "low", "high", "unit"):
        text = getattr(one, name)
        found |= {f"{name}_de": text.de if text else "", f"{name}_en": text.en if text else ""}
    found["options"] = [_option(option) for option in one.options]
    found["condition"] = _condition(one.condition)
    return found


def _option(one: Option) -> dict[str, Any]:
    return {"number": one.number, "de": one.text.de, "en": one.text.en, "open": one.open}


def _condition(one: Condition | None) -> dict[str, Any] | None:
    return msgspec.to_builtins(one) | {"options": list(one.options)} if one else None


@transaction.atomic
def copy(process: Process, to: Process) -> None:
    """Give another process the same questions, without what was said of the answers."""
    for row in queries.questions(process):
        Question.objects.create(process=to, number=row.number, **_columns(row.asked))


class Said(msgspec.Struct, frozen=True):
    """What the staff says of the free words of a question, in both languages, and what it quotes, one a line."""

    de: str
    en: str
    quotes: str


@transaction.atomic
def tell_words(actor: Actor, question: Question, said: Said) -> None:
    """Publish a summary of free words, and chosen quotes; what stood there before stays in the trail."""
    before = {"de": question.said_de, "quotes": question.quotes}
    question.said_de, question.said_en, question.quotes = said.de, said.en, said.quotes
    question.save(update_fields=["said_de", "said_en", "quotes"])
    after = {"number": question.number, "de": said.de, "en": said.en, "quotes": said.quotes}
    record(actor, "participation.words_told", question.process, before=before, after=after)
