"""Bringing a pack's money into an empty installation."""

import datetime as dt

from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import record
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.content import AwardEntry, MoneyContent
from allmende.money.models import (
    Award,
    AwardTerms,
    Booking,
    Commitment,
    CostType,
    DrawDown,
    DrawDownLine,
    DrawDownShare,
    Forecast,
    FundingSource,
    Invoice,
    OpenInvoice,
    Payment,
    RunningCost,
    WorkHours,
)
from allmende.money.reading import Sheet
from allmende.money.rules import Entry, Slot, claim, claimable, spread, summed
from allmende.money.services.imports import book_rows, known
from allmende.money.services.plans import UNKNOWN_NAME, bring_plan, names
from allmende.money.services.scenarios import save_scenario
from allmende.money.tables import BOOKING_COLUMNS, BookingRow, judge_bookings
from allmende.programme.models import Project

BAD_BOOKING = ErrorCode(
    "money.bad_booking",
    Text("money.yaml, Buchung {cell}: {reason}", "money.yaml, booking {cell}: {reason}"),
    Text("Berichtigen Sie die Datei; nichts wurde geladen.", "Correct the file; nothing was loaded."),
)


def _cents(text: str) -> int:
    return Money.parse(text).cents


def _found(name: str, known_ones: dict[str, int], kind: Text) -> int:
    if name not in known_ones:
        raise Invalid(UNKNOWN_NAME, name=name, kind=kind)
    return known_ones[name]


class _Loader:
    """Writes one pack's money, in the order in which names are needed."""

    def __init__(self, actor: SystemActor, content: MoneyContent) -> None:
        self.actor = actor
        self.content = content
        self.projects = names(Project)
        self.types: dict[str, int] = {}

    def load(self) -> None:
        """Write everything."""
        self._ground()
        for award in self.content.awards:
            self._award(award)
        sources = [source.slug for source in self.content.sources]
        for plan in self.content.plans:
            slots = {
                Slot(project, cost_type, year): {
                    name: _cents(amount) for name, amount in zip(sources, amounts, strict=True)
                }
                for project, cost_type, year, amounts in plan.lines
            }
            bring_plan(
                self.actor, title=plan.title, reason=plan.reason, decision=plan.decision, day=plan.day, slots=slots
            )
        self._commitments()
        self._bookings()
        self._expectations()
        for draw_down in self.content.draw_downs:
            made_draw_down(draw_down.award, until=draw_down.until, made=draw_down.made, paid=draw_down.paid)
        for one in self.content.scenarios:
            choices: dict[str, dict[str, object]] = {name: {**values} for name, values in one.choices.items()}
            save_scenario(
                self.actor,
                number=None,
                edits=0,
                name=one.name,
                day=one.day,
                stop=one.stop,
                projects=one.projects,
                choices=choices,
            )

    def _ground(self) -> None:
        for position, kind in enumerate(self.content.cost_types):
            title = {"title_de": kind.title.de, "title_en": kind.title.en}
            self.types[kind.slug] = CostType.objects.create(slug=kind.slug, position=position, **title).pk
        for position, one in enumerate(self.content.sources):
            FundingSource.objects.create(
                slug=one.slug,
                kind=one.kind,
                public=one.public,
                position=position,
                title_de=one.title.de,
                title_en=one.title.en,
            )

    def _award(self, entry: AwardEntry) -> None:
        award = Award.objects.create(
            slug=entry.slug,
            title_de=entry.title.de,
            title_en=entry.title.en,
            funder=entry.funder,
            reference=entry.reference,
            phase=entry.phase,
            awarded=entry.awarded,
            simulated=self.content.simulated,
        )
        for terms in entry.terms:
            AwardTerms.objects.create(
                award=award,
                known_since=terms.known_since,
                start=terms.start,
                end=terms.end,
                rate_numerator=terms.rate[0],
                rate_denominator=terms.rate[1],
                ceiling_cents=_cents(terms.ceiling),
                reason=terms.reason,
            )

    def _project(self, name: str) -> int:
        return _found(name, self.projects, Text("Projekten", "projects"))

    def _commitments(self) -> None:
        for one in self.content.commitments:
            Commitment.objects.create(
                number=one.number,
                project_id=self._project(one.project),
                cost_type_id=_found(one.cost_type, self.types, Text("Kostenarten", "cost types")),
                title=one.title,
                signed=one.signed,
                until=one.until,
                cents=_cents(one.amount),
                exit_cents=None if one.exit is None else _cents(one.exit),
                known_since=one.signed,
            )

    def _bookings(self) -> None:
        since, rows = {}, []
        for number, one in enumerate(self.content.bookings, 1):
            cents = _cents(one.amount)
            since[number] = one.known_since
            rows.append(
                BookingRow(
                    *(number, one.number, one.supplier, one.day, one.paid, cents, one.project, one.cost_type),
                    *(one.day.year, one.own_source, _cents(one.eligible) if one.eligible else cents),
                    *(one.reason, one.commitment, one.text),
                )
            )
        faults = judge_bookings(rows, known(), (), Sheet(BOOKING_COLUMNS, (), (), excel=False))
        if faults:
            raise Invalid(BAD_BOOKING, cell=faults[0].cell, reason=faults[0].reason)
        book_rows(rows, lambda row: since[row.row])
        for entry in self.content.open_invoices:
            bill = Invoice.objects.create(
                supplier=entry.supplier,
                number=entry.number,
                day=entry.day,
                cents=_cents(entry.amount),
                text=entry.text,
                known_since=entry.day,
            )
            OpenInvoice.objects.create(invoice=bill, cents=bill.cents)

    def _expectations(self) -> None:
        for one in self.content.forecasts:
            Forecast.objects.create(
                project_id=self._project(one.project),
                year=one.year,
                cents=_cents(one.amount),
                reason=one.reason,
                known_since=one.known_since,
            )
        for cost in self.content.running:
            RunningCost.objects.create(
                project_id=self._project(cost.project),
                yearly_cents=_cents(cost.yearly),
                since=cost.since,
                owner_de=cost.owner.de if cost.owner else "",
                owner_en=cost.owner.en if cost.owner else "",
                known_since=cost.known_since,
            )
        for hours in self.content.hours:
            WorkHours.objects.create(
                project_id=self._project(hours.project),
                year=hours.year,
                hours=hours.hours,
                people=hours.people,
                known_since=hours.known_since,
            )


