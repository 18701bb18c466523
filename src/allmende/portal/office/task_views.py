"""What the office and project leads have to do, who is reminded by mail, and the weights of a project."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.tasks import items_of
from allmende.programme.models import Project
from allmende.programme.queries.steering import shares_on
from allmende.programme.rules.steering import WHOLE
from allmende.programme.services.projects import set_weights
from allmende.programme.services.reminders import choose_reminders, wants_reminders

ON_THE_FIRST_PAGE = 8


@reads("programme")
def tasks(request: HttpRequest) -> HttpResponseBase:
    """List what is to be looked after."""
    items = items_of(person_of(request), today())
    return page(request, "tasks", _("Meine Aufgaben"), icon="tasks", items=items, wanted=_wanted(request))


@reads("programme")
def tasks_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [
        (one.kind, one.title, one.project or None, one.due, one.late) for one in items_of(person_of(request), today())
    ]
    return csv_file("aufgaben", ("kind", "what", "project", "due", "late"), rows)


def _wanted(request: HttpRequest) -> bool:
    return wants_reminders(person_of(request))


def reminders(request: HttpRequest) -> HttpResponseBase:
    """Choose whether the weekly mail comes."""
    person = person_of(request)
    if request.method == "POST":
        choose_reminders(person, wanted=request.POST.get("wanted") == "1")
        messages.success(request, gettext("Gespeichert."))
        return redirect("office:reminders")
    back = (reverse("office:tasks"), _("Meine Aufgaben"))
    return page(request, "reminders", _("Erinnerungen"), icon="mail", back=back, wanted=wants_reminders(person))


class WeightsForm(forms.Form):
    """Percent for each target image, and the day from which they hold."""

    since = forms.DateField(label=_("gilt seit"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, targets: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for target in targets:
            self.fields[f"target-{target.slug}"] = forms.DecimalField(
                label=target.title.within(get_language() or "de"),
                required=False,
                min_value=0,
                max_value=100,
                decimal_places=2,
                help_text=_("Prozent; leer heißt: kein Beitrag"),
            )

    def weights(self) -> dict[str, int]:
        """Give the weights in hundredths of a percent."""
        parts = {name: value for name, value in self.cleaned_data.items() if name.startswith("target-") and value}
        return {name.removeprefix("target-"): int(value * WHOLE / 100) for name, value in parts.items()}


def _may_weigh(request: HttpRequest, project: Project) -> bool:
    person = person_of(request)
    leads = "lead" in roles_of(person) and project.leads.filter(pk=person.pk).exists()
    return leads or may_write(roles_of(person), "programme")


def weights(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Say how much of a project serves which target image."""
    project = get_object_or_404(Project, slug=slug)
    if not _may_weigh(request, project):
        raise PermissionDenied
    shares = shares_on(today(), [project]).get(project.pk, [])
    initial: dict[str, Any] = {"since": today()}
    initial |= {f"target-{share.target.slug}": share.percent for share in shares}
    form = WeightsForm(request.POST or None, initial=initial, targets=[share.target for share in shares])
    if form.is_valid():
        try:
            set_weights(person_of(request), project=project, since=form.cleaned_data["since"], weights=form.weights())
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, gettext("Gespeichert: %(name)s") % {"name": project})
            return redirect("office:weights", slug)
    back = (reverse("projekte:inspect", args=[project.pk]), project)
    return page(request, "weights", _("Gewichte der Beiträge"), icon="pick", back=back, form=form, project=project)
