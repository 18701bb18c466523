"""Texts that are worked on: read, changed paragraph by paragraph, compared, sealed; and the rules that cite them."""

import itertools

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from allmende.catalog.door import gate
from allmende.ethics.model import Rule
from allmende.kernel.clock import today, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.participation import text_queries
from allmende.participation.difference import Part, difference
from allmende.participation.models import Contribution, Process, Step
from allmende.participation.permission import CONTRIBUTIONS, Data
from allmende.participation.rules import STANCES
from allmende.participation.services import contributions as services
from allmende.participation.text_queries import Clause
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_comment_views import said_at, take_comment
from allmende.portal.participation_forms import CommentForm, SuggestionForm
from allmende.portal.participation_frame import (
    language,
    process_or_404,
    process_page,
    require_form,
    require_pass,
    shut,
    way_in,
)
from allmende.portal.participation_idea_views import take
from allmende.programme import queries as programme

HEADER = ("paragraph", "number", "title", "proposed", "reason", "outcome", "answer_de", "answer_en", "version")


def _process(request: HttpRequest, slug: str, shows: Data | None = None) -> Process:
    process = process_or_404(request, slug, shows)
    if "text" not in process.form.parts:
        raise Http404
    return process


def _clause(process: Process, number: int) -> Clause:
    found = text_queries.clause(process, number)
    if found is None:
        raise Http404
    return found


def rules_by_sentence(process: Process, number: int, book: tuple[Rule, ...]) -> dict[int, list[Rule]]:
    """Give the rules in force that cite a paragraph, by the number of the sentence; 0 is the whole of it."""
    by_slug = {rule.slug: rule for rule in book}
    found: dict[int, list[Rule]] = {}
    for slug, sentence in text_queries.citing(process.code, number, [(rule.slug, rule.source) for rule in book]):
        found.setdefault(sentence, []).append(by_slug[slug])
    return found


def _sentences(process: Process, clause: Clause, book: tuple[Rule, ...]) -> list[tuple[int, str, list[Rule]]]:
    version = clause.current
    text = version.text_en if language() == "en" and version.text_en else version.text_de
    cited = rules_by_sentence(process, clause.paragraph.number, book)
    rows = [(place, words, cited.get(place, [])) for place, words in enumerate(text_queries.sentences(text), 1)]
    return rows if not cited.get(0) else [*rows, (0, "", cited[0])]


