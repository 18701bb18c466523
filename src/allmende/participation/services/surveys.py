"""Surveys: sheets taken while the phase runs, from paper until the count, counted when the last phase begins."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.gate.door import Gate
from allmende.kernel.errors import Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation import survey_queries as queries
from allmende.participation.methods.surveys.answers import Fault, Given, Read, read
from allmende.participation.models import AnswerSheet, FreeWords, Process, SurveyCount
from allmende.participation.services import ballots
from allmende.participation.services.contributions import require_open

ACTOR = SystemActor("system:participation")
NOT_WHOLE = ErrorCode(
    "participation.sheet_not_whole",
    Text("Noch nicht abgeschickt: {n} Antworten fehlen oder passen nicht.", "Not sent yet: {n} answers do not fit."),
    Text("Alles, was Sie eingegeben haben, steht noch da.", "Everything that you entered is still there."),
)
ONE_NOT_WHOLE = ErrorCode(
    "participation.answer_not_whole",
    Text("Noch nicht abgeschickt: Eine Antwort fehlt oder passt nicht.", "Not sent yet: one answer does not fit."),
    Text("Alles, was Sie eingegeben haben, steht noch da.", "Everything that you entered is still there."),
)
NO_ANSWER = ErrorCode(
    "participation.no_answer",
    Text("Es ist noch nichts beantwortet.", "Nothing has been answered yet."),
    Text("Beantworten Sie mindestens eine Frage.", "Answer one question at least."),
)
STILL_ANSWERING = ErrorCode(
    "participation.still_answering",
    Text(
        "Bögen und Texte gibt es erst, wenn niemand mehr antwortet.",
        "Sheets and texts are handed out once nobody answers any more.",
    ),
    Text(
        "Vorher könnte der Zeitpunkt verraten, von wem eine Antwort ist. Warten Sie das Ende der Phase ab.",
        "Before that, the moment could tell whose an answer is. Wait for the end of the phase.",
    ),
)


class Unwhole(Invalid):
    """A sheet that lacks something, with every fault and its question."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(ONE_NOT_WHOLE if len(faults) == 1 else NOT_WHOLE, n=len(faults))
        self.faults = faults


def answer(process: Process, pseudonym: str, given: Mapping[int, Given], now: dt.datetime) -> None:
    """Take a sheet; a second one replaces the first, but none on paper with the same code.

    What is not asked after the answers before it is dropped. No entry is kept of who answered and when.
    """
    require_open(process, "answer", now)
    found = _whole(process, given)
    with transaction.atomic():
        # The row of the sheet is held from here on, so that of two at once the words of one stay, too.
        ballots.keep(AnswerSheet, process, pseudonym, answers=_stored(found))
        _keep_words(process, pseudonym, found.words)


@transaction.atomic
def answer_on_paper(process: Process, code: str, given: Mapping[int, Given], now: dt.datetime) -> str:
    """Take a sheet from paper, from the first day of answering until it is counted; give the word that takes it back.

    Whoever has answered online with the same code keeps that sheet. No entry is kept.
    """
    ballots.require_uncounted(SurveyCount, process)
    ballots.require_begun(process, "answer", now)
    found = _whole(process, given)
    name = ballots.name_on_paper(process, code)
    word = ballots.keep_paper(AnswerSheet, process, name, answers=_stored(found))
    _keep_words(process, name, found.words)
    return word


@transaction.atomic
def take_back(process: Process, word: str) -> None:
    """Take back a sheet that was just typed from paper."""
    ballots.require_uncounted(SurveyCount, process)
    _keep_words(process, ballots.take_back(AnswerSheet, process, word), {})


def forget_sheet(process: Process, pseudonym: str) -> None:
    """Delete the sheet that a pseudonym sent online, with its words."""
    if AnswerSheet.objects.filter(process=process, pseudonym=pseudonym, channel="online").delete()[0]:
        _keep_words(process, pseudonym, {})


def _whole(process: Process, given: Mapping[int, Given]) -> Read:
    found = read(queries.asked(process), given)
    if found.faults:
        raise Unwhole(found.faults)
    if not found.answers:
        raise Invalid(NO_ANSWER)
    return found


def _stored(found: Read) -> dict[str, object]:
    return {str(number): value for number, value in found.answers.items()}


def _keep_words(process: Process, pseudonym: str, words: Mapping[int, str]) -> None:
    """Let these be somebody's words, and no others."""
    every = queries.questions(process)
    owners = {one.number: queries.owner_of(process, one.number, pseudonym) for one in every}
    FreeWords.objects.filter(owner__in=owners.values()).delete()
    FreeWords.objects.bulk_create(
        FreeWords(owner=owners[one.number], question=one, words=words[one.number])
        for one in every
        if one.number in words
    )


def count_ended(now: dt.datetime, gate: Gate) -> list[str]:
    """Count the surveys that are over, once, where votes may be used; give the names of the processes."""
    waiting = Process.objects.filter(sheets__isnull=False, survey_count__isnull=True)
    return [one.slug for one in ballots.to_count(waiting, "answer", now, gate) if _count(one, now)]


@transaction.atomic
def _count(process: Process, now: dt.datetime) -> bool:
    """Count one, and tell whether there was enough to count."""
    told = ballots.keep_count(SurveyCount, process, queries.reckoned, now)
    if told is not None:
        record(ACTOR, "participation.survey_counted", process, after={"sheets": told.sheets})
    return told is not None


def require_ended(process: Process, now: dt.datetime) -> None:
    """Refuse sheets and texts to the staff while people still answer: the moment could tell whose they are."""
    if not queries.answering_ended(process, now):
        raise Conflict(STILL_ANSWERING)


def hand_out(actor: Actor, process: Process, now: dt.datetime, *, words: bool) -> None:
    """Put on record that the raw sheets, or the free words, are handed out to somebody of the staff."""
    require_ended(process, now)
    record(actor, "participation.words_handed_out" if words else "participation.sheets_handed_out", process)
