"""The strategy for who works on it: its versions, a new one from an old one, and one as a whole with what differs."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.programme.models import StrategyVersion
from allmende.programme.queries.strategy import difference
from allmende.programme.queries.strategy import versions as all_versions
from allmende.programme.services.strategy import draft_version


@reads("programme")
def versions(request: HttpRequest) -> HttpResponseBase:
    """List the versions, and begin a new one from one of them."""
    if request.method == "POST":
        base = get_object_or_404(StrategyVersion, number=number_of(request.POST.get("base", "")))
        try:
            made = draft_version(person_of(request), base=base)
        except AllmendeError as error:
            tell(request, error)
            return redirect("office:strategies")
        messages.success(request, gettext("Angelegt; öffentlich wird die Fassung, sobald sie beschlossen ist."))
        return redirect("office:strategy", made.number)
    rows = StrategyVersion.objects.select_related("decision").order_by("-number")
    drafted = any(row.adopted is None for row in rows)
    return page(
        request, "strategies", _("Strategie"), icon="pilcrow", rows=rows, drafted=drafted, may_change=_may(request)
    )


def _may(request: HttpRequest) -> bool:
    return may_write(roles_of(request.user), "programme")


@reads("programme")
def version(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a version as a whole; one that is not adopted leads to the forms of its parts, and shows what differs."""
    row = get_object_or_404(all_versions(), number=number)
    before = all_versions().filter(number__lt=number, adopted__isnull=False).first()
    language = "en" if (get_language() or "").startswith("en") else "de"
    changes = [one for one in difference(before, row, language) if not one.same] if before else []
    return page(
        request,
        "strategy",
        _("Fassung %(number)s") % {"number": number},
        icon="pilcrow",
        back=(reverse("office:strategies"), _("Strategie")),
        row=row,
        before=before,
        changes=changes,
        open=row.adopted is None and _may(request),
    )
