"""Reads of minutes."""

import datetime as dt

from django.db.models import QuerySet

from allmende.kernel.clock import CIVIL_TIME
from allmende.register.minutes.models import Minutes


def every_version() -> QuerySet[Minutes]:
    """Give drafts and sealed minutes, the newest meeting first."""
    return Minutes.objects.prefetch_related("items")


def drafts() -> QuerySet[Minutes]:
    """Give what waits for a second person."""
    return Minutes.objects.filter(state="draft")


def version(number: str, which: int) -> Minutes | None:
    """Give one version, if it is there."""
    return every_version().filter(number=number, version=which).first()


def sealed(day: dt.date) -> list[Minutes]:
    """Give the minutes that were public at the end of a civil day, each in its newest version of then."""
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), CIVIL_TIME)
    found: dict[str, Minutes] = {}
    for one in Minutes.objects.filter(state="sealed", sealed__lt=end).order_by("version"):
        found[one.number] = one
    return sorted(found.values(), key=lambda one: (one.day, one.number), reverse=True)


def versions(number: str) -> QuerySet[Minutes]:
    """Give the sealed versions of the minutes of a meeting, newest first."""
    return Minutes.objects.filter(number=number, state="sealed").order_by("-version")


def citing(kind: str, name: str, day: dt.date) -> list[Minutes]:
    """Give the public minutes of which an item is about a rule, a data use or an objection."""
    about = f"{kind}/{name}"
    return [one for one in sealed(day) if any(about in item.about for item in one.record.items)]
