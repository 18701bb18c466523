"""Reads of money, each as it was known on a day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from django.db.models import Count, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from allmende.accounts.models import Person
from allmende.kernel.money import Money
from allmende.money.interest import Paid, Rate, shipped_rates
from allmende.money.models import (
    Award,
    AwardTerms,
    BaseRate,
    Booking,
    BookingCount,
    CostType,
    DrawDown,
    DrawDownShare,
    Forecast,
    FundingSource,
    OpenInvoice,
    Payment,
    Plan,
    PlanPosition,
    RunningCost,
    WorkHours,
)
from allmende.money.models.grants import CITY, FEDERAL, THIRD
from allmende.money.models.plans import DRAFT, PUBLISHED
from allmende.money.rules import PROOF_MONTHS, Slot, Terms, federal_of, hours_shown, spread, summed
from allmende.programme.models import Project
from allmende.programme.rules import months_later


class AwardView(msgspec.Struct, frozen=True):
    """An award with its terms as known on a day, and the day on which its proof of use is due."""

    award: Award
    terms: Terms
    row: AwardTerms
    proof_due: dt.date


class Shares(msgspec.Struct, frozen=True):
    """Money by who gives it, in cents."""

    federal: int = 0
    city: int = 0
    third: int = 0

    @property
    def total(self) -> Money:
        """Give all together."""
        return Money(self.federal + self.city + self.third)

    @property
    def own(self) -> Money:
        """Give the city's own money."""
        return Money(self.city)

    @property
    def parts(self) -> tuple[Money, Money, Money]:
        """Give federal, city, third parties."""
        return Money(self.federal), Money(self.city), Money(self.third)

    @property
    def third_of_own(self) -> float | None:
        """Give how much of what the federal side does not give comes from third parties, in percent."""
        own = self.city + self.third
        return 100 * self.third / own if own else None

    def plus(self, other: "Shares") -> "Shares":
        """Add."""
        return Shares(self.federal + other.federal, self.city + other.city, self.third + other.third)


class Line(msgspec.Struct, frozen=True):
    """A project's money, or all of it: plan, what was paid, and what the project is expected to cost in all."""

    project: Project | None
    plan: Shares
    actual: Shares
    not_eligible: Money
    expected: Money
    years: tuple[tuple[int, Shares, Shares], ...] = ()

    @property
    def figures(self) -> tuple[Money, Money, Money]:
        """Give planned, paid, and what of that is not eligible."""
        return self.plan.total, self.actual.total, self.not_eligible

    @property
    def rest(self) -> Money:
        """Give plan minus paid."""
        return self.plan.total - self.actual.total

    @property
    def beyond(self) -> Money:
        """Give expected minus planned; above zero is more than the plan has."""
        return self.expected - self.plan.total

    @property
    def used(self) -> float | None:
        """Give how much of the plan is paid, in percent; None without a plan."""
        total = self.plan.total.cents
        return 100 * self.actual.total.cents / total if total else None


class Overview(msgspec.Struct, frozen=True):
    """All money as known on a day."""

    plan: Plan | None
    lines: tuple[Line, ...]
    total: Line
    simulated: bool


def sources() -> dict[int, FundingSource]:
    """Give the funding sources by number."""
    return {source.pk: source for source in FundingSource.objects.all()}


def cost_types() -> QuerySet[CostType]:
    """Give the kinds of cost in their order."""
    return CostType.objects.all()


def awards_on(on: dt.date) -> list[AwardView]:
    """Give the awards of which terms were known on a day."""
    newest: dict[int, AwardTerms] = {}
    for row in AwardTerms.objects.filter(known_since__lte=on).select_related("award"):
        newest[row.award_id] = row
    views = []
    for row in newest.values():
        terms = Terms(row.award_id, row.start, row.end, row.rate, row.ceiling_cents)
        due = row.proof_due or proof_due(row.award)
        views.append(AwardView(row.award, terms, row, due))
    return sorted(views, key=lambda view: (view.award.awarded, view.award.pk))


def proof_due(award: Award) -> dt.date:
    """Give the day on which the proof of use is due by the rule: 30 months after the award in phase A, 66 in B."""
    return months_later(award.awarded, PROOF_MONTHS[award.phase])


def plan_in_force(on: dt.date) -> Plan | None:
    """Give the plan that counts on a day."""
    return Plan.objects.filter(state=PUBLISHED, day__lte=on).order_by("-day").first()


def plans_known(on: dt.date) -> QuerySet[Plan]:
    """Give the plans published up to a day, oldest first."""
    return Plan.objects.filter(state=PUBLISHED, day__lte=on).order_by("day").select_related("publisher")


def plan_totals(on: dt.date) -> list[tuple[Plan, Shares]]:
    """Give the published plans with their totals by who gives."""
    return [(plan, Shares(plan.federal_cents, plan.city_cents, plan.third_cents)) for plan in plans_known(on)]


