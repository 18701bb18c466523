"""Reads of the programme, each as it was known on a day."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec
from django.db.models import Case, DateField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from allmende.kernel.money import Money
from allmende.programme.models import (
    Body,
    Decision,
    Discrepancy,
    FundingRule,
    Gap,
    Milestone,
    MilestoneDate,
    PlanVersion,
    Programme,
    ProgrammeEvent,
    Project,
    ProjectCount,
    ProjectEvent,
    Source,
    TargetImage,
    Track,
)
from allmende.programme.rules import Happening, MilestoneView, exact_shares, milestone_on, state_on


class ProjectView(msgspec.Struct, frozen=True):
    """A project as it was known on a day; ``events`` are those up to then, oldest first."""

    project: Project
    state: str | None
    events: tuple[ProjectEvent, ...]
    targets: tuple[TargetImage, ...]
    inferred: bool

    @property
    def last_event(self) -> ProjectEvent | None:
        """Give the newest event."""
        return self.events[-1] if self.events else None

    @property
    def last_state(self) -> ProjectEvent | None:
        """Give the event that brought the state."""
        return next((event for event in reversed(self.events) if event.state != "note"), None)


class PlanView(msgspec.Struct, frozen=True):
    """A plan with the exact split of its total beside the published shares; differences are published minus exact."""

    plan: PlanVersion
    exact_federal: Money
    exact_own: Money

    @property
    def federal_difference(self) -> Money:
        """Give how far the published federal share is from the exact one."""
        return self.plan.federal - self.exact_federal

    @property
    def unexplained(self) -> Money:
        """Give the total minus the published shares."""
        return self.plan.total - self.plan.federal - self.plan.own

    @property
    def federal_share(self) -> float:
        """Give the published federal share of the total, in percent."""
        return 100 * self.plan.federal_cents / self.plan.total_cents


class MilestoneRow(msgspec.Struct, frozen=True):
    """A milestone with what was known about its dates on a day."""

    milestone: Milestone
    view: MilestoneView


def programme() -> Programme | None:
    """Give the programme of this installation."""
    return Programme.objects.select_related("source").first()


def target_images() -> QuerySet[TargetImage]:
    """Give the target images in their order."""
    return TargetImage.objects.select_related("source")


def funding_rules() -> QuerySet[FundingRule]:
    """Give the rules of the funding scheme."""
    return FundingRule.objects.select_related("source")


def bodies() -> QuerySet[Body]:
    """Give who decides or advises."""
    return Body.objects.all()


def tracks() -> QuerySet[Track]:
    """Give the strands of the strategy phase with their events."""
    return Track.objects.select_related("source").prefetch_related("events__source")


def decisions_until(on: dt.date) -> QuerySet[Decision]:
    """Give the decisions up to a day, newest first."""
    return Decision.objects.filter(day__lte=on).select_related("body", "source")


def _view(project: Project, on: dt.date) -> ProjectView:
    events = tuple(event for event in project.events.all() if event.day <= on)
    state = state_on([Happening(event.day, event.state) for event in events], on)
    links = list(project.targets.all())
    return ProjectView(
        project,
        state,
        events,
        tuple(link.target for link in links),
        bool(links) and not all(link.stated for link in links),
    )


def _state(on: dt.date) -> Subquery:
    """Give the state that the latest event up to a day gave, as a column."""
    events = ProjectEvent.objects.filter(project=OuterRef("pk"), day__lte=on).exclude(state="note")
    return Subquery(events.order_by("-day", "-pk").values("state")[:1])


def projects_known(
    on: dt.date, *, target: str = "", state: str = "", text: str = "", standing: Iterable[str] = ()
) -> QuerySet[Project]:
    """Give the projects that were known on a day, with their state as ``state_then``, narrowed as wished."""
    known = ProjectEvent.objects.filter(project=OuterRef("pk"), day__lte=on)
    rows = Project.objects.filter(Exists(known)).annotate(state_then=_state(on))
    if target:
        rows = rows.filter(targets__target__slug=target)
    if text:
        words = Q()
        for name in ("title", "sentence", "purpose"):
            words |= Q(**{f"{name}_de__icontains": text}) | Q(**{f"{name}_en__icontains": text})
        rows = rows.filter(words)
    if standing:
        rows = rows.filter(standing__in=list(standing))
    return rows.filter(state_then=state) if state else rows


def views_of(rows: QuerySet[Project], on: dt.date) -> list[ProjectView]:
    """Give projects as they were known on a day, with their events, target images, partners and sources."""
    events = ProjectEvent.objects.select_related("source", "decision").order_by("day", "pk")
    found = rows.prefetch_related(Prefetch("events", events), "targets__target", "partners", "sources")
    return [_view(project, on) for project in found]


def projects_on(
    on: dt.date, *, target: str = "", state: str = "", text: str = "", standing: Iterable[str] = ()
) -> list[ProjectView]:
    """Give all projects that were known on a day, narrowed by target image, state, words or standing."""
    return views_of(projects_known(on, target=target, state=state, text=text, standing=standing), on)


def states_on(on: dt.date, standing: Iterable[str]) -> list[tuple[Project, str | None]]:
    """Give the projects that were known on a day with their state, and of them no more than name and sentence."""
    rows: QuerySet[Any] = projects_known(on, standing=standing).only(
        "slug", "title_de", "title_en", "sentence_de", "sentence_en"
    )
    return [(project, project.state_then) for project in rows]


def project_on(slug: str, on: dt.date) -> ProjectView | None:
    """Give one project as it was known on a day; None when there is none of this name."""
    views = views_of(Project.objects.filter(slug=slug), on)
    return views[0] if views else None


def counts_until(on: dt.date) -> QuerySet[ProjectCount]:
    """Give the published numbers of projects up to a day."""
    return ProjectCount.objects.filter(day__lte=on).select_related("source")


def count_on(on: dt.date) -> ProjectCount | None:
    """Give the latest published number of projects on a day."""
    return counts_until(on).last()


def plans_until(on: dt.date) -> list[PlanView]:
    """Give the plans published up to a day, oldest first, each with its exact split."""
    found = programme()
    rate = (found.rate_numerator, found.rate_denominator) if found else (13, 20)
    plans = PlanVersion.objects.filter(day__lte=on).select_related("source")
    return [PlanView(plan, *exact_shares(plan.total, *rate)) for plan in plans]


def plan_on(on: dt.date) -> PlanView | None:
    """Give the plan in force on a day."""
    plans = plans_until(on)
    return plans[-1] if plans else None


def _newest(kinds: Iterable[str], on: dt.date) -> Subquery:
    dates = MilestoneDate.objects.filter(milestone=OuterRef("pk"), kind__in=list(kinds), known_since__lte=on)
    return Subquery(dates.order_by("-known_since", "-pk").values("day")[:1])


def _standing(kind: str, on: dt.date) -> Subquery:
    """Give the newest day of a kind, unless it was withdrawn since."""
    dates = MilestoneDate.objects.filter(milestone=OuterRef("pk"), kind__in=[kind, "withdrawn"], known_since__lte=on)
    counted = Case(When(kind="withdrawn", then=None), default=F("day"), output_field=DateField())
    return Subquery(dates.order_by("-known_since", "-pk").annotate(counted=counted).values("counted")[:1])


# Which columns tell a state, see milestone_on().
STATE_COLUMNS = {
    "done": Q(reached__isnull=False),
    "unproven": Q(reached=None, reported__isnull=False),
    "open": Q(reached=None),
    "late": Q(reached=None, reported=None, due__lt=F("then")),
    "ahead": Q(reached=None, reported=None, due__gte=F("then")),
}


def milestones_known(on: dt.date, *, project: str = "", state: str = "") -> QuerySet[Milestone]:
    """Give the milestones that were known on a day, in order of the date that counts (``shown``)."""
    rows = Milestone.objects.filter(project__slug=project) if project else Milestone.objects.all()
    rows = rows.annotate(
        then=Value(on, output_field=DateField()),
        reached=_standing("actual", on),
        reported=_standing("claimed", on),
        due=Coalesce(_newest(["forecast"], on), _newest(["baseline"], on)),
    ).annotate(shown=Coalesce("reached", "due", "reported"))
    rows = rows.filter(shown__isnull=False).order_by("shown", "pk")
    return rows.filter(STATE_COLUMNS[state]) if state in STATE_COLUMNS else rows


def milestones_named(on: dt.date, *, project: str = "") -> QuerySet[Milestone]:
    """Give the milestones that were known on a day, without order and dates: quicker where only they count."""
    dates = MilestoneDate.objects.filter(milestone=OuterRef("pk"), known_since__lte=on)
    rows = Milestone.objects.filter(project__slug=project) if project else Milestone.objects.all()
    return rows.filter(Exists(dates))


def rows_of(rows: QuerySet[Milestone], on: dt.date) -> list[MilestoneRow]:
    """Give milestones with what was known about their dates on a day."""
    found = rows.select_related("source", "project").prefetch_related("dates")
    return [MilestoneRow(row, milestone_on([date.value for date in row.dates.all()], on)) for row in found]


def milestones_on(on: dt.date, *, project: str = "", state: str = "") -> list[MilestoneRow]:
    """Give all milestones that were known on a day, in order of the date that counts."""
    return rows_of(milestones_known(on, project=project, state=state), on)


def milestone_row(key: int, on: dt.date) -> MilestoneRow | None:
    """Give one milestone with what was known about its dates on a day."""
    return next(iter(rows_of(milestones_named(on).filter(pk=key), on)), None)


def events_until(on: dt.date, *, kind: str = "") -> QuerySet[ProgrammeEvent]:
    """Give what took place up to a day, oldest first."""
    rows = ProgrammeEvent.objects.filter(day__lte=on).select_related("source", "track")
    return rows.filter(kind=kind) if kind else rows


def discrepancies() -> QuerySet[Discrepancy]:
    """Give where sources differ."""
    return Discrepancy.objects.prefetch_related("sources")


def gaps() -> QuerySet[Gap]:
    """Give what is not known."""
    return Gap.objects.all()


def sources() -> QuerySet[Source]:
    """Give all sources."""
    return Source.objects.all()
