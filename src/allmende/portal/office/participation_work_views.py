"""What the staff does with contributions, texts and cases of moderation."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.kernel.text import Text
from allmende.participation import queries, text_queries
from allmende.participation.difference import difference, merged
from allmende.participation.models import Contribution, Handover, Process
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.rules import CAUSES, REASONS, TEXT_MOVED
from allmende.participation.services import handover, journey, moderation, places, texts
from allmende.participation.text_queries import Clause
from allmende.portal.office import participation_hint_views
from allmende.portal.office.frame import page, refuse, tell
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_forms import (
    DecideForm,
    MergeForm,
    PlaceForm,
    SplitForm,
    StepForm,
)
from allmende.portal.office.participation_text_forms import ParagraphForm, RelateForm, SealForm, WordingForm
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of

FROM_NEED = Text("aus Beitrag {number}", "from contribution {number}")


def _back(process: Process) -> tuple[str, str]:
    return reverse("office:participation-process", args=[process.slug]), str(process)


@reads(AREA)
@uses(CONTRIBUTIONS)
def contribution(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show a contribution; tell its next step, merge it, split it."""
    one = queries.contribution(number) or Contribution.objects.filter(number=number).first()
    if one is None:
        raise Http404
    deed = request.POST.get("deed", "")
    office = {"office_de": one.process.office_de, "office_en": one.process.office_en}
    shown: dict[str, forms.Form] = {
        "step": StepForm(request.POST if deed == "step" else None, initial=office),
        "merge": MergeForm(request.POST if deed == "merge" else None),
        "split": SplitForm(request.POST if deed == "split" else None),
        "place": PlaceForm(one, request.POST if deed == "place" else None),
    }
    form = shown.get(deed)
    if deed == "defect" or (form is not None and form.is_valid()):
        values = form.cleaned_data if form is not None else {}
        try:
            messages.success(request, _deed(person_of(request), one, deed, values))
            return redirect("office:participation-contribution", number)
        except AllmendeError as error:
            refuse(request, form, error)
    base = one.paragraph.versions.filter(version=one.base_version or 1).first() if one.paragraph else None
    return page(
        request,
        "participation_contribution",
        one.number,
        icon=ICON,
        back=_back(one.process),
        one=one,
        shown=shown,
        parts=difference(base.text_de, one.proposed) if base else [],
        now=utc_now(),
        desk=settings.ALLMENDE.open311_url,
        handed=Handover.objects.filter(contribution=one).first(),
        alike=[row for row in queries.similar(one.process, one.title, None) if row.pk != one.pk],
        may_change=may_write(roles_of(request.user), AREA),
    )


def _deed(person: Person, one: Contribution, deed: str, values: dict[str, Any]) -> str:
    now = utc_now()
    if deed == "merge":
        journey.merge(person, number=one.number, into=values["into"].strip(), now=now)
        return gettext("Zusammengeführt.")
    if deed == "split":
        made = journey.split(person, number=one.number, parts=values["parts"], now=now)
        return gettext("Geteilt in: %(numbers)s") % {"numbers": ", ".join(part.number for part in made)}
    if deed == "place":
        where = values["where"]
        note = Text(values["reason_de"], values["reason_en"])
        places.correct(person, one.number, where.point, where.shape, where.place, note=note, now=now)
        return gettext("Der Ort ist berichtigt; wer folgt, erfährt es.")
    if deed == "defect":
        handover.hand_over(person, number=one.number, desk=handover.desk_of(settings.ALLMENDE), now=now)
        return gettext("Der Mängelmelder bekommt es gleich; seine Vorgangsnummer erscheint im Verlauf.")
    news = journey.News(
        state=values["state"],
        outcome=values["outcome"] if values["state"] == "answered" else "",
        note=Text(values["note_de"], values["note_en"]) if values["note_de"] else None,
        office=Text(values["office_de"], values["office_en"]),
        project=values["project"],
        milestone=int(values["milestone"]) if values["milestone"] else None,
        paper=values["paper"],
    )
    journey.advance(person, number=one.number, news=news, now=now)
    return gettext("Der Schritt ist öffentlich; wer folgt, erfährt es.")


