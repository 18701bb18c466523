"""Goals, measures, weights, interplay, risks and conditions, each as it was known on a day."""

import datetime as dt
from collections.abc import Iterable

import msgspec
from django.db.models import Prefetch, Q, QuerySet

from allmende.programme.models import (
    Condition,
    ConditionFinding,
    Dependency,
    Goal,
    Measure,
    MeasureProject,
    Project,
    ProjectTarget,
    Risk,
    RiskEstimate,
    TargetImage,
    Weight,
)

OVER = "over"


def holding(on: dt.date) -> Q:
    """Narrow to what holds on a day."""
    return Q(since__lte=on) & (Q(until=None) | Q(until__gt=on))


def goals_on(on: dt.date) -> QuerySet[Goal]:
    """Give the goals that hold on a day."""
    return Goal.objects.filter(holding(on)).select_related("target", "source")


class MeasureView(msgspec.Struct, frozen=True):
    """A measure of the funder with its projects."""

    measure: Measure
    links: tuple[MeasureProject, ...]


def measures_on(on: dt.date) -> list[MeasureView]:
    """Give the funder's measures with the projects that belong to them on a day."""
    links = MeasureProject.objects.filter(holding(on)).select_related("project")
    rows = Measure.objects.select_related("source").prefetch_related(Prefetch("links", links))
    return [MeasureView(row, tuple(row.links.all())) for row in rows]


class Share(msgspec.Struct, frozen=True):
    """How much of a project serves a target image; None is unknown, which is no equal share."""

    target: TargetImage
    basis_points: int | None
    stated: bool

    @property
    def percent(self) -> float | None:
        """Give it in percent."""
        return None if self.basis_points is None else self.basis_points / 100


def shares_on(on: dt.date, projects: Iterable[Project] | None = None) -> dict[int, list[Share]]:
    """Give for each project (by its number) the target images that it serves, with their weights on a day."""
    wanted = {} if projects is None else {"project__in": [project.pk for project in projects]}
    weights: dict[int, tuple[dt.date, dict[int, int]]] = {}
    for row in Weight.objects.filter(since__lte=on, **wanted).order_by("since"):
        since, found = weights.get(row.project_id, (row.since, {}))
        found = found if since == row.since else {}
        weights[row.project_id] = (row.since, {**found, row.target_id: row.basis_points})
    shares: dict[int, list[Share]] = {}
    linked: set[tuple[int, int]] = set()
    for link in ProjectTarget.objects.filter(**wanted).select_related("target"):
        points = weights[link.project_id][1].get(link.target_id) if link.project_id in weights else None
        shares.setdefault(link.project_id, []).append(Share(link.target, points, link.stated))
        linked.add((link.project_id, link.target_id))
    # A weight counts though its target image is named no more: what is shown stays a whole.
    lone = [
        (project, target, points)
        for project, (_since, found) in weights.items()
        for target, points in found.items()
        if (project, target) not in linked
    ]
    targets = TargetImage.objects.in_bulk({target for _project, target, _points in lone}) if lone else {}
    for project, target, points in lone:
        shares.setdefault(project, []).append(Share(targets[target], points, stated=False))
    return shares


def dependencies_on(on: dt.date, *, project: str = "") -> QuerySet[Dependency]:
    """Give how projects play together on a day."""
    rows = Dependency.objects.filter(holding(on)).select_related("project", "other", "source")
    return rows.filter(Q(project__slug=project) | Q(other__slug=project)) if project else rows


class RiskView(msgspec.Struct, frozen=True):
    """A risk as it was seen on a day, with all estimates up to then, oldest first."""

    risk: Risk
    estimates: tuple[RiskEstimate, ...]

    @property
    def now(self) -> RiskEstimate:
        """Give the newest estimate."""
        return self.estimates[-1]

    @property
    def weight(self) -> int:
        """Give probability times impact, for the order."""
        return self.now.probability * self.now.impact


def risks_on(on: dt.date, *, project: str = "") -> list[RiskView]:
    """Give the risks that were known on a day, open ones first, gravest first."""
    estimates = RiskEstimate.objects.filter(day__lte=on)
    rows = Risk.objects.select_related("project").prefetch_related(Prefetch("estimates", estimates))
    if project:
        rows = rows.filter(project__slug=project)
    found = [RiskView(row, tuple(row.estimates.all())) for row in rows]
    return sorted((view for view in found if view.estimates), key=lambda view: (view.now.state == OVER, -view.weight))


class ConditionView(msgspec.Struct, frozen=True):
    """A condition with all findings up to a day, oldest first."""

    condition: Condition
    findings: tuple[ConditionFinding, ...]

    @property
    def now(self) -> ConditionFinding | None:
        """Give the newest finding; None: nobody looked."""
        return self.findings[-1] if self.findings else None

    @property
    def state(self) -> str:
        """Give the newest state."""
        return self.now.state if self.now else "unknown"


def conditions_on(on: dt.date) -> list[ConditionView]:
    """Give the conditions that hold on a day with what was known about them."""
    findings = ConditionFinding.objects.filter(day__lte=on)
    rows = Condition.objects.filter(since__lte=on).select_related("source")
    return [
        ConditionView(row, tuple(row.findings.all())) for row in rows.prefetch_related(Prefetch("findings", findings))
    ]


def measures_of(project: Project, on: dt.date) -> QuerySet[MeasureProject]:
    """Give the funder's measures to which a project belongs on a day."""
    return project.measures.filter(holding(on)).select_related("measure__source")
