"""What was decided and what changed, newest first, for the feed."""

import datetime as dt
from collections.abc import Iterator

import msgspec
from django.utils.translation import gettext

from allmende.kernel.text import Text
from allmende.programme.models import ConditionFinding, Decision, MilestoneDate, ProjectEvent, StrategyVersion
from allmende.ui.bilingual import both
from allmende.ui.templatetags.allmende import day as day_written


class Change(msgspec.Struct, frozen=True):
    """Something that happened on a day: its kind, a mark that stays, title, text, and of which page it speaks."""

    day: dt.date
    kind: str
    mark: str
    title: Text
    text: Text
    page: str
    slug: str = ""


def changes_until(on: dt.date, most: int) -> list[Change]:
    """Give the newest changes up to a day."""
    parts = (_decisions, _events, _dates, _findings, _strategies)
    found = [change for part in parts for change in part(on, most)]
    return sorted(found, key=lambda change: (change.day, change.mark), reverse=True)[:most]


def _decisions(on: dt.date, most: int) -> Iterator[Change]:
    for row in Decision.objects.filter(day__lte=on)[:most]:
        yield Change(row.day, "decision", f"beschluss-{row.slug}", row.title, row.text, "programme", row.slug)


def _events(on: dt.date, most: int) -> Iterator[Change]:
    rows = ProjectEvent.objects.filter(day__lte=on).select_related("project").order_by("-day", "-pk")[:most]
    for row in rows:
        yield Change(row.day, "project", f"ereignis-{row.pk}", row.project.title, row.text, "project", row.project.slug)


def _dates(on: dt.date, most: int) -> Iterator[Change]:
    rows = MilestoneDate.objects.filter(known_since__lte=on, kind__in=[*TOLD])
    for row in rows.select_related("milestone").order_by("-known_since", "-pk")[:most]:
        title, text = row.milestone.title, TOLD[row.kind](row)
        yield Change(row.known_since, "milestone", f"termin-{row.pk}", title, text, "milestones", row.milestone.slug)


def _reached(row: MilestoneDate) -> Text:
    day = _day(row)
    if not row.evidence:
        return Text(f"Erreicht: {day.de}.", f"Reached: {day.en}.")
    # The name of a document stays in its language: in quotation marks on the English page.
    return Text(f"Erreicht: {day.de}. Nachweis: {row.evidence}", f"Reached: {day.en}. Evidence: “{row.evidence}”")


def _expected(row: MilestoneDate) -> Text:
    day = _day(row)
    text = Text(f"Jetzt erwartet: {day.de}.", f"Now expected: {day.en}.")
    return Text(f"{text.de} Grund: {row.reason.de}", f"{text.en} Reason: {row.reason.en}") if row.reason else text


def _withdrawn(row: MilestoneDate) -> Text:
    reason = row.reason or Text("", "")
    return Text(f"Nachweis zurückgezogen. Grund: {reason.de}", f"Evidence withdrawn. Reason: {reason.en}")


TOLD = {"forecast": _expected, "actual": _reached, "withdrawn": _withdrawn}


def _day(row: MilestoneDate) -> Text:
    return both(lambda: day_written(row.day, row.precision))


def _findings(on: dt.date, most: int) -> Iterator[Change]:
    rows = ConditionFinding.objects.filter(day__lte=on).select_related("condition").order_by("-day", "-pk")[:most]
    for row in rows:
        title = row.condition.title
        yield Change(row.day, "condition", f"bedingung-{row.pk}", title, row.text, "programme", row.condition.slug)


def _strategies(on: dt.date, most: int) -> Iterator[Change]:
    for row in StrategyVersion.objects.filter(adopted__lte=on).order_by("-number")[:most]:
        if row.adopted:
            summary = Text(row.summary_de, row.summary_en)
            yield Change(row.adopted, "strategy", f"strategie-{row.number}", row.title, summary, "strategy")


def kind_name(kind: str) -> str:
    """Name the kind of a change."""
    return {
        "decision": gettext("Beschluss"),
        "project": gettext("Projekt"),
        "milestone": gettext("Meilenstein"),
        "condition": gettext("Bedingung"),
        "strategy": gettext("Strategie"),
    }[kind]
