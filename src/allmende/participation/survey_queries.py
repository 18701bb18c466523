"""Reads of surveys: the questions, somebody's own sheet, the count, and the sheets and words for the staff."""

import datetime as dt
from collections.abc import Iterator

import msgspec

from allmende.participation import rules
from allmende.participation.ballot_queries import Turnout, turnout
from allmende.participation.methods.least import told
from allmende.participation.methods.surveys.answers import Given
from allmende.participation.methods.surveys.counting import count
from allmende.participation.methods.surveys.publication import ToldSurvey, told_of
from allmende.participation.methods.surveys.questions import Answer, Asked
from allmende.participation.models import AnswerSheet, FreeWords, Process, Question, SurveyCount
from allmende.participation.rules import CHANNELS

CHUNK = 2_000


class Result(msgspec.Struct, frozen=True):
    """The count with what may be told of it."""

    count: SurveyCount
    told: ToldSurvey


def questions(process: Process) -> list[Question]:
    """Give the questions in their order."""
    return list(process.questions.order_by("number"))


def asked(process: Process) -> list[Asked]:
    """Give the questions as the methods take them."""
    return [one.asked for one in questions(process)]


def owner_of(process: Process, number: int, pseudonym: str) -> str:
    """Give what stands for a person at the free words of a question; without the key nobody can find it again."""
    return rules.pseudonym(bytes(process.key or b""), f"words-{number}", pseudonym)


def answers_in(row: dict[str, Answer]) -> dict[int, Answer]:
    """Read the answers of a sheet by number of question."""
    return {int(number): answer for number, answer in row.items()}


def answers_of(process: Process, pseudonym: str) -> dict[int, Answer] | None:
    """Give the answers of a pseudonym, if they came online; what is on paper is shown to nobody who has its code."""
    rows = AnswerSheet.objects.filter(process=process, pseudonym=pseudonym, channel="online")
    found = rows.values_list("answers", flat=True).first()
    return None if found is None else answers_in(found)


def words_of(process: Process, pseudonym: str) -> dict[int, str]:
    """Give what a pseudonym wrote in own words, by number of question."""
    if process.key is None:
        return {}
    owners = {owner_of(process, one.number, pseudonym): one.number for one in questions(process)}
    rows = FreeWords.objects.filter(owner__in=owners).values_list("owner", "words")
    return {owners[owner]: words for owner, words in rows}


def given_of(process: Process, pseudonym: str) -> dict[int, Given]:
    """Give somebody's sheet as their form sent it, to be shown and changed."""
    answers, words = answers_of(process, pseudonym), words_of(process, pseudonym)
    if answers is None:
        return {}
    found = {}
    for one in asked(process):
        answer, said = answers.get(one.number), words.get(one.number, "")
        if one.kind == "text":
            found[one.number] = Given((said,))
        elif answer is not None:
            found[one.number] = Given(tuple(map(str, answer if isinstance(answer, list) else [answer])), said)
    return found


def answering_ended(process: Process, now: dt.datetime) -> bool:
    """Tell whether nobody answers online any more, though somebody could."""
    spans = [span for span in process.spans if "answer" in span.allows]
    return process.state != "draft" and bool(spans) and all(span.until <= now for span in spans)


def reckoned(process: Process) -> ToldSurvey | None:
    """Count all sheets, and give what may be told."""
    rows = AnswerSheet.objects.filter(process=process).order_by()
    channels = dict.fromkeys(CHANNELS, 0)

    def sheets() -> Iterator[dict[int, Answer]]:
        for channel, answers in rows.values_list("channel", "answers").iterator(CHUNK):
            channels[channel] += 1
            yield answers_in(answers)

    every = asked(process)
    return told_of(every, count(every, sheets()), channels)


def result(process: Process) -> Result | None:
    """Give the count as it was published."""
    found = SurveyCount.objects.filter(process=process).first()
    return Result(found, msgspec.json.decode(found.published, type=ToldSurvey)) if found else None


def turnout_of(process: Process) -> Turnout:
    """Tell how many sheets there are; after the count as it was published, as sheets are deleted one day."""
    found = result(process)
    return Turnout(told(found.told.sheets), found.told.channels) if found else turnout(process.sheets.all())


def raw_header(every: list[Asked]) -> list[str]:
    """Name the columns of the raw sheets."""
    return ["channel", *(f"q{one.number}" for one in every)]


def raw_rows(process: Process, every: list[Asked]) -> Iterator[list[object]]:
    """Give all sheets one by one, in an order that says nothing of when they came, and without pseudonyms.

    Chosen options stand as their numbers with blanks between them, texts as 1.
    """
    rows = AnswerSheet.objects.filter(process=process).order_by("pseudonym").values_list("channel", "answers")
    for channel, answers in rows.iterator(CHUNK):
        found = answers_in(answers)
        yield [channel, *(_plain(found.get(one.number)) for one in every)]


def _plain(answer: Answer | None) -> object:
    return " ".join(map(str, answer)) if isinstance(answer, list) else answer


def words_rows(process: Process) -> Iterator[tuple[int, str]]:
    """Give all free words with the number of their question, in an order that says nothing of who wrote or when."""
    rows = FreeWords.objects.filter(question__process=process).order_by("question__number", "owner")
    yield from rows.values_list("question__number", "words").iterator(CHUNK)
