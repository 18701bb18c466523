"""Answering the questions of a survey, by keyboard and without script; one's own sheet; and what came out."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.participation import survey_queries as queries
from allmende.participation.methods.surveys.answers import MOST_WORDS, Given, written
from allmende.participation.methods.surveys.publication import ToldAnswer, ToldQuestion
from allmende.participation.methods.surveys.questions import Asked, Option
from allmende.participation.methods.surveys.wording import said, when
from allmende.participation.models import Process
from allmende.participation.permission import VOTES
from allmende.participation.rules import cleaned
from allmende.participation.services import surveys
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import (
    came_on_paper,
    pass_of,
    process_or_404,
    process_page,
    shut,
    take_ballot,
)

HEADER = (
    *("question", "kind", "title_de", "title_en", "asked", "answer_de", "answer_en"),
    *("people", "share_percent", "mean", "median"),
)


class Choice(msgspec.Struct, frozen=True):
    """An option or a step, and whether it is chosen."""

    value: str
    text: Text
    chosen: bool
    open: bool = False


class Line(msgspec.Struct, frozen=True):
    """A question in a form: what was given, what is wrong, and when it is asked, in words and for the script."""

    asked: Asked
    choices: list[Choice]
    given: Given
    fault: Text | None
    when: Text | None
    script: str

    @property
    def value(self) -> str:
        """Give what was typed."""
        return "\n".join(self.given.values)

    @property
    def most(self) -> int:
        """Count the signs that a text may have."""
        return int(self.asked.most or 0)

    @property
    def least_text(self) -> Text:
        """Write the lowest number."""
        return written(self.asked.least or 0)

    @property
    def most_text(self) -> Text:
        """Write the highest number."""
        return written(self.asked.most or 0)

    @property
    def chosen(self) -> bool:
        """Tell whether something is chosen."""
        return any(one.chosen for one in self.choices)


class Bar(msgspec.Struct, frozen=True):
    """An answer in the result, with its share of those who were asked."""

    told: ToldAnswer
    share: float | None


class Outcome(msgspec.Struct, frozen=True):
    """A question in the result: its bars, when it was asked, and what the staff says of its free words."""

    told: ToldQuestion
    bars: list[Bar]
    when: Text | None
    said: Text | None
    quotes: list[str]


def given_in(request: HttpRequest, every: Sequence[Asked]) -> dict[int, Given]:
    """Read what a form sent for each question."""
    return {
        one.number: Given(
            tuple(cleaned(value) for value in request.POST.getlist(f"f-{one.number}")),
            cleaned(request.POST.get(f"f-{one.number}-text", "")),
        )
        for one in every
    }


def lines_of(every: Sequence[Asked], given: Mapping[int, Given], refused: AllmendeError | None = None) -> list[Line]:
    """Give the questions as a form shows them, with what was given and what is wrong with it."""
    faults = {one.question.number: one.reason for one in refused.faults} if isinstance(refused, surveys.Unwhole) else {}
    return [
        Line(
            asked=one,
            choices=_choices(one, given.get(one.number, Given())),
            given=given.get(one.number, Given()),
            fault=faults.get(one.number),
            when=when(one, every),
            script=msgspec.json.encode(one.condition).decode() if one.condition else "",
        )
        for one in every
    ]


def _choices(one: Asked, given: Given) -> list[Choice]:
    steps = [Option(step, Text(str(step), str(step))) for step in one.steps] if one.kind == "scale" else []
    rows = [*one.options, *steps]
    return [Choice(str(row.number), row.text, str(row.number) in given.values, row.open) for row in rows]


@csrf_exempt
@told
def survey(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the questions, take a sheet, show somebody their own one, and after the end what came out."""
    process = process_or_404(request, slug, part="questions")
    every = queries.asked(process)
    if request.method != "POST":
        card = pass_of(request, process)
        given = queries.given_of(process, card.pseudonym) if card else {}
        return _page(request, process, every, given, refused=came_on_paper(card, process.sheets.all()))
    given = given_in(request, every)
    try:
        return take_ballot(request, process, "answer", lambda name: surveys.answer(process, name, given, utc_now()))
    except AllmendeError as error:
        return _page(request, process, every, given, status=error.status, refused=error)


def _page(
    request: HttpRequest,
    process: Process,
    every: list[Asked],
    given: dict[int, Given],
    *,
    refused: AllmendeError | None,
    status: int = 200,
) -> HttpResponse:
    closed = shut(process, VOTES)
    found = None if closed else queries.result(process)
    return process_page(
        request,
        "survey.html",
        process,
        status=status,
        lines=lines_of(every, given, refused),
        given=[(one, said(one, given)) for one in every if said(one, given)],
        # Who has sent a sheet reads it first; who asks to change it, or was refused, sees the form.
        reviews=bool(given) and request.method != "POST" and not request.GET.get("aendern"),
        thanks=request.GET.get("danke"),
        words=any(one.kind == "text" or one.open_option for one in every),
        most_words=MOST_WORDS,
        refused=refused,
        closed=None if refused else closed,
        turnout=None if closed else queries.turnout_of(process),
        found=found,
        outcomes=_outcomes(process, found) if found else [],
    )


def _outcomes(process: Process, found: queries.Result) -> list[Outcome]:
    rows = {row.number: row for row in queries.questions(process)}
    every = [row.asked for row in rows.values()]
    return [
        Outcome(
            told=one,
            bars=[Bar(answer, _share(answer, one)) for answer in one.answers],
            when=when(rows[one.number].asked, every),
            said=rows[one.number].said,
            quotes=rows[one.number].quoted,
        )
        for one in found.told.questions
        if one.number in rows
    ]


def _share(answer: ToldAnswer, one: ToldQuestion) -> float | None:
    return answer.people / one.asked if answer.people is not None and one.asked else None


def _result(request: HttpRequest, slug: str) -> queries.Result:
    found = queries.result(process_or_404(request, slug, VOTES, part="questions"))
    if found is None:
        raise Http404
    return found


@told
def survey_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give what came out as CSV, a row for each answer; cells that are not told are empty."""
    rows: list[tuple[Any, ...]] = []
    for one in _result(request, slug).told.questions:
        head = (one.number, one.kind, one.title.de, one.title.en, one.asked)
        rows += [
            (*head, answer.label.de, answer.label.en, answer.people, _percent(answer, one), one.mean, one.median)
            for answer in one.answers
        ] or [(*head, *[None] * 6)]
    return csv_file(f"{slug}-umfrage", HEADER, rows)


def _percent(answer: ToldAnswer, one: ToldQuestion) -> float | None:
    share = _share(answer, one)
    return None if share is None else round(100 * share, 1)


@told
def survey_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give what came out, with method and conditions."""
    return HttpResponse(_result(request, slug).count.published.encode(), content_type="application/json")
