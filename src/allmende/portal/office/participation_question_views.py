"""Questions of a workshop in the staff room: which are open, and which were answered aloud."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation import workshop_queries as queries
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.services import workshops
from allmende.portal.office.frame import page, tell
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of


@reads(AREA)
@uses(CONTRIBUTIONS)
def questions(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """List the questions; one button says that a question was answered for all to hear."""
    process = process_of(slug)
    found = queries.workshop(process, number)
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            asked = request.POST.get("frage", "")
            workshops.answer_aloud(person_of(request), found.workshop, asked, utc_now())
        except AllmendeError as error:
            tell(request, error)
        return redirect("office:participation-questions", slug, number)
    return page(
        request,
        "participation_questions",
        _("Fragen an die Werkstatt"),
        icon=ICON,
        back=(reverse("office:participation-workshop", args=[slug, number]), str(found.workshop)),
        process=process,
        rows=queries.questions(found.workshop),
        may_change=may_write(roles_of(request.user), AREA),
    )
