"""Scenarios: saved choices, and what they lead to."""

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec
from django.db import transaction

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode, Invalid
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.choices import WHOLE, Choice, Contract, Outcome, Standing, outcome
from allmende.money.contracts import drawn_on
from allmende.money.models import Commitment, Scenario
from allmende.money.services.plans import DRAFT_MOVED, names
from allmende.programme.models import Project

NAME_TAKEN = ErrorCode(
    "money.scenario_name_taken",
    Text("Ein Szenario „{name}“ gibt es schon.", "There is a scenario “{name}” already."),
    Text("Wählen Sie einen anderen Namen.", "Choose another name."),
)
BAD_CHOICE = ErrorCode(
    "money.bad_choice",
    Text("Prozentwerte liegen zwischen 0 und 100.", "Percentages lie between 0 and 100."),
    Text("Berichtigen Sie die Zahl.", "Correct the number."),
)
FOREIGN = ErrorCode(
    "money.scenario_foreign_project",
    Text("„{name}“ gehört nicht zu den gewählten Projekten.", "“{name}” is not among the chosen projects."),
    Text("Wählen Sie die Projekte neu.", "Choose the projects anew."),
)
COLUMNS = ("future", "contracts", "federal", "at_risk", "interest", "own")


class Row(msgspec.Struct, frozen=True):
    """A project in a scenario."""

    project: Project
    choice: Choice
    outcome: Outcome

    @property
    def figures(self) -> list[Money]:
        """Give the amounts in the order of the columns."""
        return [Money(getattr(self.outcome, name)) for name in COLUMNS]


class Result(msgspec.Struct, frozen=True):
    """A scenario worked out."""

    scenario: Scenario
    rows: tuple[Row, ...]

    @property
    def totals(self) -> list[Money]:
        """Give the sums in the order of the columns."""
        return [Money(sum(getattr(row.outcome, name) for row in self.rows)) for name in COLUMNS]


def standings(on: dt.date) -> dict[Project, Standing]:
    """Give how each project's money stood on a day."""
    drawn, received = drawn_on(on), queries.received_by_project(on)
    contracts: dict[int, list[Contract]] = {}
    rows = Commitment.objects.filter(known_since__lte=on).order_by("known_since", "pk")
    newest = {row[0]: row for row in rows.values_list("number", "project", "cents", "until", "exit_cents")}
    for contract, project, cents, until, leaving in newest.values():
        left = max(0, cents - drawn.get(contract, 0))
        if left and (until is None or until >= on):
            contracts.setdefault(project, []).append(Contract(left, leaving))
    found = {}
    for line in queries.overview(on).lines:
        if line.project is None:
            continue
        pk = line.project.pk
        found[line.project] = Standing(
            line.actual.total.cents,
            line.actual.total.cents - line.not_eligible.cents,
            max(0, line.expected.cents - line.actual.total.cents),
            tuple(contracts.get(pk, ())),
            received.get(pk, ()),
        )
    return found


def worked_out(scenario: Scenario, known: dict[Project, Standing] | None = None) -> Result:
    """Work a scenario out, with the figures as known on its day."""
    stood = standings(scenario.day) if known is None else known
    awards = queries.awards_on(scenario.day)
    rate = max((view.terms.rate for view in awards), default=Fraction(0))
    rates = queries.base_rates()
    rows = []
    for project, standing in stood.items():
        if scenario.projects and project.slug not in scenario.projects:
            continue
        choice = msgspec.convert(scenario.choices.get(project.slug, {}), Choice)
        rows.append(Row(project, choice, outcome(standing, choice, rate, scenario.stop, rates)))
    return Result(scenario, tuple(rows))


def _check(projects: Sequence[str], choices: Mapping[str, Mapping[str, object]]) -> None:
    known, chosen = names(Project), set(projects)
    for name in (*projects, *choices):
        if name not in known or (chosen and name not in chosen):
            raise Invalid(FOREIGN, name=name)
    for values in choices.values():
        choice = msgspec.convert(values, Choice)
        if not (0 <= choice.keep <= WHOLE and 0 <= choice.risk <= WHOLE):
            raise Invalid(BAD_CHOICE)


@transaction.atomic
def save_scenario(
    actor: Actor,
    *,
    number: int | None,
    edits: int,
    name: str,
    day: dt.date,
    stop: dt.date,
    projects: Sequence[str],
    choices: Mapping[str, Mapping[str, object]],
) -> Scenario:
    """Save a scenario, new or changed; it speaks of some projects, or of all that have money when none is named."""
    _check(projects, choices)
    row = Scenario.objects.select_for_update().filter(pk=number).first() if number else Scenario()
    if row is None or row.edits != edits:
        raise Conflict(DRAFT_MOVED)
    if Scenario.objects.filter(name=name).exclude(pk=row.pk).exists():
        raise Conflict(NAME_TAKEN, name=name)
    row.name, row.day, row.stop, row.edits = name, day, stop, row.edits + 1
    row.projects, row.choices = list(projects), choices
    row.person = actor if isinstance(actor, Person) else None
    row.save()
    after = {"choices": choices, "day": day.isoformat(), "projects": row.projects}
    record(actor, "money.scenario_saved", row, after=after)
    return row
