"""Statements judged on paper or on site: one sheet for each person, typed one after the other."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation.models import Process
from allmende.participation.permission import VOTES
from allmende.participation.rules import CHANNELS
from allmende.participation.services import on_paper
from allmende.participation.vote_queries import groups, statements
from allmende.portal.office.frame import page, refuse
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_paper_views import PaperForm, numbers_of, taken_back
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import reads, roles_of
from allmende.portal.participation_frame import language, require_taking

VALUES = {"agree": 1, "disagree": -1, "passed": 0}


class SheetForm(PaperForm):
    """What a sheet says: the numbers agreed with, disagreed with and passed."""

    agree = forms.CharField(
        label=_("Zugestimmt: Nummern"),
        required=False,
        max_length=500,
        help_text=_("mit Leerzeichen dazwischen, etwa 1 4 7"),
    )
    disagree = forms.CharField(label=_("Abgelehnt: Nummern"), required=False, max_length=500)
    passed = forms.CharField(label=_("Übersprungen: Nummern"), required=False, max_length=500)
    channel = forms.ChoiceField(label=_("Kam"))
    group = forms.ChoiceField(label=_("Gruppe"), required=False)

    def __init__(self, process: Process, data: Any = None, *, channel: str = "onsite") -> None:
        super().__init__(process, data)
        fields: dict[str, Any] = self.fields
        fields["channel"].choices = [(name, CHANNELS[name].within(language())) for name in ("onsite", "paper")]
        fields["channel"].initial = channel
        fields["group"].choices = [("", "–"), *((one.slug, one.title.within(language())) for one in groups(process))]
        if not groups(process):
            del self.fields["group"]
        self.judged: dict[int, int] = {}

    def _judged(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        self.judged |= dict.fromkeys(numbers_of(text, self.judged), VALUES[name])
        return text

    def clean_agree(self) -> str:
        """Read the numbers that somebody agreed with."""
        return self._judged("agree")

    def clean_disagree(self) -> str:
        """Read the numbers that somebody disagreed with."""
        return self._judged("disagree")

    def clean_passed(self) -> str:
        """Read the numbers that somebody passed."""
        return self._judged("passed")


@reads(AREA)
@uses(VOTES)
def sheets(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Take up one sheet after the other; what is refused stays in the fields."""
    process = process_of(slug)
    if "statements" not in process.form.parts:
        raise Http404
    if request.POST.get("deed") == "back":
        return taken_back(request, process, on_paper.take_back)
    channel = "paper" if request.GET.get("kam") == "paper" else "onsite"
    form = SheetForm(process, request.POST or None, channel=channel)
    if form.is_bound and form.is_valid():
        try:
            word = _taken(process, form)
            messages.success(request, _in_words(form.judged))
            return redirect(f"{request.path}?zuletzt={word}&kam={form.cleaned_data['channel']}")
        except AllmendeError as error:
            refuse(request, form, error)
    return page(
        request,
        "participation_sheets",
        _("Bewertungen von vor Ort und vom Papier"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        form=form,
        options={one.number: one.text.within(language()) for one in statements(process)},
        last="" if form.is_bound else request.GET.get("zuletzt", ""),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _taken(process: Process, form: SheetForm) -> str:
    """Take a sheet; give the word that takes it back."""
    require_taking(process, VOTES)
    values = form.cleaned_data
    return on_paper.judge(
        process,
        values.get("code", ""),
        form.judged,
        channel=values["channel"],
        group=values.get("group", ""),
        now=utc_now(),
    )


def _in_words(judged: dict[int, int]) -> str:
    """Say how a sheet was understood, so that whoever typed it can compare."""
    said = {1: gettext("zugestimmt"), -1: gettext("abgelehnt"), 0: gettext("übersprungen")}
    parts = [
        f"{word}: {', '.join(str(number) for number in sorted(judged) if judged[number] == value)}"
        for value, word in said.items()
        if value in judged.values()
    ]
    return gettext("Aufgenommen: %(choice)s") % {"choice": " · ".join(parts)}
