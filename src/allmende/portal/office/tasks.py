"""What a person has to look after in programme, money and effects: for the staff room and for the weekly mail."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import get_language, gettext

from allmende.accounts.models import Person
from allmende.accounts.rules import may_read, may_write
from allmende.effects.queries import IndicatorView, stale
from allmende.effects.rules import cadence, overdue_since
from allmende.kernel.clock import CIVIL_TIME, utc_now
from allmende.participation.closing_queries import Ending, endings
from allmende.portal.office.money import overview as money
from allmende.programme.models import Project
from allmende.programme.queries.tasks import KINDS, URGENT, Task, tasks_on
from allmende.reports.queries import waiting_for
from allmende.ui.templatetags.allmende import day

SOON = dt.timedelta(days=60)
TABLES = {
    "milestone": "meilensteine",
    "project": "projekte",
    "event": "projektereignisse",
    "risk": "risiken",
    "decision": "beschluesse",
    "programme": "programm",
    "condition": "bedingungen",
}


class Item(msgspec.Struct, frozen=True):
    """A task in the words of one language; an urgent one is worth a mail."""

    kind: str
    title: str
    project: str
    due: dt.date | None
    late: bool
    url: str
    urgent: bool


def items_of(person: Person, on: dt.date, stale_ones: Sequence[IndicatorView] | None = None) -> list[Item]:
    """Give the tasks of a person in the language in use, the earliest first; a lead sees those of the own projects.

    Who has looked for stale indicators already gives them, so that they are not reckoned twice.
    """
    roles = person.roles
    lead = person.pk if "lead" in roles and not may_write(roles, "programme") else None
    own = None if lead is None else set(Project.objects.filter(leads=lead).values_list("slug", flat=True))
    due = _money(on) if may_read(roles, "grants") else []
    # An award knows its days better than the programme does.
    steering = [task for task in tasks_on(on, lead=lead) if not (due and task.kind == "deadline")]
    items = [
        *(_item(task, on) for task in steering),
        *_indicators(stale(on) if stale_ones is None else stale_ones, own),
        *_reports(person, on),
        *_processes(person),
        *due,
    ]
    return sorted(items, key=lambda one: (one.due or dt.date.max, one.kind, one.title))


def reminders_of(person: Person, on: dt.date) -> list[str]:
    """Give what is worth a mail, a line each, in the language in use."""
    return [_line(one) for one in items_of(person, on) if one.urgent]


def _line(one: Item) -> str:
    project = f" ({one.project})" if one.project else ""
    due = f", {day(one.due)}" if one.due else ""
    return f"{one.kind}: {one.title}{project}{due}"


def _item(task: Task, on: dt.date) -> Item:
    language = get_language() or "de"
    project = task.project.within(language) if task.project else ""
    url = reverse(f"{TABLES[task.table]}:inspect", args=[task.number])
    late, urgent = task.due is not None and task.due < on, task.kind in URGENT
    return Item(KINDS[task.kind].within(language), task.title.within(language), project, task.due, late, url, urgent)


def _money(on: dt.date) -> list[Item]:
    return [Item(kind, what, "", due, due < on, url, urgent=due <= on + SOON) for kind, what, due, url in money.tasks()]


def _reports(person: Person, on: dt.date) -> Iterator[Item]:
    """Give the reports that wait for this person's approval."""
    if not may_write(person.roles, "programme"):
        return
    for row in waiting_for(person):
        due = money.day_of(row.sent_at) + money.A_WEEK if row.sent_at else None
        project = row.project.title.within(get_language() or "de") if row.project else ""
        late, url = due is not None and due < on, reverse("office:report", args=[row.pk])
        yield Item(gettext("Bericht freigeben"), str(row), project, due, late, url, urgent=True)


def _processes(person: Person) -> Iterator[Item]:
    """Give the participation processes that close themselves soon, that cannot, or that nobody closes."""
    if not may_write(person.roles, "participation"):
        return
    now = utc_now()
    for one in endings(now):
        end = one.closes or one.process.ends
        due = end.astimezone(CIVIL_TIME).date() if end is not None else None
        title, url = one.process.title.within(get_language() or "de"), one.process.slug
        late = end is not None and end <= now
        yield Item(
            ending_words(one), title, "", due, late, reverse("office:participation-process", args=[url]), urgent=True
        )


def ending_words(one: Ending) -> str:
    """Say what becomes of a process after its last phase, in the language in use."""
    if one.closes is None:
        return gettext("Verfahren abschließen")
    if not one.held_up:
        return gettext("Verfahren schließt sich")
    counts = {"a": one.unanswered, "m": one.unread}
    return gettext("Verfahren kann sich nicht schließen (ohne Antwort: %(a)s, in Moderation: %(m)s)") % counts


def _indicators(views: Sequence[IndicatorView], own: set[str] | None) -> Iterator[Item]:
    """Give the indicators without a value, or with one that is too old; only an old one presses."""
    for view in views:
        if own is None or own & set(view.indicator.projects):
            yield _stale_one(view)


def _stale_one(view: IndicatorView) -> Item:
    definition, old = view.current.definition, view.status.state == "outdated"
    period: Any = definition.period
    rhythm: Any = definition.rhythm
    due = overdue_since(view.judged.last, cadence(period, rhythm)) if old and view.judged else None
    kind = gettext("Indikator veraltet") if old else gettext("Indikator ohne Wert")
    title = view.indicator.title.within(get_language() or "de")
    url = reverse("office:indicator", args=[view.indicator.slug])
    return Item(kind, title, "", due, late=old, url=url, urgent=old)
