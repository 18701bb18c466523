"""Transfer packages in the staff room: give one out and offer it, take one over in two steps, take it back."""

import re
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.gate.door import Ask, Asker
from allmende.gate.ledger import Ledger
from allmende.kernel.errors import AllmendeError
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.transfer_forms import GiveForm, PackageForm, ValuesForm
from allmende.sources.definition import Connector, connectors
from allmende.transfer import queries, taking
from allmende.transfer.gathering import city_of
from allmende.transfer.giving import House, hand_out, publish_package, withdraw_package
from allmende.transfer.models import Export, Import, ImportItem
from allmende.transfer.package.archive import read
from allmende.transfer.package.form import Package

DIGEST = re.compile(r"[0-9a-f]{64}")
# The work process takes what waits into the ledger once a second.
PATIENCE_SECONDS, LOOK_SECONDS = 8.0, 0.1


def _staged(digest: str) -> Path:
    """Give the file of a package that waits for its values; the name is its digest and nothing that a person wrote."""
    if not DIGEST.fullmatch(digest):
        raise Http404
    folder: Path = settings.ALLMENDE.home / "transfer" / "staged"
    return folder / f"{digest}.zip"


def _until_told() -> None:
    """Wait until the work process has taken what waits into the ledger."""
    ledger = Ledger(gate())
    size, last = ledger.size, time.monotonic() + PATIENCE_SECONDS
    while ledger.size == size and time.monotonic() < last:
        time.sleep(LOOK_SECONDS)


def _house() -> House:
    return House(settings.ALLMENDE.home, _until_told)


@reads("programme")
def packages(request: HttpRequest) -> HttpResponseBase:
    """List what was given and taken, and take a file in to be looked at; nothing is installed by that."""
    form = PackageForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        raw = form.cleaned_data["file"].read()
        try:
            digest = read(raw)[2]
        except AllmendeError as error:
            form.add_error("file", told(error))
        else:
            path = _staged(digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
            return redirect("office:package", digest)
    return page(
        request,
        "packages",
        _("Transferpakete"),
        icon="download",
        form=form,
        give=GiveForm(),
        imports=queries.imports(),
        exports=queries.exports(),
        may_change=may_write(roles_of(request.user), "programme"),
    )


@reads("programme")
def give(request: HttpRequest) -> HttpResponseBase:
    """Put the package of a project together for the public; where something keeps it from going, name each place."""
    form = GiveForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return redirect("office:packages")
    project, actor = form.cleaned_data["project"], person_of(request)
    own = settings.ALLMENDE
    try:
        raw, row = hand_out(
            actor,
            project=project,
            city=city_of(own.pack, own.public_url),
            gate=gate(),
            ask=Ask(Asker(f"staff:{actor.pk}"), "publish", "open-data", "public"),
            house=_house(),
            connectors=[one for one in connectors(own.home) if isinstance(one, Connector)],
        )
    except AllmendeError as error:
        places = error.about if isinstance(error.about, list) else []
        values = {"project": project, "error": told(error), "places": places}
        return page(request, "package_refused", _("Transferpaket"), icon="download", back=_back(), **values)
    if row is None:
        # It goes on as it came, byte for byte: another city's package, which this one does not publish.
        return _zip(f"{project.slug}.zip", raw)
    messages.success(request, gettext("Das Paket ist geschrieben und steht im öffentlichen Protokoll."))
    return redirect("office:export", row.pk)


@reads("programme")
def given(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a package that was given out; a second person offers it to everybody, or takes the offer back."""
    row = get_object_or_404(Export.objects.select_related("project", "made_by", "published_by"), pk=number)
    if request.method == "POST":
        actor, deed = person_of(request), request.POST.get("deed")
        try:
            if deed == "publish":
                publish_package(actor, number=number, house=_house())
            else:
                withdraw_package(actor, number=number)
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, gettext("Gespeichert."))
        return redirect("office:export", number)
    path, person = _house().given(row.digest), person_of(request)
    return page(
        request,
        "export",
        row.project.title.within(get_language() or "de"),
        icon="download",
        row=row,
        size=path.stat().st_size if path.exists() else None,
        may_change=may_write(roles_of(person), "programme"),
        second=row.made_by_id != person.pk,
        back=_back(),
    )


@reads("programme")
def given_file(request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the file of a package that was given out."""
    row = get_object_or_404(Export.objects.select_related("project"), pk=number)
    path = _house().given(row.digest)
    if not path.exists():
        raise Http404
    return _zip(f"{row.project.slug}.zip", path.read_bytes())


def _zip(name: str, raw: bytes) -> HttpResponse:
    answer = HttpResponse(raw, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _back() -> tuple[str, Any]:
    return reverse("office:packages"), _("Transferpakete")


@reads("programme")
def fill_in(request: HttpRequest, digest: str) -> HttpResponseBase:
    """Ask for this city's values, then take the package over as a draft."""
    path = _staged(digest)
    if not path.exists():
        raise Http404
    raw = path.read_bytes()
    package = read(raw)[0]
    form = ValuesForm(request.POST or None, package.parameters)
    if request.method == "POST" and form.is_valid() and request.POST.get("deed") != "try":
        try:
            row = taking.take_over(
                person_of(request), raw=raw, values=form.cleaned_data["values"], gate=gate(), house=_house()
            )
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            path.unlink(missing_ok=True)
            messages.success(request, gettext("Als Entwurf übernommen."))
            return redirect("office:import", row.pk)
    plan, hindrance = _plan(request, raw, form, package)
    return page(
        request,
        "package",
        package.facts.title.within(get_language() or "de"),
        icon="download",
        form=form,
        package=package,
        plan=plan,
        hindrance=hindrance,
        origin=package.parameters.origin,
        may_change=may_write(roles_of(request.user), "programme"),
        back=_back(),
    )


def _plan(request: HttpRequest, raw: bytes, form: ValuesForm, package: Package) -> tuple[list[ImportItem], str]:
    """Say what would become of each part; as long as nothing is filled in, with the origin's values."""
    values = taking.waiting_parameters(package)
    if form.is_bound:
        if "values" not in form.cleaned_data:
            return [], ""
        values = form.cleaned_data["values"]
    try:
        return taking.rehearse(person_of(request), raw=raw, values=values, gate=gate(), house=_house()), ""
    except AllmendeError as error:
        return [], told(error)


@reads("programme")
def taken(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show what became of each part of a package, and take it back while nothing is decided."""
    row = get_object_or_404(Import.objects.select_related("project"), pk=number)
    if request.method == "POST":
        try:
            taking.undo(person_of(request), number=number, gate=gate(), house=_house())
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, gettext("Zurückgenommen."))
        return redirect("office:import", number)
    return _shown(request, row)


def _shown(request: HttpRequest, row: Import) -> HttpResponse:
    return page(
        request,
        "import",
        _("Übernahme"),
        icon="download",
        row=row,
        items=row.items.all(),
        origin=row.origins,
        may_change=may_write(roles_of(request.user), "programme") and row.undone_on is None,
        back=_back(),
    )