def made_draw_down(name: str, *, until: dt.date, made: dt.date, paid: dt.date | None) -> DrawDown:
    """Make a past draw-down of what was known and unclaimed on its day."""
    award = Award.objects.get(slug=name)
    view = next(view for view in queries.awards_on(made) if view.award == award)
    rows = Booking.objects.filter(award=award, line__isnull=True, known_since__lte=made).order_by("pk")
    values = list(rows.values_list("pk", "cents", "eligible_cents", "paid", "known_since", "reverses", "project"))
    chosen = claimable([Entry(*row[:6]) for row in values], set(), until)
    project_of = {row[0]: row[6] for row in values}
    eligible = sum(one.eligible for one in chosen)
    earlier = list(award.draw_downs.all())
    federal = claim(
        sum(one.eligible_cents for one in earlier) + eligible,
        sum(one.federal_cents for one in earlier),
        view.terms.rate,
        view.terms.ceiling,
    )
    row = DrawDown.objects.create(
        award=award,
        number=len(earlier) + 1,
        until=until,
        eligible_cents=eligible,
        federal_cents=federal,
        known_since=made,
    )
    DrawDownLine.objects.bulk_create(DrawDownLine(draw_down=row, booking_id=one.number) for one in chosen)
    by_project = summed((project_of[one.number], one.eligible) for one in chosen)
    shares = spread(federal, by_project)
    DrawDownShare.objects.bulk_create(
        DrawDownShare(draw_down=row, project_id=project, eligible_cents=cents, federal_cents=shares[project])
        for project, cents in by_project.items()
    )
    if paid is not None:
        Payment.objects.create(draw_down=row, day=paid, cents=federal, known_since=paid)
    return row


@transaction.atomic
def load_money(actor: SystemActor, *, content: MoneyContent) -> bool:
    """Bring a pack's money into an empty installation; one that has awards is left as it is."""
    if Award.objects.exists() or CostType.objects.exists():
        return False
    _Loader(actor, content).load()
    record(actor, "money.loaded", "money", after={"bookings": len(content.bookings), "plans": len(content.plans)})
    return True
