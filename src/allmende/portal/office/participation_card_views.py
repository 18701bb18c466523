"""Photos of pinned cards in the staff room: sent from the telephone, typed card by card, marked as done, deleted."""

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation import photos, workshop_queries
from allmende.participation.models import CardPhoto, Process, Workshop
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.services import authors, cards
from allmende.portal.office.frame import page, refuse, tell, told
from allmende.portal.office.participation_agenda_views import workshop_of
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_views import AREA, ICON
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.participation_frame import find_place, language, private, require_taking


class CardForm(forms.Form):
    """A card as it is read from a photo; the photo itself is shown only if somebody says so, with words for it."""

    title = forms.CharField(
        label=_("Was auf der Karte steht"), max_length=120, widget=forms.TextInput(attrs={"autofocus": True})
    )
    body = forms.CharField(
        label=_("Mehr dazu"), required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    category = forms.ChoiceField(label=_("Thema"), required=False)
    item = forms.ChoiceField(label=_("Punkt des Ablaufs"), required=False)
    place = forms.CharField(label=_("Ort"), required=False, max_length=100)
    shows = forms.BooleanField(label=_("Das Foto öffentlich beim Beitrag zeigen"), required=False)
    alt_de = forms.CharField(
        label=_("Was auf dem Foto zu sehen ist (deutsch)"),
        required=False,
        max_length=300,
        help_text=_("in einem Satz, für Menschen, die es nicht sehen"),
    )
    alt_en = forms.CharField(label=_("Was auf dem Foto zu sehen ist (englisch)"), required=False, max_length=300)
    nobody = forms.BooleanField(
        label=_("Ich habe nachgesehen: Auf dem Foto ist kein Mensch und kein Name zu erkennen."), required=False
    )

    def __init__(self, process: Process, workshop: Workshop, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        fields: dict[str, Any] = self.fields
        topics = [(one.slug, one.title.within(language())) for one in process.topics.all() if one.kind == "category"]
        items = [(str(one.pk), str(one)) for one in workshop_queries.agenda_of(workshop)]
        for name, choices in (("category", topics), ("item", items)):
            fields[name].choices = [("", "–"), *choices]
            if not choices:
                del self.fields[name]
        if not process.form.photo:
            for name in ("shows", "alt_de", "alt_en", "nobody"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Ask for words and for a look before a photo is shown."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("shows"):
            if not values.get("alt_de"):
                self.add_error("alt_de", _("Beschreiben Sie das Foto in einem Satz."))
            if not values.get("nobody"):
                self.add_error("nobody", _("Sehen Sie nach, und haken Sie es an; sonst bleibt das Foto intern."))
        elif values.get("alt_de") or values.get("alt_en"):
            self.add_error("shows", _("Haken Sie an, dass das Foto gezeigt wird, oder leeren Sie die Beschreibung."))
        return values

    def card(self, workshop: Workshop) -> cards.TypedCard:
        """Give the card."""
        values = self.cleaned_data
        point, name = find_place(values["place"]) if values["place"] else (None, "")
        return cards.TypedCard(
            title=values["title"],
            body=values["body"],
            topic=values.get("category", ""),
            item=workshop.agenda.get(pk=int(values["item"])) if values.get("item") else None,
            point=point,
            place=name or values["place"],
            alt=values["alt_de"] if values.get("shows") else "",
            alt_en=values["alt_en"] if values.get("shows") else "",
        )


@reads(AREA)
@uses(CONTRIBUTIONS)
def photos_page(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Show the photos of a workshop and how far they are; take new ones, the good ones of what is sent."""
    process, one = workshop_of(slug, number)
    faults = list[tuple[str, str]]()
    if request.method == "POST":
        faults = _kept(request, process, one)
        if not faults:
            return redirect("office:participation-cards", slug, number)
    rows = workshop_queries.card_photos(one)
    return page(
        request,
        "participation_cards",
        _("Fotos von Karten"),
        icon=ICON,
        back=(reverse("office:participation-workshop", args=[slug, number]), str(one)),
        process=process,
        one=one,
        rows=rows,
        done=sum(row.photo.done is not None for row in rows),
        limit=cards.MOST_BYTES // 1024 // 1024,
        faults=faults,
        may_change=may_write(roles_of(request.user), AREA),
    )


def _kept(request: HttpRequest, process: Process, one: Workshop) -> list[tuple[str, str]]:
    """Keep what can be kept of the files that were sent; give the others by name, each with its reason."""
    files = request.FILES.getlist("photos")
    if not files:
        return [("", gettext("Sie haben kein Foto gewählt."))]
    kept, faults = 0, list[tuple[str, str]]()
    for file in files:
        try:
            require_taking(process, CONTRIBUTIONS)
            cards.keep_photo(person_of(request), one, io.BytesIO(file.read()), file.size or 0, utc_now())
            kept += 1
        except AllmendeError as error:
            faults.append((file.name or "", told(error)))
    if kept:
        said = ngettext("Ein Foto ist gespeichert.", "%(count)s Fotos sind gespeichert.", kept) % {"count": kept}
        messages.success(request, said)
    return faults


def _photo(slug: str, number: int, which: int) -> tuple[Process, Workshop, CardPhoto]:
    process, one = workshop_of(slug, number)
    found = one.card_photos.select_related("workshop__process").filter(number=which).first()
    if found is None:
        raise Http404
    return process, one, found


@reads(AREA)
@uses(CONTRIBUTIONS)
def photo_page(request: HttpRequest, slug: str, number: int, which: int) -> HttpResponseBase:
    """Show a photo beside the form into which its cards are typed; what is refused stays in the fields."""
    process, one, photo = _photo(slug, number, which)
    deed = request.POST.get("deed", "")
    kept = {"category": request.GET.get("thema", ""), "item": request.GET.get("punkt", "")}
    form = CardForm(process, one, request.POST if deed == "card" else None, initial=kept)
    if deed and deed != "card":
        return _done(request, slug, photo, deed)
    if form.is_bound and form.is_valid():
        try:
            require_taking(process, CONTRIBUTIONS)
            made = cards.take_card(person_of(request), photo, form.card(one), utc_now())
            messages.success(request, gettext("Aufgenommen: %(number)s") % {"number": made.number})
            same = {"thema": form.cleaned_data.get("category", ""), "punkt": form.cleaned_data.get("item", "")}
            return redirect(f"{request.path}?{urlencode(same)}")
        except AllmendeError as error:
            refuse(request, form, error)
    others = workshop_queries.card_photos(one)
    now = utc_now()
    return page(
        request,
        "participation_card",
        gettext("Foto %(number)s") % {"number": photo.number},
        icon=ICON,
        back=(reverse("office:participation-cards", args=[slug, number]), _("Fotos von Karten")),
        process=process,
        one=one,
        photo=photo,
        form=form,
        typed=[(row, authors.may_change(row, now)) for row in cards.typed_from(photo).select_related("process")],
        following=next((row.photo for row in others if row.photo.done is None and row.photo.pk != photo.pk), None),
        done=sum(row.photo.done is not None for row in others),
        count=len(others),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _done(request: HttpRequest, slug: str, photo: CardPhoto, deed: str) -> HttpResponseBase:
    """Do to a photo, or to a card from it, what a button says."""
    person, which = person_of(request), request.POST.get("card", "")
    workshop, now = photo.workshop_id, utc_now()
    try:
        if deed == "drop":
            cards.drop_photo(person, photo)
            messages.success(request, gettext("Das Foto ist gelöscht; was daraus getippt wurde, bleibt."))
            return redirect("office:participation-cards", slug, workshop)
        if deed == "done":
            cards.set_done(person, photo, now)
            return redirect("office:participation-cards", slug, workshop)
        if deed == "open":
            cards.set_done(person, photo, None)
        elif deed == "back":
            cards.take_back(person, photo, which, now)
            messages.success(request, gettext("Zurückgenommen: %(number)s") % {"number": which})
        elif deed == "unshow":
            cards.unshow(person, photo, which)
            messages.success(request, gettext("Das Foto wird bei %(number)s nicht mehr gezeigt.") % {"number": which})
    except AllmendeError as error:
        tell(request, error)
    return redirect("office:participation-card", slug, workshop, photo.number)


@reads(AREA)
@uses(CONTRIBUTIONS)
def picture(request: HttpRequest, slug: str, number: int, which: int) -> HttpResponseBase:
    """Give a photo to the staff alone, also small for the list; it stays in no cache."""
    _process, _one, photo = _photo(slug, number, which)
    if not default_storage.exists(photo.file):
        raise Http404
    file: Any = default_storage.open(photo.file)
    if "klein" in request.GET:
        with file:
            file = io.BytesIO(photos.redrawn(file, 0, side=cards.LITTLE))
    return private(FileResponse(file, content_type="image/jpeg"))  # type: ignore[arg-type]
