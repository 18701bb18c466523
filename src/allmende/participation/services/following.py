"""Contributions go along with the project or the milestone into which they led, without anybody writing it again."""

import datetime as dt

import msgspec

from allmende.accounts.rules import SystemActor
from allmende.gate.door import Gate
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.text import Text
from allmende.participation.models import Contribution
from allmende.participation.permission import CONTRIBUTIONS, barred
from allmende.participation.services.journey import News, advance
from allmende.programme.models import Project
from allmende.programme.models.projects import state_words
from allmende.programme.queries import MilestoneRow, ProjectView, milestones_named, rows_of, views_of

ACTOR = SystemActor("system:participation")
WORKED_ON = frozenset({"running", "pilot-finished", "permanent", "transferred"})
REACHED = Text("Der Meilenstein ist erreicht: {title}.", "The milestone has been reached: {title}.")
PROJECT_IS = Text("Das Projekt „{title}“ ist jetzt: {state}.", "The project “{title}” is now: {state}.")


class _Known(msgspec.Struct, frozen=True):
    """What is known on a day of the milestones and projects that contributions led into, by number and by name."""

    milestones: dict[int, MilestoneRow]
    projects: dict[str, ProjectView]


def go_along(now: dt.datetime, gate: Gate) -> int:
    """Tell, once each, what became of the projects and milestones that contributions led into; give how many steps.

    Reading takes the same few queries however many contributions there are; each step that is told takes its own.
    """
    rows = Contribution.objects.filter(state__in=("linked", "underway"), visibility="shown").select_related("process")
    found = list(rows.exclude(process__state__in=("draft", "archived")).prefetch_related("steps"))
    known = _known(found, now.astimezone(CIVIL_TIME).date())
    ready = [(one, news) for one in found if (news := _news(one, known)) is not None]
    purposes = {one.process.purpose_slug for one, _ in ready}
    allowed = {purpose for purpose in purposes if barred(gate, purpose, CONTRIBUTIONS) is None}
    told = [(one, news) for one, news in ready if one.process.purpose_slug in allowed]
    for one, news in told:
        advance(ACTOR, number=one.number, news=news, now=now)
    return len(told)


def _known(rows: list[Contribution], day: dt.date) -> _Known:
    steps = [step for one in rows for step in one.steps.all()]
    milestones = milestones_named(day).filter(pk__in={step.milestone for step in steps if step.milestone})
    projects = Project.objects.filter(slug__in={step.project for step in steps if step.project})
    return _Known(
        {row.milestone.pk: row for row in rows_of(milestones, day)},
        {view.project.slug: view for view in views_of(projects, day)},
    )


def _news(one: Contribution, known: _Known) -> News | None:
    """Give what has not been told yet: all milestones reached, else the newest state of the project."""
    steps = list(one.steps.all())
    notes = {step.note_de for step in steps}
    keys = sorted({step.milestone for step in steps if step.milestone})
    rows = [known.milestones[key] for key in keys if key in known.milestones]
    if rows and all(row.view.state == "done" for row in rows):
        last = rows[-1].milestone
        return News(state="done", note=REACHED.filled(title=last.title), milestone=last.pk)
    slug = next((step.project for step in reversed(steps) if step.project), "")
    project = known.projects.get(slug)
    if project is None or project.state is None:
        return None
    words = Text(state_words(project.state, "de"), state_words(project.state, "en"))
    note = PROJECT_IS.filled(title=project.project.title, state=words)
    if note.de in notes or project.state in ("idea", "decided"):
        return None
    state = "underway" if project.state in WORKED_ON else one.state
    return News(state=state, note=note, project=slug)
