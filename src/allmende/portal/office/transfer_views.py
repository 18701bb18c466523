"""Transfer packages in the staff room: take one over in two steps, see what became of it, take it back."""

import re
from pathlib import Path

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
from allmende.kernel.errors import AllmendeError
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.transfer_forms import PackageForm, ValuesForm
from allmende.transfer import queries, taking
from allmende.transfer.giving import House
from allmende.transfer.models import Import
from allmende.transfer.package.archive import read

DIGEST = re.compile(r"[0-9a-f]{64}")


def _staged(digest: str) -> Path:
    """Give the file of a package that waits for its values; the name is its digest and nothing that a person wrote."""
    if not DIGEST.fullmatch(digest):
        raise Http404
    folder: Path = settings.ALLMENDE.home / "transfer" / "staged"
    return folder / f"{digest}.zip"


def _house() -> House:
    return House(settings.ALLMENDE.home, lambda: None)


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
        imports=queries.imports(),
        exports=queries.exports(),
        may_change=may_write(roles_of(request.user), "programme"),
    )


@reads("programme")
def fill_in(request: HttpRequest, digest: str) -> HttpResponseBase:
    """Ask for this city's values, then take the package over as a draft."""
    path = _staged(digest)
    if not path.exists():
        raise Http404
    raw = path.read_bytes()
    package = read(raw)[0]
    form = ValuesForm(request.POST or None, package.parameters)
    if request.method == "POST" and form.is_valid():
        values, actor = form.cleaned_data["values"], person_of(request)
        try:
            row = taking.take_over(actor, raw=raw, values=values, gate=gate(), house=_house())
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            path.unlink(missing_ok=True)
            messages.success(request, gettext("Als Entwurf übernommen."))
            return redirect("office:import", row.pk)
    return page(
        request,
        "package",
        package.facts.title.within(get_language() or "de"),
        icon="download",
        form=form,
        package=package,
        origin=package.parameters.origin,
        may_change=may_write(roles_of(request.user), "programme"),
        back=(reverse("office:packages"), _("Transferpakete")),
    )


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
        back=(reverse("office:packages"), _("Transferpakete")),
    )
