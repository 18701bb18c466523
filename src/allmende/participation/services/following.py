"""Contributions go along with the project or the milestone into which they led, without anybody writing it again."""

import datetime as dt

from allmende.accounts.rules import SystemActor
from allmende.gate.door import Gate
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.text import Text
from allmende.participation.models import Contribution
from allmende.participation.permission import CONTRIBUTIONS, barred
from allmende.participation.services.journey import News, advance
from allmende.programme.models.projects import state_words
from allmende.programme.queries import milestone_row, project_on

ACTOR = SystemActor("system:participation")
WORKED_ON = frozenset({"running", "pilot-finished", "permanent", "transferred"})
REACHED = Text("Der Meilenstein ist erreicht: {title}.", "The milestone has been reached: {title}.")
PROJECT_IS = Text("Das Projekt „{title}“ ist jetzt: {state}.", "The project “{title}” is now: {state}.")


def go_along(now: dt.datetime, gate: Gate) -> int:
    """Tell, once each, what became of the projects and milestones that contributions led into; give how many steps."""
    rows = Contribution.objects.filter(state__in=("linked", "underway"), visibility="shown").select_related("process")
    told = 0
    for one in rows.exclude(process__state__in=("draft", "archived")).prefetch_related("steps"):
        news = _news(one, now.astimezone(CIVIL_TIME).date())
        if news is not None and barred(gate, one.process.purpose_slug, CONTRIBUTIONS) is None:
            advance(ACTOR, number=one.number, news=news, now=now)
            told += 1
    return told


def _news(one: Contribution, day: dt.date) -> News | None:
    """Give what has not been told yet: all milestones reached, else the newest state of the project."""
    steps = list(one.steps.all())
    notes = {step.note_de for step in steps}
    rows = [milestone_row(key, day) for key in sorted({step.milestone for step in steps if step.milestone})]
    known = [row for row in rows if row is not None]
    if known and all(row.view.state == "done" for row in known):
        return News(
            state="done", note=REACHED.filled(title=known[-1].milestone.title), milestone=known[-1].milestone.pk
        )
    slug = next((step.project for step in reversed(steps) if step.project), "")
    project = project_on(slug, day) if slug else None
    if project is None or project.state is None:
        return None
    words = Text(state_words(project.state, "de"), state_words(project.state, "en"))
    note = PROJECT_IS.filled(title=project.project.title, state=words)
    if note.de in notes or project.state in ("idea", "decided"):
        return None
    state = "underway" if project.state in WORKED_ON else one.state
    return News(state=state, note=note, project=slug)
