"""The agenda of a workshop as pages, files and calendars tell it: what runs now, where items lead, what was said."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from allmende.council.models import Paper
from allmende.council.queries import paper
from allmende.kernel.clock import today
from allmende.kernel.text import Text
from allmende.participation import queries
from allmende.participation import workshop_queries as workshops
from allmende.participation.models import LINKS, AgendaItem, Contribution, Process, Workshop
from allmende.portal.participation_frame import language
from allmende.programme.queries import project_on

ROUTES = {
    "contribute": "idea-new",
    "statements": "statements",
    "ballot": "ballot",
    "ranking": "ranking",
    "text": "process-text",
}
# Which part of a process an item can lead to, by the name of the part.
PARTS = {"statements": "statements", "proposals": "ballot", "ranking": "ranking", "text": "text"}
HEADER = ("begins", "ends", "title_de", "title_en", "leads", "place", "link", "paper", "minutes_de", "minutes_en")


class Line(msgspec.Struct, frozen=True):
    """An item with its place in time (over, now, ahead), where it leads, and what was heard there."""

    item: AgendaItem
    state: str
    words: Text | None
    link: str
    paper: Paper | None
    heard: list[Contribution]


def links_of(process: Process) -> list[str]:
    """Give the kinds of links that lead into a process."""
    parts = [PARTS[part] for part in process.form.parts if part in PARTS]
    return [*(["contribute"] if process.form.kind else []), *parts]


def _leads_to(item: AgendaItem, process: Process) -> tuple[Text | None, str]:
    """Give the words of a link and its address; nothing where the target is not public, or gone."""
    if item.links_to == "questions":
        return LINKS["questions"], reverse("questions", args=[process.slug, item.workshop_id])
    if item.links_to == "project":
        found = project_on(item.target, today())
        return (found.project.title, reverse("project", args=[item.target])) if found else (None, "")
    route = ROUTES.get(item.links_to)
    other = process if item.target == process.slug else queries.process_of(item.target, "")
    if route is None or other is None or item.links_to not in links_of(other):
        return None, ""
    words = LINKS[item.links_to]
    if other.pk != process.pk:
        words = Text(f"{words.de}: {other.title_de}", f"{words.en}: {other.title_en}")
    return words, reverse(route, args=[other.slug])


def lines(
    process: Process, workshop: Workshop, now: dt.datetime, heard: Mapping[int | None, list[Contribution]]
) -> list[Line]:
    """Give the agenda of a workshop as it is at a moment."""
    found = []
    for item in workshops.agenda_of(workshop):
        state = "ahead" if now < item.begins else "now" if now < item.ends else "over"
        words, link = _leads_to(item, process)
        found.append(Line(item, state, words, link, paper(item.paper), heard.get(item.pk, [])))
    return found


def several_days(workshop: Workshop) -> bool:
    """Tell whether times alone do not say when something is."""
    begins, ends = (timezone.localtime(at).date() for at in (workshop.begins, workshop.ends))
    return begins != ends


def as_text(workshop: Workshop) -> str:
    """Write the agenda line by line, for calendars; nothing where there is none."""
    rows = [_row(item) for item in workshops.agenda_of(workshop)]
    return "\n".join([gettext("Ablauf der Werkstatt") + ":", *rows]) if rows else ""


def _row(item: AgendaItem) -> str:
    span = f"{timezone.localtime(item.begins):%H:%M}–{timezone.localtime(item.ends):%H:%M}"
    about = ", ".join(word for word in (item.leads, item.place) if word)
    return f"{span} {item.title.within(language())}" + (f" ({about})" if about else "")


def cells(line: Line) -> tuple[Any, ...]:
    """Give the cells of an item under the header."""
    one = line.item
    return (
        *(one.begins.isoformat(), one.ends.isoformat(), one.title_de, one.title_en, one.leads, one.place),
        *(line.link, line.paper.address if line.paper else one.paper, one.minutes_de, one.minutes_en),
    )