def text(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the whole text; beside each sentence the rules that carry it out."""
    process = _process(request, slug)
    book = gate().rulebook().rules if process.code else ()
    clauses = [
        (clause, _sentences(process, clause, book), _project(clause)) for clause in text_queries.clauses(process)
    ]
    closed = shut(process, CONTRIBUTIONS)
    seals = text_queries.seals(process)
    return process_page(request, "text.html", process, clauses=clauses, seals=seals, closed=closed)


def _project(clause: Clause) -> object:
    return programme.project_on(clause.paragraph.project, today()) if clause.paragraph.project else None


@told
def paragraph(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Show a paragraph: its versions with what changed, its suggestions with answers, what was said."""
    process = _process(request, slug, CONTRIBUTIONS)
    return _page(request, process, _clause(process, number), CommentForm())


def _page(
    request: HttpRequest,
    process: Process,
    clause: Clause,
    form: CommentForm,
    *,
    status: int = 200,
    refused: AllmendeError | None = None,
) -> HttpResponse:
    versions = list(clause.versions)
    changes = [(later, difference(earlier.text_de, later.text_de)) for earlier, later in itertools.pairwise(versions)]
    by_number = {version.version: version.text_de for version in versions}
    suggestions = [
        (one, difference(by_number.get(one.base_version or 1, ""), one.proposed), one.steps.all()[::-1][0])
        for one in clause.suggestions
    ]
    book = gate().rulebook().rules if process.code else ()
    return process_page(
        request,
        "paragraph.html",
        process,
        status=status,
        clause=clause,
        changes=changes[::-1],
        suggestions=suggestions,
        comment_form=form,
        refused=refused,
        own_words=form.own_words,
        said=request.GET.get("gesagt"),
        sentences=_sentences(process, clause, book),
        project=_project(clause),
        stances=[
            (name, text, [row for row in clause.comments if row.stance == name]) for name, text in STANCES.items()
        ],
    )


@csrf_exempt
@told
def comment(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Take a comment on a paragraph."""
    process = _process(request, slug)
    clause = _clause(process, number)
    form = CommentForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, process, clause, form, status=400 if form.is_bound else 200)
    try:
        if process.writing != "open":
            require_pass(request, process, "comment")
        require_form(request)
        said = take_comment(request, clause.paragraph, form)
    except AllmendeError as error:
        return _page(request, process, clause, form, status=error.status, refused=error)
    return said_at(reverse("paragraph", args=[slug, number]), said)


@csrf_exempt
@told
def suggest(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Suggest a change; who typed while the paragraph moved sees both, and loses nothing."""
    process = _process(request, slug)
    clause = _clause(process, number)
    current = clause.current
    if request.method != "POST":
        form = SuggestionForm(process, initial={"proposed": current.text_de, "base_version": current.version})
        wanted = f"absatz-{number}"
        return way_in(request, process, "suggest", wanted) or _form(request, process, clause, form)
    form = SuggestionForm(process, request.POST)
    try:
        if not form.is_valid():
            return _form(request, process, clause, form, status=400)
        values = form.cleaned_data
        if process.writing in ("code", "oidc"):
            require_pass(request, process, "suggest")
        services.require_open(process, "suggest", utc_now())
        if values["proposed"].split() == current.text_de.split():
            form.add_error("proposed", gettext("Das ist der Absatz, wie er ist. Ändern Sie etwas daran."))
            return _form(request, process, clause, form, status=400)
        if values["base_version"] != current.version:
            form.data = {**request.POST.dict(), "base_version": str(current.version)}
            moved = difference(current.text_de, values["proposed"])
            return _form(request, process, clause, form, status=409, moved=moved)
        require_form(request)
        draft = services.Draft(
            kind="suggestion",
            title=values["title"],
            body=values["body"],
            language=language(),
            author=values["author"],
            paragraph=clause.paragraph,
            base_version=current.version,
            proposed=values["proposed"],
        )
        return take(request, process, draft, values["email"])
    except AllmendeError as error:
        return _form(request, process, clause, form, status=error.status, refused=error)


def _form(
    request: HttpRequest,
    process: Process,
    clause: Clause,
    form: SuggestionForm,
    *,
    status: int = 200,
    refused: AllmendeError | None = None,
    moved: object = None,
) -> HttpResponse:
    return process_page(
        request,
        "suggest.html",
        process,
        status=status,
        clause=clause,
        form=form,
        refused=refused,
        moved=moved,
        shows_errors=form.is_bound and not refused and not moved,
        own_words=form.own_words,
    )


@told
def synopsis(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show every suggestion beside its paragraph and its answer."""
    process = _process(request, slug, CONTRIBUTIONS)
    rows = [
        (clause, one, difference(_base(clause, one.base_version), one.proposed), _answer(one))
        for clause in text_queries.clauses(process)
        for one in clause.suggestions
    ]
    return process_page(request, "synopsis.html", process, rows=rows)


def _base(clause: Clause, version: int | None) -> str:
    return next((one.text_de for one in clause.versions if one.version == version), "")


def _answer(one: Contribution) -> Step | None:
    steps = list(one.steps.all())
    return next((step for step in reversed(steps) if step.outcome), None)


@told
def synopsis_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the synopsis as CSV."""
    process = _process(request, slug, CONTRIBUTIONS)
    rows = []
    for clause in text_queries.clauses(process):
        adopted = {version.suggestion_id: version.version for version in clause.versions}
        for one in clause.suggestions:
            answers = [step for step in one.steps.all() if step.outcome]
            last = answers[-1] if answers else None
            said = (last.note_de, last.note_en) if last else (None, None)
            cells = (one.number, one.title, one.proposed, one.body, one.outcome, *said, adopted.get(one.pk))
            rows.append((clause.paragraph.number, *cells))
    return csv_file(f"{slug}-synopse", HEADER, rows)


def seal(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Give the bytes of a sealed text, as their hash stands in the public log."""
    process = _process(request, slug)
    found = text_queries.seals(process).filter(number=number).first()
    if found is None:
        raise Http404
    return HttpResponse(found.content.encode(), content_type="application/json")


class SealedRow(msgspec.Struct, frozen=True):
    """A paragraph as it was sealed, and what has changed in it since; nothing where it stands as it stood."""

    number: int
    heading: Text
    words: Text
    translated: bool
    parts: list[Part]


def sealed(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Show a sealed text to read, beside what has changed since."""
    process = _process(request, slug)
    found = text_queries.seals(process).filter(number=number).first()
    if found is None:
        raise Http404
    now = {clause.paragraph.number: clause.current.text_de for clause in text_queries.clauses(process)}
    rows = []
    for one in msgspec.json.decode(found.content)["paragraphs"]:
        german, english, newest = one["text"]["de"], one["text"]["en"], now.get(one["number"], "")
        parts = difference(german, newest) if newest != german else []
        words = Text(german, english or german)
        rows.append(SealedRow(one["number"], Text(**one["heading"]), words, bool(english), parts))
    changed = sum(bool(row.parts) for row in rows)
    return process_page(request, "sealed.html", process, seal=found, rows=rows, changed=changed)
