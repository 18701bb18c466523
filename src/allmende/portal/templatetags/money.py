"""A project's money, for its page."""

import datetime as dt
from typing import Any

from django import template

from allmende.money import queries
from allmende.programme.models import Project

register = template.Library()


@register.inclusion_tag("portal/money/_project.html")
def project_money(project: Project, day: dt.date) -> dict[str, Any]:
    """Show what is known of a project's money on a day."""
    return {"money": queries.project_money(project, day), "project": project, "day": day}


@register.inclusion_tag("portal/money/_own.html")
def own_money(project: Project, day: dt.date) -> dict[str, Any]:
    """Show the city's own money in a project, in one line."""
    return {"money": queries.project_money(project, day)}