@reads(AREA)
@uses(CONTRIBUTIONS)
def text(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the paragraphs; add one at the end; seal the whole."""
    process = process_of(slug)
    deed = request.POST.get("deed", "")
    add = ParagraphForm(process, request.POST if deed == "add" else None, initial=_grown(request, process))
    seal = SealForm(request.POST if deed == "seal" else None)
    person = person_of(request)
    if add.is_bound and add.is_valid():
        values = add.cleaned_data
        heading = Text(values["heading_de"], values["heading_en"])
        made = texts.add_paragraph(person, process, heading=heading, wording=_wording(values, None), now=utc_now())
        texts.relate(person, made, numbers=values["numbers"], project="")
        messages.success(request, gettext("Absatz angefügt."))
        return redirect("office:participation-text", slug)
    if seal.is_bound and seal.is_valid():
        occasion = Text(seal.cleaned_data["occasion_de"], seal.cleaned_data["occasion_en"])
        texts.seal(person, process, gate=gate(), occasion=occasion, now=utc_now())
        messages.success(request, gettext("Versiegelt; die Prüfsumme steht in Sekunden im öffentlichen Protokoll."))
        return redirect("office:participation-text", slug)
    return page(
        request,
        "participation_text",
        _("Text"),
        icon=ICON,
        back=_back(process),
        process=process,
        clauses=text_queries.clauses(process),
        seals=text_queries.seals(process),
        add=add,
        seal=seal,
        may_change=may_write(roles_of(request.user), AREA),
    )


def _grown(request: HttpRequest, process: Process) -> dict[str, str]:
    """Begin a paragraph with the need that it grows from."""
    one = queries.shown(process).filter(number=request.GET.get("aus", "")).first()
    if one is None:
        return {}
    reason = FROM_NEED.filled(number=one.number)
    words = {"text_de": one.body or one.title, "reason_de": reason.de, "reason_en": reason.en}
    return {"heading_de": one.title, **words, "numbers": one.number}


def _wording(values: dict[str, Any], suggestion: Contribution | None) -> texts.Wording:
    reason = Text(values["reason_de"], values["reason_en"])
    return texts.Wording(text_de=values["text_de"], text_en=values["text_en"], reason=reason, suggestion=suggestion)


@reads(AREA)
@uses(CONTRIBUTIONS)
def paragraph(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Reword a paragraph; whoever typed while somebody else saved sees both, and loses nothing."""
    process = process_of(slug)
    clause = text_queries.clause(process, number)
    if clause is None:
        raise Http404
    taken = next((one for one in clause.suggestions if one.number == request.GET.get("vorschlag")), None)
    form, relate = _paragraph_forms(request, clause, taken)
    person, moved = person_of(request), None
    if relate.is_bound and relate.is_valid():
        values = relate.cleaned_data
        texts.relate(person, clause.paragraph, numbers=values["numbers"], project=values["project"])
        messages.success(request, gettext("Gespeichert."))
        return redirect("office:participation-paragraph", slug, number)
    if form.is_bound and form.is_valid():
        try:
            return _reworded(request, person, clause, form.cleaned_data)
        except AllmendeError as error:
            refuse(request, form, error)
            if error.code is TEXT_MOVED:
                clause = text_queries.clause(process, number) or clause
                moved = difference(clause.current.text_de, form.cleaned_data["text_de"])
                form.data = {**request.POST.dict(), "base": str(clause.current.version)}
    return page(
        request,
        "participation_paragraph",
        str(clause.paragraph),
        icon=ICON,
        clause=clause,
        form=form,
        relate=relate,
        back=(reverse("office:participation-text", args=[slug]), _("Text")),
        process=process,
        moved=moved,
        **({} if taken is None or form.is_bound else _taken_over(clause, taken)),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _paragraph_forms(
    request: HttpRequest, clause: Clause, taken: Contribution | None
) -> tuple[WordingForm, RelateForm]:
    """Give the forms of a paragraph, the one that was sent filled in."""
    deed = request.POST.get("deed", "")
    words = request.POST if deed == "reword" else None
    first = {"numbers": " ".join(one.number for one in clause.origins), "project": clause.paragraph.project}
    relate = RelateForm(clause.paragraph.process, request.POST if deed == "relate" else None, initial=first)
    return WordingForm(words, initial=_first(clause, taken), suggestions=clause.suggestions), relate


def _merged(clause: Clause, taken: Contribution) -> str | None:
    """Give the newest words with what a suggestion changes in those that it was made for."""
    base = next((one.text_de for one in clause.versions if one.version == taken.base_version), "")
    return merged(base, clause.current.text_de, taken.proposed)


def _taken_over(clause: Clause, taken: Contribution) -> dict[str, Any]:
    """Give what a suggestion changes in the newest words, and whether these have changed at the same place."""
    found = _merged(clause, taken)
    changes = difference(clause.current.text_de, found or taken.proposed)
    taken_in = found == clause.current.text_de
    return {"taken": taken, "changes": changes, "clash": found is None, "taken_in": taken_in}


def _first(clause: Clause, taken: Contribution | None) -> dict[str, Any]:
    """Begin with the newest words, or with those and the suggestion that is to be taken over."""
    current = clause.current
    return {
        "base": current.version,
        "text_de": (_merged(clause, taken) or taken.proposed) if taken else current.text_de,
        "text_en": "" if taken and _merged(clause, taken) != current.text_de else current.text_en,
        "suggestion": taken.number if taken else "",
    }


def _reworded(request: HttpRequest, person: Person, clause: Clause, values: dict[str, Any]) -> HttpResponseBase:
    taken = next((one for one in clause.suggestions if one.number == values["suggestion"]), None)
    process = clause.paragraph.process
    texts.reword(person, clause.paragraph, base=values["base"], wording=_wording(values, taken), now=utc_now())
    messages.success(request, gettext("Neue Fassung gespeichert."))
    if taken is not None and taken.answered is None:
        messages.info(request, gettext("Beantworten Sie jetzt den Vorschlag."))
        return redirect("office:participation-contribution", taken.number)
    return redirect("office:participation-text", process.slug)


@reads(AREA)
@uses(CONTRIBUTIONS)
def cases(request: HttpRequest) -> HttpResponseBase:
    """Show the next case of moderation with all that is needed to decide it; then the one after it."""
    rows = queries.waiting_cases()
    queue = participation_hint_views.queue(request, rows)
    current = rows.filter(pk=number_of(request.GET.get("fall", "")) or 0).first() or queue.first
    form = DecideForm(request.POST or None)
    if request.method == "POST" and request.POST.get("deed") == "flood":
        return _flood(request)
    if request.method == "POST":
        keep, reason = request.POST.get("deed") == "keep", request.POST.get("reason", "")
        number = number_of(request.POST.get("case", ""))
        if number is not None and (keep or reason in REASONS):
            try:
                moderation.decide(person_of(request), case=number, keep=keep, reason=reason, now=utc_now())
                messages.success(request, gettext("Gezeigt.") if keep else gettext("Verborgen."))
            except AllmendeError as error:
                tell(request, error)
        else:
            messages.error(request, gettext("Zum Verbergen fehlt der Grund."))
            return redirect(_in_order(request, number))
        return redirect(_in_order(request))
    return page(
        request,
        "participation_cases",
        _("Moderation"),
        icon=ICON,
        current=current,
        queue=queue,
        hint=participation_hint_views.hint_of(request, current),
        waiting=rows.count(),
        floods=[(process, cause, CAUSES[cause], n, last) for process, cause, n, last in queries.floods()],
        form=form,
        back=(reverse("office:participation"), _("Beteiligung")),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _in_order(request: HttpRequest, case: int | None = None) -> str:
    """Give the address of the queue in the order that was chosen, at a case if one is named."""
    asked = {"folge": request.GET.get("folge"), "fall": case}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{request.path}?{query}" if query else request.path


def _flood(request: HttpRequest) -> HttpResponseBase:
    """Hide at once what came in masses, as far as it was there when the page was shown."""
    asked, reason = request.POST, request.POST.get("reason", "")
    process = queries.every_process().filter(slug=asked.get("process", "")).first()
    upto = number_of(asked.get("upto", ""))
    if process is None or upto is None or reason not in REASONS:
        messages.error(request, gettext("Zum Verbergen fehlt der Grund."))
        return redirect("office:participation-cases")
    flood = queries.Flood(process, asked.get("cause", ""), upto)
    count = moderation.hide_flood(person_of(request), flood, reason=reason, now=utc_now())
    messages.success(request, gettext("Verborgen: %(n)s") % {"n": count})
    return redirect("office:participation-cases")
