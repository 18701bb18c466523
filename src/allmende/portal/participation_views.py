"""Pages about taking part: what runs now, a process with all that it declares, what was before."""

import datetime as dt
from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext

from allmende.kernel.clock import UTC, today, utc_now
from allmende.participation import (
    budget_queries,
    formal_queries,
    panel_queries,
    text_queries,
    vote_queries,
    workshop_queries,
)
from allmende.participation import queries as participation
from allmende.participation.models import Phase, Process, Step
from allmende.participation.permission import CONTRIBUTIONS, WORKSHOPS
from allmende.participation.rules import ACTIONS, LEVELS, allowed_now
from allmende.portal import participation_agenda
from allmende.portal.asof import stand_of
from allmende.portal.calendar_file import calendar_file, escaped, event, instant
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.formal_frame import formal_cards
from allmende.portal.frame import page
from allmende.portal.participation_frame import address, language, process_or_404, process_page, shut
from allmende.programme import queries
from allmende.register.queries import purpose_tree

LAST_STEPS, MOST_FORMAL = 5, 6


def participate(request: HttpRequest) -> HttpResponse:
    """Show what runs now, and how people could take part so far."""
    stand = stand_of(request)
    events = queries.events_until(stand.day, kind="participation").order_by("-day")
    now = utc_now()
    found = [] if stand.past else list(participation.processes())
    cards = [(one, _tally(one, now), _running(one)) for one in found]
    running = [card for card in cards if card[0].state == "open"]
    return page(
        request,
        "participate.html",
        stand,
        events=events,
        tracks=queries.tracks(),
        acting=sorted((card for card in running if allowed_now(card[0].spans, now)), key=_ends),
        waiting=[card for card in running if not allowed_now(card[0].spans, now)],
        ended=[card for card in cards if card[0].state != "open"],
        formal=[] if stand.past else formal_cards(formal_queries.board(today()).open)[:MOST_FORMAL],
        formal_any=not stand.past and formal_queries.shown().exists(),
    )


def _ends(card: tuple[Process, object, Phase | None]) -> dt.datetime:
    """Give the end of the phase that runs: what ends first stands first."""
    phase = card[2]
    return phase.until if phase else dt.datetime.max.replace(tzinfo=UTC)


def _running(process: Process) -> Phase | None:
    now = utc_now()
    return next((phase for phase in process.phases.all() if phase.since <= now < phase.until), None)


def participate_csv(request: HttpRequest) -> HttpResponse:
    """Give the participation events as CSV."""
    header = ["day", "precision", "title_de", "title_en", "place", "participants", "source"]
    rows = [
        (
            event.day,
            event.precision,
            event.title_de,
            event.title_en,
            event.place or None,
            event.participants,
            str(event.source),
        )
        for event in queries.events_until(stand_of(request).day, kind="participation")
    ]
    return csv_file("mitmachen", header, rows)


def _tally(one: Process, now: dt.datetime) -> participation.Tally | None:
    """Count what is answered; nothing where nothing is handed in, or where it may not be shown."""
    return participation.tally(one, now) if one.form.answers and shut(one, CONTRIBUTIONS) is None else None


def process(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show a process: what it is for, who may take part, what it counts, when it forgets, how far it is."""
    found = process_or_404(request, slug)
    parts, closed = found.form.parts, shut(found, CONTRIBUTIONS)
    return process_page(
        request,
        "process.html",
        found,
        parts=parts,
        kind=found.form.kind,
        closed=closed,
        budget=budget_queries.budget_of(found) if "proposals" in parts else None,
        panel=panel_queries.panel_of(found) if "panel" in parts else None,
        workshops=workshop_queries.workshops_of(found) if "workshops" in parts else [],
        counts="workshops" in parts and shut(found, WORKSHOPS) is None,
        proposals=len(budget_queries.on_ballot(found)) if "proposals" in parts else 0,
        tally=None if closed or not found.form.answers else participation.tally(found, utc_now()),
        steps=[] if closed else participation.steps_of(found)[:LAST_STEPS],
        paragraphs=text_queries.clauses(found) if "text" in parts else [],
        statements=len(vote_queries.statements(found)) if "statements" in parts or found.form.options else 0,
        questions=found.questions.count() if "questions" in parts else 0,
        purpose=next((one.title for _, one in purpose_tree() if one.slug == found.purpose_slug), None),
        project=queries.project_on(found.project, stand_of(request).day) if found.project else None,
        may=[(ACTIONS[action], LEVELS[found.needs(action)]) for action in found.form.actions],
        followed=request.GET.get("gefolgt"),
    )


def lookup(request: HttpRequest) -> HttpResponseBase:
    """Lead to a contribution by its number."""
    number = request.GET.get("nummer", "").strip()
    if participation.contribution(number) is not None:
        return redirect("contribution", number)
    return page(request, "participation/lookup.html", number=number, status=404 if number else 200)


@told
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """Give what happened in a process as an Atom feed (RFC 4287)."""
    found = process_or_404(request, slug, CONTRIBUTIONS)
    title = found.title.within(language())
    return steps_feed(request, title, address(request, "process", slug), participation.steps_of(found)[:50])


def steps_feed(request: HttpRequest, title: str, link: str, steps: Iterable[Step]) -> HttpResponse:
    """Write steps as an Atom feed in the page's language."""
    feed_ = Atom1Feed(
        title=title, link=link, description="", language=language(), feed_url=request.build_absolute_uri()
    )
    for step in steps:
        one = step.contribution
        where = address(request, "contribution", one.number)
        note = step.note.within(language()) if step.note else ""
        feed_.add_item(
            title=f"{one.number} – {one.title}: {step.state_text.within(language())}",
            link=where,
            description=f"{step.office.within(language())}. {note}".strip(),
            unique_id=f"{where}#s{step.pk}",
            pubdate=step.at,
            updateddate=step.at,
        )
    return HttpResponse(feed_.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the phases and the workshops as a calendar (RFC 5545)."""
    found = process_or_404(request, slug)
    lines: list[str] = []
    for phase in found.phases.all():
        title = f"{found.title.within(language())}: {phase.title.within(language())}"
        about = f"DESCRIPTION:{escaped(phase.about.within(language()))}"
        where = address(request, "process", slug)
        lines += _event(f"{found.slug}-{phase.slug}", (phase.since, phase.until), title, [about], where)
    for seats in workshop_queries.workshops_of(found):
        one = seats.workshop
        where = address(request, "workshop", slug, one.pk)
        access = f"{gettext('Was es für wen gibt')}: {one.access.within(language())}"
        about = "\n\n".join(part for part in (participation_agenda.as_text(one), access) if part)
        more = [f"LOCATION:{escaped(one.place)}", f"DESCRIPTION:{escaped(about)}"]
        lines += _event(f"{found.slug}-w{one.pk}", (one.begins, one.ends), one.title.within(language()), more, where)
    return calendar_file(found.slug, lines)


def _event(name: str, span: tuple[dt.datetime, dt.datetime], title: str, about: list[str], link: str) -> list[str]:
    since, until = (instant(at) for at in span)
    return event(name, f":{since}", f":{until}", since, title, about, link)


def short(_request: HttpRequest, number: str) -> HttpResponseBase:
    """Lead from the address in a QR code to the contribution."""
    if participation.contribution(number) is None:
        raise Http404(gettext("Diesen Beitrag gibt es nicht."))
    return redirect(reverse("contribution", args=[number]))
