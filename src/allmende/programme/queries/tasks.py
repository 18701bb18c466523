"""What the office and the project leads have to look after, the most pressing first."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
from django.db.models import Max, Q, QuerySet

from allmende.kernel.text import Text
from allmende.programme.models import Decision, Project, ProjectEvent, Risk
from allmende.programme.queries.known import milestones_known, programme, projects_known
from allmende.programme.queries.steering import conditions_on
from allmende.programme.rules.facts import PROOF_A_MONTHS, PROOF_B_MONTHS, months_later
from allmende.programme.rules.states import DECIDED

SOON, STALE, DEADLINE = dt.timedelta(days=30), dt.timedelta(days=180), dt.timedelta(days=180)
ACTIVE = ("decided", "running", "pilot-finished")
# What is worth a mail: the rest is seen in the staff room.
URGENT = frozenset({"late", "unproven", "soon", "deadline"})


class Task(msgspec.Struct, frozen=True):
    """Something to do: its kind, what it is about, by when, and the row with its table."""

    kind: str
    title: Text
    due: dt.date | None
    table: str
    number: int
    project: Text | None = None


def tasks_on(on: dt.date, *, lead: int | None = None) -> list[Task]:
    """Give all that is to be looked after on a day; of one lead, only what belongs to their projects."""
    mine = Project.objects.all() if lead is None else Project.objects.filter(leads=lead)
    found = [*_milestones(on, mine, lead), *_stale(on, mine), *_undecided(on, mine), *_unowned(mine, lead)]
    if lead is None:
        found += [*_papers(on), *_deadlines(on), *_conditions(on)]
    return sorted(found, key=_pressing)


def _pressing(task: Task) -> tuple[bool, dt.date, str, str]:
    return task.kind not in URGENT, task.due or dt.date.max, task.kind, task.title.de


def _milestones(on: dt.date, mine: QuerySet[Project], lead: int | None) -> Iterator[Task]:
    known: QuerySet[Any] = milestones_known(on, state="open")
    rows = known.filter(Q(reported__isnull=False) | Q(due__lte=on + SOON)).select_related("project")
    if lead is not None:
        rows = rows.filter(project__in=mine)
    for row in rows:
        due = row.due
        kind = "unproven" if row.reported else "late" if due and due < on else "soon"
        yield Task(kind, row.title, due, "milestone", row.pk, row.project.title if row.project else None)


def _stale(on: dt.date, mine: QuerySet[Project]) -> Iterator[Task]:
    rows = projects_known(on).filter(pk__in=mine, state_then__in=ACTIVE, standing__in=["certain", "likely"])
    news: QuerySet[Any] = rows.annotate(
        event=Max("events__day", filter=Q(events__day__lte=on)),
        date=Max("milestones__dates__known_since", filter=Q(milestones__dates__known_since__lte=on)),
    )
    for row in news:
        last = max(day for day in (row.event, row.date) if day)
        if last < on - STALE:
            yield Task("stale", row.title, last + STALE, "project", row.pk)


def _undecided(on: dt.date, mine: QuerySet[Project]) -> Iterator[Task]:
    rows = ProjectEvent.objects.filter(project__in=mine, decision=None, state__in=DECIDED, day__lte=on, certain=True)
    for row in rows.select_related("project"):
        yield Task("no-decision", row.project.title, None, "event", row.pk, row.text)


def _unowned(mine: QuerySet[Project], lead: int | None) -> Iterator[Task]:
    risks = Risk.objects.filter(owner_de="").select_related("project")
    for row in risks.filter(project__in=mine) if lead is not None else risks:
        yield Task("no-owner", row.title, None, "risk", row.pk, row.project.title if row.project else None)


def _papers(on: dt.date) -> Iterator[Task]:
    for row in Decision.objects.filter(paper="", day__lte=on):
        yield Task("no-paper", row.title, None, "decision", row.pk)


def _deadlines(on: dt.date) -> Iterator[Task]:
    found = programme()
    if found is None:
        return
    for name, months in (("proof-a", PROOF_A_MONTHS), ("proof-b", PROOF_B_MONTHS)):
        due = months_later(found.awarded, months)
        if on <= due <= on + DEADLINE:
            yield Task("deadline", DEADLINES[name], due, "programme", found.pk)


def _conditions(on: dt.date) -> Iterator[Task]:
    for view in conditions_on(on):
        if view.state == "unknown" and (view.now is None or view.now.day < on - STALE):
            due = (view.now.day if view.now else view.condition.since) + STALE
            yield Task("unknown-condition", view.condition.title, due, "condition", view.condition.pk)


DEADLINES = {
    "proof-a": Text("Verwendungsnachweis der Strategiephase", "Proof of use of the strategy phase"),
    "proof-b": Text("Verwendungsnachweis der Umsetzung", "Proof of use of the implementation"),
}
KINDS = {
    "late": Text("Meilenstein überfällig", "Milestone late"),
    "unproven": Text("Nachweis fehlt", "Evidence missing"),
    "soon": Text("Meilenstein bald fällig", "Milestone due soon"),
    "deadline": Text("Frist", "Deadline"),
    "stale": Text("Seit einem halben Jahr nichts Neues", "Nothing new for half a year"),
    "no-decision": Text("Neuer Stand ohne Beschluss", "New state without a decision"),
    "no-owner": Text("Risiko, auf das niemand achtet", "Risk that nobody watches"),
    "no-paper": Text("Beschluss ohne Vorlage", "Decision without a paper"),
    "unknown-condition": Text("Bedingung ungeklärt", "Condition unsettled"),
}
