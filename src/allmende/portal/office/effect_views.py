"""Indicators in the staff room: which are stale, a value by hand, a target, a new version, a run."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import AuditEntry
from allmende.accounts.queries import subject_of
from allmende.accounts.rules import may_read, may_write
from allmende.catalog.door import gate
from allmende.effects import queries, runs, services
from allmende.effects.models import Indicator
from allmende.effects.queries import IndicatorView
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.portal.effect_files import HEADER, row_of
from allmende.portal.files import csv_file
from allmende.portal.office.effect_forms import DefinitionForm, LinkForm, NewIndicatorForm, PathForm, ValueForm, filled
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.trail import written

AREA = "effects"
STALE = ("unknown", "outdated")


@reads(AREA)
def indicators(request: HttpRequest) -> HttpResponseBase:
    """List all indicators, those without a current value first; determine all that are due."""
    if request.method == "POST":
        added = runs.run_due(person_of(request), gate=gate(), today=today())
        messages.success(request, gettext("Fällige Indikatoren bestimmt, neue Werte: %(n)s") % {"n": added})
        return redirect("office:indicators")
    views = queries.indicators_on(today(), public=False)
    ordered = sorted(views, key=lambda view: view.status.state not in STALE)
    stale = sum(view.status.state in STALE for view in views)
    values: dict[str, Any] = {"views": ordered, "stale": stale, "may_change": may_write(roles_of(request.user), AREA)}
    return page(request, "indicators", _("Indikatoren"), icon="history", **values)


@reads(AREA)
def indicators_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    return csv_file("indikatoren", HEADER, [row_of(view) for view in queries.indicators_on(today(), public=False)])


def _view(slug: str) -> IndicatorView:
    view = queries.indicator_on(slug, today(), public=False)
    if view is None:
        raise Http404
    return view


def _may_enter(request: HttpRequest, one: Indicator) -> bool:
    """Tell whether this person enters values: the office all, a project lead those of the projects they lead."""
    roles = roles_of(request.user)
    if may_write(roles, AREA):
        return True
    own = person_of(request).projects.values_list("slug", flat=True) if "lead" in roles else ()
    return bool(set(one.projects) & set(own))


def indicator(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show one indicator; enter a value, a target or a cause, or have it determined now."""
    if not may_read(roles_of(request.user), AREA):
        raise PermissionDenied
    view = _view(slug)
    if request.method == "POST":
        deed = str(request.POST.get("deed"))
        allowed = _may_enter(request, view.indicator) if deed == "value" else may_write(roles_of(request.user), AREA)
        if not allowed or deed not in DEEDS:
            raise PermissionDenied
        return DEEDS[deed](request, view)
    return _shown(request, view, {})


def _shown(request: HttpRequest, view: IndicatorView, faulty: dict[str, Form]) -> HttpResponseBase:
    definition = view.current.definition
    forms: dict[str, Form] = {"path": PathForm(initial={"since": today()}), "link": LinkForm()}
    forms["value"] = ValueForm(definition=definition)
    shown: dict[str, Any] = {
        "view": view,
        "definition": definition,
        "history": queries.history_of(view.indicator, today()),
        "by_hand": definition.source.get("kind") == "hand",
        "forms": forms | faulty,
        "may_change": may_write(roles_of(request.user), AREA),
        "may_enter": _may_enter(request, view.indicator),
        "entries": [written(one) for one in AuditEntry.objects.filter(subject=subject_of(view.indicator))],
    }
    back = (reverse("office:indicators"), _("Indikatoren"))
    return page(request, "indicator", str(view.indicator), icon="history", back=back, **shown)


def _done(
    request: HttpRequest, view: IndicatorView, name: str, form: Form, write: Callable[[], object]
) -> HttpResponseBase:
    """Write what a form says; show it again with its faults, or with what the rules refuse."""
    if not form.is_valid():
        return _shown(request, view, {name: form})
    try:
        write()
    except AllmendeError as error:
        tell(request, error)
        return _shown(request, view, {name: form})
    messages.success(request, gettext("Gespeichert; das Frühere bleibt lesbar."))
    return redirect("office:indicator", view.indicator.slug)


def _value(request: HttpRequest, view: IndicatorView) -> HttpResponseBase:
    form, actor, slug = (
        ValueForm(request.POST, definition=view.current.definition),
        person_of(request),
        view.indicator.slug,
    )
    return _done(request, view, "value", form, lambda: services.enter_value(actor, slug=slug, entry=form.entry))


def _path(request: HttpRequest, view: IndicatorView) -> HttpResponseBase:
    form, actor, slug = PathForm(request.POST), person_of(request), view.indicator.slug
    number = view.current.definition.number
    return _done(request, view, "path", form, lambda: services.set_path(actor, slug=slug, entry=form.entry(number)))


def _link(request: HttpRequest, view: IndicatorView) -> HttpResponseBase:
    form, actor = LinkForm(request.POST), person_of(request)
    slug = view.indicator.slug
    return _done(request, view, "link", form, lambda: services.add_link(actor, entry=form.entry(slug)))


def _run(request: HttpRequest, view: IndicatorView) -> HttpResponseBase:
    run = runs.run_indicator(person_of(request), gate=gate(), indicator=view.indicator, today=today())
    if run.text is not None:
        messages.warning(request, run.text.within(request.LANGUAGE_CODE))
    else:
        messages.success(request, gettext("Bestimmt, neue Werte: %(n)s") % {"n": run.added})
    return redirect("office:indicator", view.indicator.slug)


DEEDS: dict[str, Callable[[HttpRequest, IndicatorView], HttpResponseBase]] = {
    "value": _value,
    "path": _path,
    "link": _link,
    "run": _run,
}


@reads(AREA)
def revise(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change how an indicator is determined: a new version, with the reason."""
    view = _view(slug)
    form = DefinitionForm(request.POST or None, initial=filled(view.current.definition))
    if request.method == "POST" and form.is_valid():
        try:
            services.revise(person_of(request), slug=slug, entry=form.definition)
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, gettext("Die neue Fassung gilt; Werte der früheren bleiben bei ihr."))
            return redirect("office:indicator", slug)
    back = (reverse("office:indicator", args=[slug]), str(view.indicator))
    return page(request, "indicator_form", _("Neue Fassung"), icon="edit", back=back, form=form, revising=True)


@reads(AREA)
def add(request: HttpRequest) -> HttpResponseBase:
    """Define a new indicator."""
    form = NewIndicatorForm(request.POST or None, initial={"since": today()})
    if request.method == "POST" and form.is_valid():
        try:
            services.add_indicator(person_of(request), entry=form.entry)
        except AllmendeError as error:
            tell(request, error)
        else:
            return redirect("office:indicator", form.cleaned_data["slug"])
    back = (reverse("office:indicators"), _("Indikatoren"))
    return page(request, "indicator_form", _("Neuer Indikator"), icon="plus", back=back, form=form)
