"""Editions of a process in the staff room: easy words, signs, further languages; with a hint how texts read."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import today
from allmende.participation.languages import EASY, LANGUAGES, SIGNS
from allmende.participation.readability import reading
from allmende.participation.services import editions
from allmende.portal.office.frame import page
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.participation_frame import language

# A sentence in Leichte Sprache has about eight words.
EASY_WORDS = 8


class EditionForm(forms.Form):
    """What a process says of itself in a language."""

    tag = forms.ChoiceField(label=_("Fassung"))
    title = forms.CharField(label=_("Titel"), max_length=200, widget=forms.TextInput(attrs={"dir": "auto"}))
    body = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=8_000,
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
        help_text=_("Worum es geht, wer gefragt ist, wie man mitmacht, was mit dem Ergebnis geschieht."),
    )
    video = forms.URLField(
        label=_("Adresse des Videos"),
        required=False,
        assume_scheme="https",
        help_text=_("Wird verlinkt, nicht eingebettet: Erst wer klickt, verbindet sich mit dem anderen Server."),
    )
    made_by = forms.CharField(
        label=_("Übersetzt oder geprüft von"), max_length=200, help_text=_("steht öffentlich dabei")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tag: Any = self.fields["tag"]
        tag.choices = [(one.tag, f"{one.name.within(language())} ({one.own})") for one in LANGUAGES.values()]

    def clean(self) -> dict[str, Any]:
        """Ask for a film of signs, and for words of everything else."""
        values: dict[str, Any] = super().clean() or {}
        signs = values.get("tag") == SIGNS
        if signs and not values.get("video") and "video" not in self.errors:
            self.add_error("video", _("Gebärdensprache braucht ein Video."))
        if not signs and not values.get("body") and "body" not in self.errors:
            self.add_error("body", _("Hier fehlt der Text."))
        return values


@reads(AREA)
def editions_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the editions of a process; put up, change, take down."""
    process, person = process_of(slug), person_of(request)
    deed = request.POST.get("deed", "")
    known = {one.language: one for one in process.editions.all()}
    wanted = known.get(request.GET.get("fassung", ""))
    first = {"tag": wanted.language, **wanted.__dict__} if wanted else None
    form = EditionForm(request.POST if deed == "put" else None, initial=first)
    here = redirect("office:participation-editions", slug)
    if deed == "take" and request.POST.get("tag") in known:
        editions.take_down(person, process, request.POST["tag"])
        messages.success(request, gettext("Gelöscht."))
        return here
    if form.is_bound and form.is_valid():
        values = dict(form.cleaned_data)
        editions.put_up(person, process, values.pop("tag"), editions.Words(**values), today())
        messages.success(request, gettext("Gespeichert und öffentlich, sobald es das Verfahren ist."))
        return here
    german = editions.said_in_german(process)
    return page(
        request,
        "participation_editions",
        _("Fassungen"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        form=form,
        rows=[(one, one.translates != german, _hint(one.language, one.body)) for one in known.values()],
        may_change=may_write(roles_of(request.user), AREA),
    )


def _hint(tag: str, body: str) -> object:
    return reading(body, EASY_WORDS) if tag == EASY else None
