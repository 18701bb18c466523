"""What a report says about the programme: projects, dates, decisions, risks, conditions, gaps."""

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

from allmende.kernel.text import Text
from allmende.programme import queries
from allmende.programme.models import Project
from allmende.programme.queries import schedule, steering
from allmende.reports.rules import PARTS, Cell, Part, Table
from allmende.reports.tables import NOTHING, PROJECT, WHOLE, column, iso, table
from allmende.ui.bilingual import both
from allmende.ui.templatetags.allmende import milestone_state, state_name

DAY = column("Tag", "Day", "day")
WHAT = column("Was", "What")


def parts(day: dt.date, since: dt.date | None, project: Project | None) -> list[Part]:
    """Give the chapters about the programme as it was known on a day."""
    begin = since or dt.date.min
    slug = project.slug if project else ""
    views = [queries.project_on(slug, day)] if project else queries.projects_on(day)
    known = [view for view in views if view]
    progress = Part(
        "projects",
        PARTS["projects"],
        tables=(_projects(known), _events(known, begin, day)),
    )
    dates = Part("milestones", PARTS["milestones"], tables=(_milestones(day, slug), _moves(begin, day, slug)))
    steer = [_risks(day, slug)] if project else [_decisions(begin, day), _conditions(day), _risks(day, slug)]
    return [
        progress,
        dates,
        Part(
            "steering",
            PARTS["steering"] if not project else Text("Risiken", "Risks"),
            tables=tuple(steer),
        ),
    ]


def _projects(views: list[Any]) -> Table:
    rows = [
        (
            view.project.slug,
            (
                view.project.title,
                both(partial(state_name, view.state or "")),
                iso(view.last_state.day) if view.last_state else None,
                None if view.last_event is None else view.last_event.text,
            ),
        )
        for view in views
    ]
    columns = (PROJECT, column("Stand", "State"), column("seit", "since", "day"), column("zuletzt", "latest"))
    empty = Text("An diesem Tag war kein Projekt bekannt.", "No project was known on this day.")
    return table("states", Text("Stand der Projekte", "State of the projects"), columns, rows, empty)


def _events(views: list[Any], begin: dt.date, day: dt.date) -> Table:
    found = sorted(
        ((event, view.project) for view in views for event in view.events if begin < event.day <= day),
        key=lambda pair: (pair[0].day, pair[0].pk),
    )
    rows = [(f"{project.slug}-{event.pk}", (project.title, iso(event.day), event.text)) for event, project in found]
    title = Text("Was seit dem letzten Bericht geschah", "What happened since the last report")
    return table("events", title, (PROJECT, DAY, WHAT), rows, spans=True)


def _milestones(day: dt.date, slug: str) -> Table:
    rows = []
    for row in queries.milestones_on(day, project=slug):
        shown, baseline = row.view.shown, row.view.baseline
        cells: tuple[Cell, ...] = (
            row.milestone.title,
            row.milestone.project.title if row.milestone.project else WHOLE,
            iso(baseline.day) if baseline else None,
            iso(shown.day) if shown else None,
            both(partial(milestone_state, row.view.state)),
            row.view.delay_days,
        )
        rows.append((row.milestone.slug, cells))
    columns = (
        *(column("Meilenstein", "Milestone"), PROJECT, column("zuerst geplant", "first planned", "day")),
        *(column("erreicht oder erwartet", "reached or expected", "day"), column("Stand", "State")),
        column("Tage später", "Days later", "count"),
    )
    empty = Text("An diesem Tag war kein Meilenstein bekannt.", "No milestone was known on this day.")
    return table("dates", Text("Meilensteine", "Milestones"), columns, rows, empty)


def _moves(begin: dt.date, day: dt.date, slug: str) -> Table:
    rows = [
        (
            row.milestone.slug,
            (
                row.milestone.title,
                iso(row.move.before.day),
                iso(row.move.after.day),
                (row.move.after.day - row.move.before.day).days,
                row.move.after.reason,
            ),
        )
        for row in schedule.moved_since(begin, day, project=slug)
    ]
    columns = (
        *(column("Meilenstein", "Milestone"), column("vorher", "before", "day"), column("jetzt", "now", "day")),
        *(column("Tage später", "Days later", "count"), column("Grund", "Reason")),
    )
    return table(
        "moves", Text("Verschoben seit dem letzten Bericht", "Moved since the last report"), columns, rows, spans=True
    )


def _decisions(begin: dt.date, day: dt.date) -> Table:
    rows = [
        (row.slug, (row.title, iso(row.day), row.body.title, row.paper or None))
        for row in queries.decisions_until(day).filter(day__gt=begin)
    ]
    columns = (column("Beschluss", "Decision"), DAY, column("Gremium", "Body"), column("Vorlage", "Paper"))
    return table("decisions", Text("Beschlüsse", "Decisions"), columns, rows, spans=True)


def _conditions(day: dt.date) -> Table:
    return table(
        "conditions",
        Text("Bedingungen des Programms", "Conditions of the programme"),
        (column("Bedingung", "Condition"), column("Stand", "State"), column("geprüft", "looked at", "day"), WHAT),
        _conditions_of(day),
        Text("Keine Bedingung ist bekannt.", "No condition is known."),
    )


def _conditions_of(day: dt.date) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    for view in steering.conditions_on(day):
        now = view.now
        known = (both(now.get_state_display), iso(now.day), now.text) if now else (None, None, None)
        yield view.condition.slug, (view.condition.title, *known)


def _risks(day: dt.date, slug: str) -> Table:
    rows = [
        (
            view.risk.slug,
            (
                view.risk.title,
                view.risk.project.title if view.risk.project else WHOLE,
                both(view.now.get_state_display),
                both(view.now.get_probability_display),
                both(view.now.get_impact_display),
                iso(view.now.day),
            ),
        )
        for view in steering.risks_on(day, project=slug)
    ]
    columns = (
        *(column("Risiko", "Risk"), PROJECT, column("Stand", "State"), column("Wahrscheinlichkeit", "Probability")),
        *(column("Auswirkung", "Impact"), column("eingeschätzt", "judged", "day")),
    )
    return table("risks", Text("Risiken", "Risks"), columns, rows, NOTHING)


def gaps() -> Part:
    """Give what is not known, as the programme says it."""
    words = tuple(Text(f"{row.title.de}: {row.text.de}", f"{row.title.en}: {row.text.en}") for row in queries.gaps())
    none = Text("Lücken sind nicht eingetragen.", "No gaps are entered.")
    return Part("gaps", Text("Was nicht bekannt ist", "What is not known"), words or (none,))
