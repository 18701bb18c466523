"""Draw-downs that wait for a second person, and what they would claim."""

from django.db.models import QuerySet, Sum

from allmende.kernel.money import Money
from allmende.money.models import Booking, PreparedDrawDown
from allmende.money.models.claims import PREPARED
from allmende.money.queries import bookings
from allmende.programme.models import Project


def prepared_draw_downs() -> QuerySet[PreparedDrawDown]:
    """Give the draw-downs that wait for a second person."""
    return PreparedDrawDown.objects.filter(state=PREPARED).select_related("award", "made_by")


def bookings_of(row: PreparedDrawDown) -> QuerySet[Booking]:
    """Give the bookings that a prepared draw-down would claim."""
    return bookings().filter(prepared_lines__prepared=row)


def eligible_by_project(row: PreparedDrawDown) -> list[tuple[Project, Money]]:
    """Give what of a prepared draw-down's bookings is eligible, project by project."""
    sums = bookings_of(row).order_by().values_list("project").annotate(Sum("eligible_cents"))
    cents = dict(sums)
    return [(project, Money(cents[project.pk])) for project in Project.objects.filter(pk__in=cents)]