def slots_of(plan: Plan) -> dict[Slot, dict[str, int]]:
    """Give a plan's positions: shares by source, by project, cost type and year."""
    slugs = [dict(model._default_manager.values_list("pk", "slug")) for model in (Project, CostType, FundingSource)]
    found: dict[Slot, dict[str, int]] = {}
    rows = plan.positions.order_by().values_list("project", "cost_type", "year", "source", "cents")
    for project, cost_type, year, source, cents in rows:
        slot = Slot(slugs[0][project], slugs[1][cost_type], year)
        found.setdefault(slot, {})[slugs[2][source]] = cents
    return found


def draft_plans() -> QuerySet[Plan]:
    """Give the plans that are worked on."""
    return Plan.objects.filter(state=DRAFT).select_related("editor", "base")


Place = tuple[int, int, str]
Places = dict[Place, int]


def _planned(plan: int | None, kinds: dict[int, str]) -> Places:
    rows = PlanPosition.objects.filter(plan=plan).order_by()
    sums = rows.values_list("project", "year", "source").annotate(Sum("cents"))
    return summed(((project, year, kinds[source]), cents) for project, year, source, cents in sums)


def _paid(on: dt.date, awards: list[AwardView], kinds: dict[int, str]) -> tuple[Places, dict[int, int]]:
    """Give what was paid by project, year and giver, and what of it is not eligible by project.

    The federal part of all eligible cost is spread over the rows to the cent.
    """
    rows = Booking.objects.filter(known_since__lte=on).order_by()
    sums = list(
        rows.values_list("project", "year", "own_source", "award").annotate(Sum("cents"), Sum("eligible_cents"))
    )
    federal: dict[int, int] = {}
    for view in awards:
        weights = {index: row[5] for index, row in enumerate(sums) if row[3] == view.award.pk}
        federal |= spread(federal_of(sum(weights.values()), view.terms.rate, view.terms.ceiling), weights)
    places: Places = defaultdict(int)
    lost: dict[int, int] = defaultdict(int)
    for index, (project, year, source, _award, cents, eligible) in enumerate(sums):
        places[project, year, FEDERAL] += federal.get(index, 0)
        places[project, year, kinds[source]] += cents - federal.get(index, 0)
        lost[project] += cents - eligible
    return places, lost


YearRows = tuple[tuple[int, Shares, Shares], ...]


@lru_cache(maxsize=64)
def _sums(_state: tuple[int, ...], on: dt.date, plan: int | None) -> tuple[dict[int, YearRows], dict[int, int]]:
    """Give plan and paid money by project and year; rows come and stay, so the state of the tables decides them."""
    kinds = dict(FundingSource.objects.values_list("pk", "kind"))
    planned = _planned(plan, kinds) if plan else {}
    paid, lost = _paid(on, awards_on(on), kinds)
    years: dict[int, set[int]] = defaultdict(set)
    for number, year, _kind in (*planned, *paid):
        years[number].add(year)
    rows = {
        project: tuple((year, _shares(planned, project, year), _shares(paid, project, year)) for year in sorted(found))
        for project, found in years.items()
    }
    return rows, lost


def _state() -> tuple[int, ...]:
    """Give numbers that are others as soon as a sum may be another."""
    count = BookingCount.objects.values_list("pk", "number").first() or (0, 0)
    terms = AwardTerms.objects.aggregate(Max("pk"), Count("pk"))
    return (*count, terms["pk__max"] or 0, terms["pk__count"])


def _shares(places: dict[Place, int], project: int, year: int) -> Shares:
    return Shares(*(places.get((project, year, kind), 0) for kind in (FEDERAL, CITY, THIRD)))


def forecasts_on(on: dt.date) -> dict[tuple[int, int], int]:
    """Give the newest forecast known on a day for each project and year, in cents."""
    rows = Forecast.objects.filter(known_since__lte=on).values_list("project", "year", "cents")
    return {(project, year): cents for project, year, cents in rows}


def _expected(plan: Shares, actual: Shares, forecast: int | None, *, over: bool) -> int:
    """Give what a year is expected to cost: what was paid when it is over, else the forecast, else the plan."""
    paid = actual.total.cents
    return paid if over else max(plan.total.cents if forecast is None else forecast, paid)


def forget() -> None:
    """Forget sums that are kept in memory; needed where another database takes the place of this one."""
    _sums.cache_clear()


def overview(on: dt.date) -> Overview:
    """Give the money of all projects as known on a day."""
    plan = plan_in_force(on)
    sums, lost = _sums(_state(), on, plan.pk if plan else None)
    forecast = forecasts_on(on)
    lines = []
    for project in Project.objects.filter(pk__in=sums):
        rows = sums[project.pk]
        due = sum(
            _expected(first, second, forecast.get((project.pk, year)), over=year < on.year)
            for year, first, second in rows
        )
        lines.append(_line(project, rows, lost.get(project.pk, 0), due))
    simulated = Award.objects.filter(simulated=True, awarded__lte=on).exists()
    return Overview(plan, tuple(lines), _total(lines), simulated)


