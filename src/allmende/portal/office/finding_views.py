"""Findings in the staff room: write a draft, have a second person publish it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.queries import history_of
from allmende.accounts.rules import may_write
from allmende.kernel.errors import AllmendeError
from allmende.portal.office.finding_forms import FindingForm
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.trail import written
from allmende.programme.models import Project
from allmende.transfer import queries, services
from allmende.transfer.models import DRAFT, FindingVersion
from allmende.transfer.rules import hindrance

SHOWN = 20


@reads("programme")
def findings(request: HttpRequest) -> HttpResponse:
    """List the projects with what is published and what is drafted."""
    known = queries.newest_by_project()
    rows = [_line(project, known.get(project.pk, [])) for project in Project.objects.all()]
    return page(request, "findings", _("Erkenntnisse"), icon="pick", rows=rows)


def _line(project: Project, versions: list[FindingVersion]) -> dict[str, Any]:
    draft = next((one for one in versions if one.state == DRAFT), None)
    return {
        "project": project,
        "draft": draft,
        "published": next((one for one in versions if one is not draft), None),
    }


@reads("programme")
def finding(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Write the draft of a project's finding, publish it or drop it."""
    project = get_object_or_404(Project, slug=slug)
    draft, newest = queries.draft_of(project), queries.newest_of(project)
    sent = request.POST if request.POST.get("deed") == "write" else None
    form = FindingForm(sent, newest.told if newest else None, draft.edits if draft else None)
    if request.method == "POST" and _done(request, project, form):
        return redirect("office:finding", slug)
    person = person_of(request)
    published = newest is not None and (draft is None or newest.number > 1)
    return page(
        request,
        "finding",
        project.title.within(get_language() or "de"),
        icon="pick",
        project=project,
        draft=draft,
        form=form,
        hindered=_hindered(draft),
        is_published=published,
        may_change=may_write(roles_of(person), "programme"),
        second=draft is not None and not draft.editors.filter(pk=person.pk).exists(),
        entries=[written(entry) for entry in history_of(draft or newest)[:SHOWN]] if newest else [],
        back=(reverse("office:findings"), _("Erkenntnisse")),
    )


def _hindered(draft: FindingVersion | None) -> str:
    """Say what keeps the draft from being published."""
    fault = hindrance(draft.told) if draft else None
    return "" if fault is None else fault[0].what.filled(**fault[1]).within(get_language() or "de")


def _done(request: HttpRequest, project: Project, form: FindingForm) -> bool:
    """Do what was asked; False where the form is to be shown again."""
    actor, deed = person_of(request), request.POST.get("deed", "")
    try:
        if deed == "write":
            if not form.is_valid():
                return False
            services.write_finding(actor, project=project, content=form.content, edits=form.cleaned_data["edits"])
        elif deed == "publish":
            seen = request.POST.get("edits", "")
            services.publish_finding(actor, project=project, edits=int(seen) if seen.isdecimal() else 0)
        else:
            services.discard_finding(actor, project=project)
    except AllmendeError as error:
        if deed == "write":
            form.add_error(None, told(error))
            return False
        tell(request, error)
        return True
    messages.success(request, gettext("Gespeichert."))
    return True
