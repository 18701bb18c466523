"""Ballots from paper, on money or on an order: typed one after the other, on one page that also fits a telephone."""

from collections.abc import Callable, Container, Iterable
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
from allmende.participation import budget_queries
from allmende.participation.ballot_queries import turnout
from allmende.participation.models import Process
from allmende.participation.permission import VOTES
from allmende.participation.services import budgets, rankings
from allmende.participation.vote_queries import statements
from allmende.portal.office.frame import page, refuse, tell
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import reads, roles_of
from allmende.portal.participation_frame import language, require_taking

NO_NUMBER = _("„%(word)s“ ist keine Nummer.")


def _number(word: str, found: Container[int]) -> int:
    """Read a number; what stands there twice is a mistake of the paper, or of the typing."""
    if not (word.isdecimal() and len(word) < 5):
        raise forms.ValidationError(NO_NUMBER, params={"word": word})
    if int(word) in found:
        raise forms.ValidationError(_("Nr. %(number)s steht zweimal da."), params={"number": word})
    return int(word)


def numbers_of(text: str, before: Iterable[int] = ()) -> list[int]:
    """Read numbers with blanks or commas between them; none may stand twice, nor among those before."""
    taken, found = {*before}, []
    for word in text.replace(",", " ").split():
        found.append(_number(word, taken))
        taken.add(found[-1])
    return found


class PaperForm(forms.Form):
    """A ballot that came on paper: the code on it, where the process has codes."""

    code = forms.CharField(label=_("Code auf dem Papier"), max_length=30)

    def __init__(self, process: Process, data: Any = None) -> None:
        super().__init__(data)
        if process.level != "code":
            del self.fields["code"]
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def words(self) -> list[str]:
        """Give what was typed, cut at blanks and commas."""
        text: str = self.cleaned_data["choice"]
        return text.replace(",", " ").split()


class ProjectsForm(PaperForm):
    """What a ballot on money says: numbers, with points where points are given."""

    choice = forms.CharField(
        label=_("Angekreuzte Nummern"),
        max_length=500,
        help_text=_("mit Leerzeichen dazwischen, etwa 1 4 7; Punkte hinter einem Doppelpunkt, etwa 1:5 4:2"),
    )

    def clean_choice(self) -> dict[int, int]:
        """Read the points by number."""
        found: dict[int, int] = {}
        for word in self.words():
            number, _colon, points = word.partition(":")
            if not ((points or "1").isdecimal() and len(points) < 5):
                raise forms.ValidationError(NO_NUMBER, params={"word": word})
            found[_number(number, found)] = int(points or "1")
        return found


class OrderForm(PaperForm):
    """What a ballot on an order says: numbers, the best first."""

    choice = forms.CharField(
        label=_("Nummern in ihrer Reihenfolge"),
        max_length=500,
        help_text=_("die beste zuerst, mit Leerzeichen dazwischen, etwa 3 1 2; was fehlt, steht hinter allem anderen"),
    )

    def clean_choice(self) -> dict[int, int]:
        """Read the places by number."""
        return {number: place for place, number in enumerate(numbers_of(self.cleaned_data["choice"]), 1)}


@reads(AREA)
@uses(VOTES)
def paper(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Take up one ballot after the other; what is refused stays in the fields."""
    process = process_of(slug)
    ranks = "ranking" in process.form.parts
    if not ranks and budget_queries.budget_of(process) is None:
        raise Http404
    if request.POST.get("deed") == "back":
        return taken_back(request, process, rankings.take_back if ranks else budgets.take_back)
    form = (OrderForm if ranks else ProjectsForm)(process, request.POST or None)
    options = _options(process, ranks)
    if form.is_bound and form.is_valid():
        try:
            word = _taken(process, form.cleaned_data, ranks)
            messages.success(request, _in_words(form.cleaned_data["choice"], options, ranks))
            return redirect(f"{request.path}?zuletzt={word}")
        except AllmendeError as error:
            refuse(request, form, error)
    return page(
        request,
        "participation_paper",
        _("Stimmzettel vom Papier"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        form=form,
        options=options,
        last="" if form.is_bound else request.GET.get("zuletzt", ""),
        turnout=turnout(process.rankings.all() if ranks else process.ballots.all()),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _options(process: Process, ranks: bool) -> dict[int, str]:
    """Give what stands on the paper, by number."""
    if ranks:
        return {one.number: one.text.within(language()) for one in statements(process)}
    return {one.number or 0: one.contribution.title for one in budget_queries.on_ballot(process)}


def _taken(process: Process, values: dict[str, Any], ranks: bool) -> str:
    """Take a ballot; give the word that takes it back."""
    require_taking(process, VOTES)
    cast = rankings.cast_on_paper if ranks else budgets.cast_on_paper
    return cast(process, values.get("code", ""), values["choice"], utc_now())


def taken_back(request: HttpRequest, process: Process, take_back: Callable[[Process, str], None]) -> HttpResponseBase:
    """Take back what was typed last, and go on on the same page."""
    try:
        take_back(process, request.POST.get("word", ""))
        messages.success(request, gettext("Zurückgenommen; Sie können ihn noch einmal aufnehmen."))
    except AllmendeError as error:
        tell(request, error)
    return redirect(request.path)


def _in_words(choice: dict[int, int], options: dict[int, str], ranks: bool) -> str:
    """Say what a ballot says, so that whoever typed it can compare."""
    said = [_said(options[number], value, ranks) for number, value in choice.items()]
    return gettext("Aufgenommen: %(choice)s") % {"choice": ", ".join(said)}


def _said(option: str, value: int, ranks: bool) -> str:
    """Write an option with its place, or with its points where it has more than one."""
    if ranks:
        return f"{value}. {option}"
    return f"{option} ({value})" if value > 1 else option
