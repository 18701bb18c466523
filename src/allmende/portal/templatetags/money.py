"""A project's money, for its page."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from allmende.money import queries
from allmende.money.choices import Choice
from allmende.money.services.scenarios import Row
from allmende.programme.models import Project
from allmende.ui.templatetags.allmende import money

register = template.Library()
# What a scenario's cell tells of the columns: contracts, grants at risk, interest, own money.
TOLD = (1, 3, 4, 5)


@register.inclusion_tag("portal/money/_project.html")
def project_money(project: Project, day: dt.date) -> dict[str, Any]:
    """Show what is known of a project's money on a day."""
    return {"money": queries.project_money(project, day), "project": project, "day": day}


@register.inclusion_tag("portal/money/_own.html")
def own_money(project: Project, day: dt.date) -> dict[str, Any]:
    """Show the city's own money in a project, in one line."""
    return {"money": queries.project_money(project, day)}


@register.simple_tag
def way(choice: Choice) -> str:
    """Say what was chosen for a project."""
    if choice.way == "stop":
        return gettext("beenden, %(n)s %% gefährdet") % {"n": choice.risk}
    if choice.way == "shrink":
        return gettext("kürzen auf %(n)s %%") % {"n": choice.keep}
    return gettext("weiter")


@register.simple_tag
def outcome_cells(rows: Iterable[Row | None], columns: Sequence[Any]) -> SafeString:
    """Write what each scenario does with a project: the choice, contracts, grants at risk, interest, own money."""
    apart = gettext("nicht Teil des Szenarios")
    cells = []
    for row in rows:
        if row is None:
            cells.append(f"<td>{escape(apart)}</td>")
            continue
        figures = row.figures
        told = [f"{escape(columns[at])}: {money(figures[at])}" for at in TOLD if figures[at].cents]
        cells.append(f"<td>{'<br>'.join([f'<strong>{escape(way(row.choice))}</strong>', *told])}</td>")
    return SafeString("".join(cells))


@register.simple_tag
def choice_rows(form: Any) -> SafeString:
    """Write the choices of a scenario as rows of fields; a field object for each of hundreds is too slow."""
    language = get_language() or "de"
    ways = [(value, escape(name)) for value, name in form.ways]
    labels = (escape(gettext("Wahl")), escape(gettext("bleibt in %")), escape(gettext("gefährdet in %")))
    return SafeString("".join([_choice_row(row, language, ways, labels) for row in form.rows()]))


def _choice_row(
    row: dict[str, Any], language: str, ways: Sequence[tuple[str, str]], labels: tuple[str, str, str]
) -> str:
    project: Project = row["project"]
    title, number = escape(project.title.within(language)), project.pk
    options = "".join(
        [f'<option value="{value}"{" selected" if value == row["way"] else ""}>{name}</option>' for value, name in ways]
    )
    percents = "".join(
        [
            f'<td><input type="number" min="0" max="100" name="{name}_{number}" value="{escape(row[name])}" '
            f'aria-label="{label}: {title}"></td>'
            for name, label in zip(("keep", "risk"), labels[1:], strict=True)
        ]
    )
    return (
        f'<tr><th scope="row">{title}<input type="hidden" name="projekt" value="{escape(project.slug)}"></th>'
        f'<td><select name="way_{number}" aria-label="{labels[0]}: {title}">{options}</select></td>{percents}</tr>'
    )
