"""A survey in the staff room: its questions, sheets from paper, and what came in free words."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.participation import survey_queries as queries
from allmende.participation.methods.surveys.answers import MOST_WORDS
from allmende.participation.methods.surveys.wording import when
from allmende.participation.models import Process
from allmende.participation.permission import VOTES
from allmende.participation.services import survey_questions, surveys
from allmende.portal.files import csv_stream
from allmende.portal.office.frame import page, refuse, tell
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_paper_views import taken_back
from allmende.portal.office.participation_survey_forms import QuestionForm, SaidForm
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.participation_frame import require_taking
from allmende.portal.participation_survey_views import given_in, lines_of

MOVES = {"up": -1, "down": 1}


def _process(slug: str) -> Process:
    process = process_of(slug)
    if "questions" not in process.form.parts:
        raise Http404
    return process


def _back(process: Process) -> tuple[str, Any]:
    return reverse("office:participation-survey", args=[process.slug]), pgettext_lazy("Mehrzahl", "Fragen")


@reads(AREA)
def survey(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the questions; add one, move and strike them, as long as nobody may answer."""
    process, now = _process(slug), utc_now()
    every = queries.asked(process)
    deed = request.POST.get("deed", "")
    form = QuestionForm(len(every) + 1, every, request.POST if deed == "add" else None)
    if request.method == "POST":
        try:
            done = _done(request, process, deed, form)
            if done:
                messages.success(request, done)
                return redirect("office:participation-survey", slug)
        except AllmendeError as error:
            refuse(request, form if deed == "add" else None, error)
    may = may_write(roles_of(request.user), AREA)
    return page(
        request,
        "participation_survey",
        pgettext_lazy("Mehrzahl", "Fragen"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        rows=[(row, when(row.asked, every)) for row in queries.questions(process)],
        form=form,
        fixed=survey_questions.fixed(process, now),
        ended=queries.answering_ended(process, now),
        turnout=queries.turnout_of(process),
        may_change=may,
    )


def _done(request: HttpRequest, process: Process, deed: str, form: QuestionForm) -> str:
    """Do what was asked for; give the words for it, or none where the form is not whole."""
    person, now = person_of(request), utc_now()
    if deed == "add":
        if not form.is_valid():
            return ""
        one = survey_questions.add(person, process, form.asked, now)
        return gettext("Als Frage %(number)s hinzugefügt.") % {"number": one.number}
    number = number_of(request.POST.get("number", "")) or 0
    if deed == "strike":
        survey_questions.strike(person, process, number, now)
        return gettext("Gestrichen.")
    if deed in MOVES:
        survey_questions.move(person, process, number, MOVES[deed], now)
        return gettext("Verschoben.")
    return ""


@reads(AREA)
def question(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Change a question, as long as nobody may answer."""
    process = _process(slug)
    every = queries.asked(process)
    one = next((asked for asked in every if asked.number == number), None)
    if one is None:
        raise Http404
    form = QuestionForm(number, every[: number - 1], request.POST or None, one)
    if form.is_bound and form.is_valid():
        try:
            survey_questions.change(person_of(request), process, form.asked, utc_now())
            messages.success(request, gettext("Gespeichert."))
            return redirect("office:participation-survey", slug)
        except AllmendeError as error:
            refuse(request, form, error)
    title = gettext("Frage %(number)s") % {"number": number}
    return page(
        request,
        "participation_survey_question",
        title,
        icon=ICON,
        back=_back(process),
        form=form,
        fixed=survey_questions.fixed(process, utc_now()),
        may_change=may_write(roles_of(request.user), AREA),
    )


@reads(AREA)
@uses(VOTES)
def paper(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Take up one sheet after the other; what is refused stays in the fields."""
    process = _process(slug)
    if request.POST.get("deed") == "back":
        return taken_back(request, process, surveys.take_back)
    every = queries.asked(process)
    posted, error = request.method == "POST", None
    given = given_in(request, every) if posted else {}
    if posted:
        try:
            return _taken(request, process, given)
        except AllmendeError as refused:
            error = refused
    return page(
        request,
        "participation_survey_paper",
        _("Bögen vom Papier"),
        icon=ICON,
        back=_back(process),
        process=process,
        lines=lines_of(every, given, error),
        most_words=MOST_WORDS,
        refused=error,
        code=request.POST.get("code", ""),
        last="" if posted else request.GET.get("zuletzt", ""),
        turnout=queries.turnout_of(process),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _taken(request: HttpRequest, process: Process, given: Any) -> HttpResponseBase:
    require_taking(process, VOTES)
    word = surveys.answer_on_paper(process, request.POST.get("code", "")[:30], given, utc_now())
    messages.success(request, gettext("Aufgenommen."))
    return redirect(f"{request.path}?zuletzt={word}")


@reads(AREA)
@uses(VOTES)
def words(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Read what came in free words, once nobody answers any more; publish a summary and chosen sentences."""
    process = _process(slug)
    may = may_write(roles_of(request.user), AREA)
    try:
        surveys.require_ended(process, utc_now())
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:participation-survey", slug)
    written: dict[int, list[str]] = {}
    for number, text in queries.words_rows(process) if may else ():
        written.setdefault(number, []).append(text)
    rows = []
    for one in queries.questions(process):
        if one.kind != "text" and one.asked.open_option is None:
            continue
        form = SaidForm(one, request.POST if request.POST.get("deed") == str(one.number) else None)
        if form.is_bound and form.is_valid():
            survey_questions.tell_words(person_of(request), one, form.said)
            messages.success(request, gettext("Veröffentlicht."))
            return redirect(request.path)
        rows.append((one, form, written.get(one.number, [])))
    return page(
        request,
        "participation_survey_words",
        _("Freie Worte"),
        icon=ICON,
        back=_back(process),
        process=process,
        rows=rows,
        may_change=may,
    )


@reads(AREA)
@uses(VOTES)
def sheets_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand out all sheets one by one, without times and pseudonyms; recorded, and to who may change something here."""
    return _handed_out(request, slug, words=False)


@reads(AREA)
@uses(VOTES)
def words_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand out all free words, apart from the sheets; recorded, and to who may change something here."""
    return _handed_out(request, slug, words=True)


def _handed_out(request: HttpRequest, slug: str, *, words: bool) -> HttpResponseBase:
    process = _process(slug)
    if request.method != "POST":
        raise Http404
    try:
        surveys.hand_out(person_of(request), process, utc_now(), words=words)
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:participation-survey", slug)
    if words:
        answer = csv_stream(f"{slug}-freie-worte", ("question", "words"), queries.words_rows(process))
    else:
        every = queries.asked(process)
        answer = csv_stream(f"{slug}-boegen", queries.raw_header(every), queries.raw_rows(process, every))
    answer["Cache-Control"] = "no-store"
    return answer
