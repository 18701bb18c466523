"""What a report says about money and effects."""

import datetime as dt

from allmende.effects.queries import IndicatorView, indicators_of_project, indicators_on
from allmende.kernel.text import Text
from allmende.money import queries as money
from allmende.money.models import DrawDown
from allmende.programme import queries as programme
from allmende.programme.models import Project
from allmende.reports.rules import PARTS, Cell, Column, Part, Table
from allmende.reports.tables import PROJECT, WHOLE, column, iso, table

AMOUNTS = tuple(
    Column(Text(de, en), "money")
    for de, en in (
        *(("geplant", "planned"), ("davon Bund", "of it federal"), ("davon Stadt", "of it the city")),
        *(("davon Dritte", "of it third parties"), ("bezahlt", "paid"), ("nicht förderfähig", "not eligible")),
        *(("noch offen", "still open"), ("erwartet", "expected")),
    )
)
NO_MONEY = Text(
    "Geld je Projekt ist für diesen Tag nicht veröffentlicht. Das ist nicht null, sondern unbekannt.",
    "Money per project is not published for this day. That is not zero, but unknown.",
)
SIMULATED = Text("Die Beträge sind erfunden.", "The amounts are invented.")
STATES = {
    "reached": Text("Ziel erreicht", "target reached"),
    "on-track": Text("auf dem Weg", "on track"),
    "behind": Text("hinter dem Plan", "behind the plan"),
    "measured": Text("gemessen", "measured"),
    "outdated": Text("veraltet", "outdated"),
    "unknown": Text("unbekannt", "unknown"),
}


def money_part(day: dt.date, project: Project | None) -> Part:
    """Give plan against actual, by project and by year, the published plans, and the draw-downs."""
    found = money.overview(day)
    lines = [line for line in found.lines if project is None or line.project == project]
    rows = [(line.project.slug, _amounts(line.project.title, line)) for line in lines if line.project]
    if not project and rows:
        rows.append(("total", _amounts(WHOLE, found.total)))
    title = Text("Plan und Ist", "Plan and actual")
    tables = [table("plan-actual", title, (PROJECT, *AMOUNTS), rows, NO_MONEY)]
    years = lines[0].years if project and lines else found.total.years
    if lines:
        tables.append(_years(years))
    if not project:
        tables += [_plans(day), _draw_downs(day)]
    words = (SIMULATED,) if found.simulated else ()
    return Part("money", PARTS["money"], words, tuple(tables))


def _amounts(title: Text, line: money.Line) -> tuple[Cell, ...]:
    values = (line.plan.total, *line.plan.parts, line.actual.total, line.not_eligible, line.rest, line.expected)
    return (title, *(value.cents for value in values))


def _years(years: money.YearRows) -> Table:
    columns = (
        *(column("Jahr", "Year"), column("geplant", "planned", "money"), column("bezahlt", "paid", "money")),
        *(column("bezahlt aus Eigenmitteln", "paid from own money", "money"),),
    )
    rows = [(str(year), (str(year), plan.total.cents, paid.total.cents, paid.city)) for year, plan, paid in years]
    return table("years", Text("Nach Jahren", "By year"), columns, rows)


def _plans(day: dt.date) -> Table:
    rows = [
        (
            view.plan.slug,
            (view.plan.title, iso(view.plan.day), view.plan.total_cents, view.plan.federal_cents, view.plan.own_cents),
        )
        for view in programme.plans_until(day)
    ]
    columns = (
        *(column("Planfassung", "Plan"), column("Tag", "Day", "day"), column("gesamt", "total", "money")),
        *(column("Bund", "federal", "money"), column("Stadt und Dritte", "city and third parties", "money")),
    )
    return table("plans", Text("Veröffentlichte Pläne", "Published plans"), columns, rows)


def _draw_downs(day: dt.date) -> Table:
    rows = [
        (
            f"{row.award_id}-{row.number}",
            (_draw_name(row), iso(row.until), row.eligible_cents, row.federal_cents, _paid(row)),
        )
        for row in money.draw_downs(day)
    ]
    columns = (
        *(column("Abruf", "Draw-down"), column("Zahlungen bis", "payments until", "day")),
        *(column("förderfähig", "eligible", "money"), column("abgerufen", "claimed", "money")),
        column("ausgezahlt", "paid out", "money"),
    )
    empty = Text("Kein Mittelabruf ist bekannt.", "No draw-down is known.")
    return table("draw-downs", Text("Mittelabrufe", "Draw-downs"), columns, rows, empty)


def _paid(row: DrawDown) -> int | None:
    return row.payment.cents if row.payment else None


def _draw_name(row: DrawDown) -> Text:
    title = row.award.title
    return Text(f"{title.de} {row.number}", f"{title.en} {row.number}")


def effects_part(day: dt.date, project: Project | None) -> Part:
    """Give how each public indicator stands, and why; unknown stays unknown."""
    views = indicators_of_project(project.slug, day) if project else indicators_on(day)
    columns = (
        *(column("Indikator", "Indicator"), column("Wert", "Value"), column("bis", "until", "day")),
        *(column("Ziel", "Target"), column("Stand", "State"), column("Gründe", "Reasons")),
    )
    empty = Text("Kein Indikator ist festgelegt.", "No indicator is defined.")
    rows = [(view.indicator.slug, _effect(view)) for view in views]
    return Part(
        "effects",
        PARTS["effects"],
        tables=(table("indicators", Text("Indikatoren", "Indicators"), columns, rows, empty),),
    )


def _effect(view: IndicatorView) -> tuple[Cell, ...]:
    write, shown, target = view.current.definition.written, view.judged, view.target
    goal = None
    if target:
        low, high = write(target.low), write(target.high)
        goal = low if low == high else Text(f"{low.de} bis {high.de}", f"{low.en} to {high.en}")
    reasons = view.status.reasons
    why = Text(" ".join(one.text.de for one in reasons), " ".join(one.text.en for one in reasons)) if reasons else None
    value = write(shown.value) if shown else None
    return (view.indicator.title, value, iso(shown.last) if shown else None, goal, STATES[view.status.state], why)
