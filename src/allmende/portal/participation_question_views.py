"""Questions while a workshop runs: asked by telephone, put first by how many want to know, answered there."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation import workshop_queries as queries
from allmende.participation.models import Process
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.services.contributions import Draft
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_forms import OpenForm
from allmende.portal.participation_frame import (
    language,
    process_page,
    require_form,
    require_pass,
    require_shown,
    way_in,
)
from allmende.portal.participation_idea_views import take
from allmende.portal.participation_workshop_views import workshop_of

# A whole room may share one connection.
MOST_FROM_A_ROOM = 300
HEADER = ("number", "question", "supports", "answered")
NOT_NOW = ErrorCode(
    "participation.no_questions_now",
    Text("Fragen kann man hier nur, während die Werkstatt läuft.", "One can ask here only while the workshop runs."),
    Text("Davor und danach reichen Sie einen Beitrag ein.", "Before and after, hand in a contribution."),
)


class QuestionForm(OpenForm):
    """A question, in a sentence."""

    title = forms.CharField(label=_("Ihre Frage"), min_length=5, max_length=120)
    email = forms.EmailField(
        label=_("E-Mail"),
        help_text=_("Nie öffentlich. Ihr Beitrag erscheint, wenn Sie den Link in der Mail öffnen."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, process: Process, *args: Any) -> None:
        super().__init__(*args)
        if process.writing != "mail":
            del self.fields["email"]


@csrf_exempt
@told
def questions(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Show the questions of a workshop, and take one; what was typed is never lost."""
    process, found = workshop_of(request, slug, number)
    require_shown(process, CONTRIBUTIONS)
    if request.method != "POST":
        way = way_in(request, process, "contribute", f"frage-{number}") if found.workshop.asks(utc_now()) else None
        return way or _page(request, process, found, QuestionForm(process))
    form = QuestionForm(process, request.POST)
    if not form.is_valid():
        return _page(request, process, found, form, status=400)
    try:
        if not found.workshop.asks(utc_now()):
            raise Conflict(NOT_NOW)
        if process.writing in ("code", "oidc"):
            require_pass(request, process, "contribute")
        require_form(request, MOST_FROM_A_ROOM, "participation-questions")
        title = form.cleaned_data["title"]
        draft = Draft(kind="question", title=title, language=language(), channel="onsite", workshop=found.workshop)
        return take(request, process, draft, form.cleaned_data.get("email", ""))
    except AllmendeError as error:
        return _page(request, process, found, form, status=error.status, refused=error)


def _page(
    request: HttpRequest,
    process: Process,
    found: queries.Seats,
    form: QuestionForm,
    *,
    status: int = 200,
    refused: AllmendeError | None = None,
) -> HttpResponse:
    return process_page(
        request,
        "questions.html",
        process,
        status=status,
        one=found.workshop,
        form=form,
        refused=refused,
        shows_errors=form.is_bound and not refused,
        own_words=str(form.data.get("title", "")),
        asks=found.workshop.asks(utc_now()),
        questions=queries.questions(found.workshop),
    )


@told
def questions_csv(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Give the questions of a workshop as CSV."""
    process, found = workshop_of(request, slug, number)
    require_shown(process, CONTRIBUTIONS)
    rows = [(one.number, one.title, one.supported, one.answered) for one in queries.questions(found.workshop)]
    return csv_file(f"{slug}-fragen", HEADER, rows)
