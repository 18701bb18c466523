"""Processes in the staff room: founded, declared, moved, filled, and their result published."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.kernel.clock import CIVIL_TIME, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.participation import queries
from allmende.participation.closing_queries import ending_of
from allmende.participation.models import Process
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.readability import Reading, reading
from allmende.participation.rules import FORGOT, MOVES, PROCESS_STATES
from allmende.participation.services import processes, votes
from allmende.participation.services.contributions import Draft, submit
from allmende.portal.office.final import ArchiveForm
from allmende.portal.office.frame import page, refuse
from allmende.portal.office.participation_door import refused
from allmende.portal.office.participation_forms import (
    DECLARATIONS,
    CloneForm,
    CodesForm,
    EntryForm,
    FoundForm,
    PhaseForm,
    ProcessForm,
    ResultForm,
    StatementForm,
    TopicForm,
)
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.participation_frame import address, language, require_taking
from allmende.ui import codes as code_sheets

AREA, ICON = "participation", "group"
Values = dict[str, Any]
Deed = Callable[[Person, Process, Values], str]


def first_moment(day: dt.date) -> dt.datetime:
    """Give the beginning of a day in civil time."""
    return dt.datetime.combine(day, dt.time(), CIVIL_TIME)


@reads(AREA)
def processes_list(request: HttpRequest) -> HttpResponseBase:
    """List the processes, with what waits for an answer."""
    now = utc_now()
    rows = [(one, queries.tally(one, now)) for one in queries.every_process()]
    waiting = queries.waiting_cases().count()
    may = may_write(roles_of(request.user), AREA)
    return page(request, "participation", _("Beteiligung"), icon=ICON, rows=rows, waiting=waiting, may_change=may)


@reads(AREA)
def found(request: HttpRequest) -> HttpResponseBase:
    """Found a process from a format."""
    form = FoundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        process = form.save(commit=False)
        processes.found(person_of(request), process, first_day=first_moment(form.cleaned_data["first_day"]))
        messages.success(request, gettext("Als Entwurf angelegt; die Vorschau ist noch nicht öffentlich."))
        return redirect("office:participation-process", process.slug)
    back = (reverse("office:participation"), _("Beteiligung"))
    return page(request, "participation_form", _("Verfahren anlegen"), icon=ICON, back=back, form=form)


def process_of(slug: str) -> Process:
    """Give a process to the staff, drafts too."""
    one = queries.every_process().filter(slug=slug).first()
    if one is None:
        raise Http404
    return one


def _close(person: Person, process: Process, values: Values) -> str:
    processes.move(person, process, values["to"], utc_now())
    said = gettext("Jetzt: %(state)s") % {"state": PROCESS_STATES[values["to"]].within(language())}
    closes = process.close_days
    process.refresh_from_db()
    if closes is not None and process.close_days is None:
        return (
            f"{said}. {gettext('Der Tag, an dem es sich schließen sollte, ist vorbei: Jetzt schließt es jemand ab.')}"
        )
    return said


def _declare(person: Person, process: Process, _values: Values) -> str:
    processes.change(person, process, list(DECLARATIONS))
    return gettext("Gespeichert.")


def _result(person: Person, process: Process, values: Values) -> str:
    processes.publish_result(person, process, Text(values["result_de"], values["result_en"]), utc_now())
    return gettext("Das Ergebnis ist veröffentlicht.")


def _topic(person: Person, process: Process, values: Values) -> str:
    title = Text(values["title_de"], values["title_en"])
    processes.add_topic(person, process, kind=values["kind"], slug=values["slug"], title=title, people=values["people"])
    return gettext("Hinzugefügt.")


def _statement(person: Person, process: Process, values: Values) -> str:
    votes.add_statement(
        person, process, text_de=values["text_de"], text_en=values["text_en"], contribution=values.get("number")
    )
    return gettext("Hinzugefügt.")


def _entry(person: Person, process: Process, values: Values) -> str:
    require_taking(process, CONTRIBUTIONS)
    draft = Draft(
        kind=process.form.kind or "idea",
        title=values["title"],
        body=values["body"],
        channel=values["channel"],
        category=values.get("category", ""),
        group=values.get("group", ""),
        tag=values.get("tag", ""),
        **msgspec.structs.asdict(values["where"]),
        cost=values.get("cost", 0),
    )
    taken = submit(person, process, draft, proven=True, confirmed=True, now=utc_now())
    return gettext("Aufgenommen: %(number)s") % {"number": taken.contribution.number}


DEEDS: dict[str, Deed] = {
    "declare": _declare,
    "result": _result,
    "topic": _topic,
    "statement": _statement,
    "entry": _entry,
}


def _archives(request: HttpRequest) -> bool:
    return (request.POST.get("deed"), request.POST.get("to")) == ("move", "archived")


def _forms(request: HttpRequest, process: Process) -> dict[str, forms.BaseForm]:
    deed = request.POST.get("deed", "")

    def data(name: str) -> Any:
        return request.POST if deed == name else None

    found_forms: dict[str, forms.BaseForm] = {
        "declare": ProcessForm(data("declare"), instance=process),
        "result": ResultForm(data("result"), initial={"result_de": process.result_de, "result_en": process.result_en}),
        "topic": TopicForm(data("topic")),
        "entry": EntryForm(process, data("entry")),
        "statement": StatementForm(process, data("statement")),
        "clone": CloneForm(data("clone")),
        "codes": CodesForm(data("codes")),
        "archive": ArchiveForm(request.POST if _archives(request) else None),
    }
    for name, form in found_forms.items():
        # The same names come in several forms of the page, which would have the same ids.
        form.auto_id = f"{name}_%s"
    return found_forms


@reads(AREA)
def process_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show a process to its staff: everything that can be done to it on one page."""
    process = process_of(slug)
    deed = request.POST.get("deed", "")
    shown = _forms(request, process)
    phases = [
        PhaseForm(phase, request.POST if deed == f"phase-{phase.slug}" else None) for phase in process.phases.all()
    ]
    if request.method == "POST":
        try:
            done = _done(request, process, deed, shown, phases)
            if done is not None:
                return done
        except AllmendeError as error:
            refuse(request, shown.get(deed), error)
    now = utc_now()
    return page(
        request,
        "participation_process",
        str(process),
        icon=ICON,
        back=(reverse("office:participation"), _("Beteiligung")),
        process=process,
        shown=shown,
        phases=phases,
        phase_open=any(phase.is_bound for phase in phases),
        ordered=process.rankings.exists() or process.pair_judgements.exists(),
        tally=queries.tally(process, now),
        ending=ending_of(process),
        waiting=[] if refused(request, process.purpose_slug) else queries.waiting_contributions(process)[:50],
        now=now,
        moves=[(to, PROCESS_STATES[to]) for state, to in sorted(MOVES) if state == process.state],
        topics=process.topics.all(),
        statements=process.statements.all(),
        codes=process.codes.count(),
        readings=_readings(process),
        forgot=[(text, process.forgot[name]) for name, text in FORGOT.items() if process.forgot.get(name)],
        may_change=may_write(roles_of(request.user), AREA),
    )


