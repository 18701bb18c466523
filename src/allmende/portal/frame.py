"""What every page of the portal shows: the programme's name, its notice, the day of which it speaks."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from allmende.portal.asof import Stand, stand_of
from allmende.programme import queries


class Site(msgspec.Struct, frozen=True):
    """Name, sentence and notice in the page's language."""

    title: str
    sentence: str
    notice: str


def site() -> Site:
    """Give the frame; an installation without a programme says so."""
    found = queries.programme()
    if found is None:
        return Site("Allmende", "", "")
    language = get_language() or "de"
    return Site(found.title.within(language), found.sentence.within(language), found.notice.within(language))


def page(
    request: HttpRequest, template: str, stand: Stand | None = None, *, status: int = 200, **values: Any
) -> HttpResponse:
    """Render a page in the frame."""
    frame = {"site": site(), "stand": stand or stand_of(request)}
    return render(request, f"portal/{template}", {**frame, **values}, status=status)