def _line(project: Project, rows: YearRows, lost: int, expected: int) -> Line:
    plan, actual = Shares(), Shares()
    for _year, first, second in rows:
        plan, actual = plan.plus(first), actual.plus(second)
    return Line(project, plan, actual, Money(lost), Money(expected), rows)


def _total(lines: Iterable[Line]) -> Line:
    plan, actual, lost, expected = Shares(), Shares(), Money(0), Money(0)
    years: dict[int, tuple[Shares, Shares]] = {}
    for line in lines:
        plan, actual = plan.plus(line.plan), actual.plus(line.actual)
        lost, expected = lost + line.not_eligible, expected + line.expected
        for year, first, second in line.years:
            old = years.get(year, (Shares(), Shares()))
            years[year] = (old[0].plus(first), old[1].plus(second))
    rows = tuple((year, *years[year]) for year in sorted(years))
    return Line(None, plan, actual, lost, expected, rows)


class ProjectMoney(msgspec.Struct, frozen=True):
    """A project's money for its page; ``line`` is none where nothing was ever published."""

    line: Line | None
    running: RunningCost | None
    hours: tuple[tuple[int, int | None], ...]
    simulated: bool


def project_money(project: Project, on: dt.date) -> ProjectMoney:
    """Give what is known of one project's money on a day."""
    found = overview(on)
    running = RunningCost.objects.filter(project=project, known_since__lte=on).last()
    newest: dict[int, WorkHours] = {}
    for row in WorkHours.objects.filter(project=project, known_since__lte=on):
        newest[row.year] = row
    hours = tuple((year, hours_shown(row.hours, row.people)) for year, row in sorted(newest.items()))
    line = next((line for line in found.lines if line.project == project), None)
    return ProjectMoney(line, running, hours, found.simulated)


def bookings(
    *,
    lead: Person | None = None,
    project: str = "",
    year: int | None = None,
    text: str = "",
    claimed: str = "",
    unpaid: bool = False,
) -> QuerySet[Booking]:
    """Give bookings, newest first, narrowed; for a project lead those of their projects only."""
    rows = Booking.objects.select_related("invoice", "project", "cost_type", "own_source", "award", "line__draw_down")
    if lead is not None:
        rows = rows.filter(project__leads=lead)
    if project:
        rows = rows.filter(project__slug=project)
    if year is not None:
        rows = rows.filter(year=year)
    if text:
        named = Q(invoice__number__icontains=text) | Q(invoice__supplier__icontains=text)
        rows = rows.filter(named | Q(commitment__iexact=text))
    if claimed in ("0", "1"):
        rows = rows.filter(line__isnull=claimed == "0", **({"eligible_cents__gt": 0} if claimed == "0" else {}))
    return rows.filter(paid=None, reverses=None, reversed_by=None) if unpaid else rows


def unallocated() -> QuerySet[OpenInvoice]:
    """Give the invoices of which a part is on no position yet, oldest first."""
    return OpenInvoice.objects.select_related("invoice")


def draw_downs(on: dt.date) -> QuerySet[DrawDown]:
    """Give the draw-downs known on a day."""
    rows = DrawDown.objects.filter(known_since__lte=on).select_related("award", "person", "released_by")
    return rows.prefetch_related(Prefetch("payments", Payment.objects.filter(known_since__lte=on)))


def received_by_project(on: dt.date) -> dict[int, tuple[Paid, ...]]:
    """Give what the funder paid for each project: each payment spread as its draw-down was claimed."""
    claimed: dict[int, dict[int, int]] = defaultdict(dict)
    shares = DrawDownShare.objects.filter(draw_down__known_since__lte=on)
    for draw_down, project, cents in shares.values_list("draw_down", "project", "federal_cents"):
        claimed[draw_down][project] = cents
    found: dict[int, list[Paid]] = defaultdict(list)
    for payment in payments(on):
        shares_of = claimed[payment.draw_down_id]
        whole = payment.cents == sum(shares_of.values())
        for project, cents in (shares_of if whole else spread(payment.cents, shares_of)).items():
            found[project].append(Paid(payment.day, cents))
    return {project: tuple(rows) for project, rows in found.items()}


def payments(on: dt.date) -> QuerySet[Payment]:
    """Give the payments known on a day, each as it was last entered by then."""
    entered = Payment.objects.filter(draw_down=OuterRef("draw_down"), known_since__lte=on)
    newest = Subquery(entered.order_by("-known_since", "-pk").values("pk")[:1])
    return Payment.objects.filter(pk=newest).select_related("draw_down__award")


def base_rates() -> list[Rate]:
    """Give the base rates: those that came with this version and those that staff entered since."""
    rates = dict(shipped_rates().rates)
    rates |= dict(BaseRate.objects.values_list("since", "hundredths"))
    return [Rate(since, hundredths) for since, hundredths in sorted(rates.items())]


def rates_known_until() -> dt.date:
    """Give the last day for which a base rate was announced; later days carry the last one on."""
    newest = BaseRate.objects.aggregate(Max("since"))["since__max"]
    shipped = shipped_rates().known_until
    return max(shipped, months_later(newest, 6) - dt.timedelta(days=1)) if newest else shipped