def _readings(process: Process) -> list[tuple[str, Reading]]:
    """Judge how the German declarations read, as a hint for whoever writes them."""
    labels = {
        "purpose_de": _("Wozu? (deutsch)"),
        "audience_de": _("Wer ist gefragt? (deutsch)"),
        "weight_de": _("Was damit geschieht (deutsch)"),
        "result_de": _("Ergebnis (deutsch)"),
    }
    found = [(label, reading(getattr(process, name))) for name, label in labels.items()]
    return [(str(label), hint) for label, hint in found if hint is not None]


def _done(
    request: HttpRequest, process: Process, deed: str, shown: dict[str, forms.BaseForm], phases: list[PhaseForm]
) -> HttpResponse | None:
    person = person_of(request)
    if _archives(request) and not shown["archive"].is_valid():
        return None
    if deed == "move":
        said = _close(person, process, {"to": request.POST.get("to", "")})
        return _told(request, process, said)
    for phase in phases:
        if phase.is_bound and phase.is_valid():
            values = phase.cleaned_data
            processes.set_phase(person, phase.phase, since=values["since"], until=values["until"])
            return _told(request, process, gettext("Gespeichert."))
    form: Any = shown.get(deed)
    if form is None or not form.is_valid():
        return None
    if deed == "codes":
        codes = votes.make_codes(person, process, form.cleaned_data["count"])
        return _sheet(request, process, codes) if form.cleaned_data["sheet"] == "pdf" else _printed(process, codes)
    if deed == "clone":
        values = form.cleaned_data
        title = Text(values["title_de"], values["title_en"])
        copy = processes.clone(
            person, process, slug=values["slug"], title=title, first_day=first_moment(values["first_day"])
        )
        return redirect("office:participation-process", copy.slug)
    return _told(request, process, DEEDS[deed](person, process, form.cleaned_data))


def _told(request: HttpRequest, process: Process, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("office:participation-process", process.slug)


def _spelled(code: str) -> str:
    return f"{code[:4]} {code[4:8]} {code[8:]}"


def _sheet(request: HttpRequest, process: Process, codes: list[str]) -> HttpResponse:
    """Give the codes this once, as sheets to be cut apart; each QR code fills in its own."""
    where = address(request, "enter", process.slug)
    words = code_sheets.Sheet(
        language(),
        process.title.within(language()),
        gettext("Ein Code, eine Person. Bitte nicht weitergeben."),
        where.partition("://")[2],
        gettext("QR-Code zum Teilnehmen, Code"),
    )
    drawn = code_sheets.draw(words, [(_spelled(code), f"{where}?code={code}") for code in codes])
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{process.slug}-codes.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def _printed(process: Process, codes: list[str]) -> HttpResponse:
    """Give the codes this once, one a line, in groups of four for the letter."""
    answer = HttpResponse("\n".join(map(_spelled, codes)) + "\n", content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{process.slug}-codes.txt"'
    answer["Cache-Control"] = "no-store"
    return answer
