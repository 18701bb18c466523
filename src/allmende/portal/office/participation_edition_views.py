"""Editions of a process in the staff room: easy words, signs, further languages; with a hint how texts read."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.participation.languages import EASY, LANGUAGES, SIGNS
from allmende.participation.models import Process
from allmende.participation.readability import reading
from allmende.participation.services import editions
from allmende.portal import translation_door
from allmende.portal.office.frame import page, refuse
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.participation_frame import language

# A sentence in Leichte Sprache has about eight words.
EASY_WORDS = 8


class EditionForm(forms.Form):
    """What a process says of itself in a language."""

    tag = forms.ChoiceField(label=pgettext_lazy("Sprachen", "Fassung"))
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
        label=_("Übersetzt oder geprüft von"), required=False, max_length=200, help_text=_("steht öffentlich dabei")
    )

    def __init__(self, machine: Collection[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._machine = machine
        tag: Any = self.fields["tag"]
        tag.choices = [(one.tag, f"{one.name.within(language())} ({one.own})") for one in LANGUAGES.values()]

    def clean(self) -> dict[str, Any]:
        """Ask for a film of signs, for words of everything else, and for a name where no machine wrote it."""
        values: dict[str, Any] = super().clean() or {}
        signs = values.get("tag") == SIGNS
        if signs and not values.get("video") and "video" not in self.errors:
            self.add_error("video", _("Gebärdensprache braucht ein Video."))
        if not signs and not values.get("body") and "body" not in self.errors:
            self.add_error("body", _("Hier fehlt der Text."))
        if not values.get("made_by") and values.get("tag") not in self._machine:
            self.add_error("made_by", _("Sagen Sie, wer das übersetzt oder geprüft hat."))
        return values


class DraftForm(forms.Form):
    """Into which language a machine is to translate."""

    tag = forms.ChoiceField(label=_("Sprache"))

    def __init__(self, there: Collection[str], data: Any = None) -> None:
        super().__init__(data)
        tag: Any = self.fields["tag"]
        able = [one for one in LANGUAGES.values() if one.machine and one.tag not in there]
        tag.choices = [(one.tag, f"{one.name.within(language())} ({one.own})") for one in able]
        self.able = bool(able)


class CheckForm(forms.Form):
    """Who read what a machine wrote, and vouches for it."""

    checked_by = forms.CharField(max_length=200)


@reads(AREA)
def editions_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the editions of a process; put up, change, have translated, check, publish, take down."""
    process = process_of(slug)
    deed = request.POST.get("deed", "")
    known = {one.language: one for one in process.editions.all()}
    wanted = known.get(request.GET.get("fassung", ""))
    first = {"tag": wanted.language, **wanted.__dict__} if wanted else None
    machine = {one.language for one in known.values() if one.machine}
    form = EditionForm(machine, request.POST if deed == "put" else None, initial=first)
    draft = DraftForm(known, request.POST if deed == "draft" else None)
    try:
        said = _done(request, process, deed, form, draft)
        if said:
            messages.success(request, said)
            return redirect("office:participation-editions", slug)
    except AllmendeError as error:
        refuse(request, draft if deed == "draft" else None, error)
    german = editions.said_in_german(process)
    return page(
        request,
        "participation_editions",
        pgettext_lazy("Sprachen", "Fassungen"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        form=form,
        draft=draft if translation_door.is_set() and draft.able else None,
        rows=[(one, one.translates != german, _hint(one.language, one.body)) for one in known.values()],
        may_change=may_write(roles_of(request.user), AREA),
    )


def _done(request: HttpRequest, process: Process, deed: str, form: EditionForm, draft: DraftForm) -> str:
    """Do what was asked for; give what to say of it, or nothing where there is nothing to do."""
    person, tag = person_of(request), request.POST.get("tag", "")
    if form.is_bound and form.is_valid():
        values = dict(form.cleaned_data)
        found = editions.put_up(person, process, values.pop("tag"), editions.Words(**values), today())
        public = gettext("Gespeichert und öffentlich, sobald es das Verfahren ist.")
        return public if found.public else gettext("Gespeichert; noch nicht veröffentlicht.")
    if draft.is_bound and draft.is_valid():
        with translation_door.translating(translation_door.STAFF_SECONDS) as translate:
            editions.draft_by_machine(person, process, draft.cleaned_data["tag"], translate, today())
        return gettext("Als Entwurf übersetzt. Lesen Sie ihn, bevor Sie ihn veröffentlichen.")
    if deed not in ("take", "publish", "check") or not process.editions.filter(language=tag).exists():
        return ""
    if deed == "take":
        editions.take_down(person, process, tag)
        return gettext("Gelöscht.")
    if deed == "publish":
        editions.publish(person, process, tag)
        return gettext("Gespeichert und öffentlich, sobald es das Verfahren ist.")
    checked = CheckForm(request.POST)
    if not checked.is_valid():
        messages.error(request, gettext("Sagen Sie, wer das übersetzt oder geprüft hat."))
        return ""
    editions.check(person, process, tag, checked.cleaned_data["checked_by"], today())
    return gettext("Geprüft; die Kennzeichnung ist weg.")


def _hint(tag: str, body: str) -> object:
    return reading(body, EASY_WORDS) if tag == EASY else None
