"""What each project costs after the programme, and who carries it then; what is not known is said, not left out."""

import datetime as dt

import msgspec

from allmende.money.models import RunningCost
from allmende.money.queries import Overview
from allmende.programme.models import Project
from allmende.programme.models.projects import STANDINGS
from allmende.programme.queries import states_on
from allmende.programme.rules import OVER


class After(msgspec.Struct, frozen=True):
    """A project and its newest known running cost; None is unknown."""

    project: Project
    cost: RunningCost | None

    @property
    def settled(self) -> bool:
        """Tell whether cost and owner are known."""
        return self.cost is not None and self.cost.owner is not None


def afterwards(on: dt.date, found: Overview) -> list[After]:
    """Give the projects that have money or a known running cost and are not over on the day of an overview."""
    rows = RunningCost.objects.filter(known_since__lte=on).order_by("known_since", "pk")
    newest = {row.project_id: row for row in rows}
    funded = {line.project.pk for line in found.lines if line.project}
    return [
        After(project, newest.get(project.pk))
        for project, state in states_on(on, [name for name, _words in STANDINGS])
        if state not in OVER and (project.pk in funded or project.pk in newest)
    ]
