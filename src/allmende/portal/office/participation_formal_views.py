"""Formal procedures of other bodies in the staff room: messages looked at, taken and taken back; cards removed."""

from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Conflict
from allmende.kernel.ids import number_of
from allmende.participation import formal_queries
from allmende.participation.models import FormalProcedure
from allmende.participation.services import formal as services
from allmende.participation.services.formal import RESULTS, Came, Taken
from allmende.participation.xbeteiligung import MOST_BYTES, read_message
from allmende.portal.formal_frame import formal_cards
from allmende.portal.office.frame import page, refuse, told
from allmende.portal.office.participation_views import AREA, ICON
from allmende.portal.office.permissions import person_of, reads, roles_of

MOST_FILES, MOST_KEPT, MOST_UPLOADS = 100, 2_000_000, 20
SALT, HOUR = "participation.formal", 3_600


class FilesInput(forms.FileInput):
    """Lets several files be chosen at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Check each of them."""
        several = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(one, initial) for one in several]


class MessagesForm(forms.Form):
    """Messages as files, and where people take part if they do not say it."""

    chosen = FilesField(
        label=_("Nachrichten (XML)"),
        required=False,
        help_text=_(
            "XBeteiligung 1.x: kommunal.Initiieren.0401, Aktualisieren.0402, Loeschen.0409; mehrere auf einmal"
        ),
    )
    own_url = forms.URLField(
        label=_("Adresse, wo man teilnimmt"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("nur für Pläne, deren Nachricht keine nennt"),
    )
    kept = forms.CharField(required=False, max_length=MOST_KEPT, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Read every file; name each that cannot be read. What was looked at stays, as browsers do not resend it."""
        values: dict[str, Any] = super().clean() or {}
        files = values.get("chosen") or []
        if files:
            values["came"] = self._read(files)
        elif values.get("kept"):
            values["came"] = _unpacked(values["kept"])
        if not files and not values.get("came") and not self.errors:
            self.add_error("chosen", _("Wählen Sie mindestens eine Datei."))
        sent: Any = self.data
        kept = sent.copy()
        kept["kept"] = _packed(values["came"]) if values.get("came") and not self.errors else ""
        self.data = kept
        return values

    def _read(self, files: list[Any]) -> list[Came]:
        found = []
        if len(files) > MOST_FILES:
            self.add_error("chosen", _("Höchstens %(most)s Dateien auf einmal.") % {"most": MOST_FILES})
            return []
        for file in files:
            try:
                found.append(Came(file.name, read_message(file.read(MOST_BYTES + 1), utc_now())))
            except AllmendeError as error:
                self.add_error("chosen", f"{file.name}: {told(error)}")
        return found

    @property
    def keeps_files(self) -> bool:
        """Tell whether files are still there from the look at them."""
        return bool(self["kept"].value())


def _packed(several: list[Came]) -> str:
    word = signing.dumps(msgspec.json.encode(several).decode(), salt=SALT, compress=True)
    return word if len(word) <= MOST_KEPT else ""


def _unpacked(word: str) -> list[Came]:
    try:
        return msgspec.json.decode(signing.loads(word, salt=SALT, max_age=HOUR).encode(), type=list[Came])
    except (signing.BadSignature, msgspec.MsgspecError):
        return []


class CardForm(forms.Form):
    """What the staff decides about a card."""

    own_url = forms.URLField(
        label=_("Adresse, wo man teilnimmt"), required=False, max_length=500, assume_scheme="https"
    )


@reads(AREA)
def formal(request: HttpRequest) -> HttpResponseBase:
    """Show the cards and what came last; take messages after a look at them, take them back, remove cards."""
    deed, person = request.POST.get("deed", ""), person_of(request)
    form = MessagesForm(*((request.POST, request.FILES) if deed == "take" else ()))
    looked: list[Taken] = []
    if deed == "back":
        return _taken_back(request, person)
    if deed in ("remove", "show", "address"):
        return _set(request, person, deed)
    if form.is_bound and form.is_valid():
        try:
            if not request.POST.get("try"):
                return _taken(request, person, form.cleaned_data)
            looked = services.look(form.cleaned_data["came"], person, now=utc_now())
        except Conflict as error:
            refuse(request, form, error)
    return page(
        request,
        "participation_formal",
        _("Förmliche Verfahren anderswo"),
        icon=ICON,
        back=(reverse("office:participation"), _("Beteiligung")),
        form=form,
        looked=[(one, RESULTS[one.result]) for one in looked],
        cards=formal_cards(formal_queries.every()),
        uploads=formal_queries.uploads(MOST_UPLOADS),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _taken(request: HttpRequest, person: Person, values: dict[str, Any]) -> HttpResponseBase:
    found = services.take(person, values["came"], now=utc_now(), own_url=values["own_url"])
    said = ngettext("Eine Nachricht übernommen.", "%(count)s Nachrichten übernommen.", len(found))
    messages.success(request, said % {"count": len(found)})
    return redirect("office:participation-formal")


def _taken_back(request: HttpRequest, person: Person) -> HttpResponseBase:
    count = services.take_back(person, request.POST.get("batch", ""))
    said = ngettext("Eine Nachricht zurückgenommen.", "%(count)s Nachrichten zurückgenommen.", count)
    messages.success(request, said % {"count": count})
    return redirect("office:participation-formal")


def _set(request: HttpRequest, person: Person, deed: str) -> HttpResponseBase:
    card = FormalProcedure.objects.filter(pk=number_of(request.POST.get("card", "")) or 0).first()
    form = CardForm(request.POST)
    if card is None:
        messages.error(request, gettext("Diese Karte gibt es nicht mehr."))
    elif deed != "address":
        services.show(person, card, hidden=deed == "remove", own_url=card.own_url)
        messages.success(request, gettext("Nicht mehr zu sehen.") if deed == "remove" else gettext("Wieder zu sehen."))
    elif form.is_valid():
        services.show(person, card, hidden=card.hidden, own_url=form.cleaned_data["own_url"])
        messages.success(request, gettext("Gespeichert."))
    else:
        messages.error(request, " ".join(map(str, form.errors["own_url"])))
    return redirect("office:participation-formal")
