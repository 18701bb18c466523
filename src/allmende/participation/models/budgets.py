"""Budgets that people vote on: the amount, proposals with their costs, ballots, and the one count."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.participation.models.contributions import Contribution
from allmende.participation.models.processes import Process
from allmende.ui.bilingual import pair

VOTES: dict[str, Text] = {
    "approval": Text("Zustimmung: beliebige Projekte ankreuzen", "approval: tick any projects"),
    "points": Text("Punkte: ganze Punkte auf Projekte verteilen", "points: give whole points to projects"),
    "knapsack": Text(
        "Korb: Projekte wählen, die zusammen in das Budget passen",
        "basket: choose projects that fit into the budget together",
    ),
}
COUNTS: dict[str, Text] = {
    "greedy": Text("die meisten Stimmen", "most votes"),
    "equal-shares": Text("gleiche Anteile", "equal shares"),
}
WORTHS: dict[str, Text] = {
    "cost": Text("so viel, wie es kostet", "as much as it costs"),
    "one": Text("gleich viel", "the same"),
}


class Budget(models.Model):
    """How much money there is, how people vote, and which count the council is given as the result."""

    process = models.OneToOneField(Process, on_delete=models.CASCADE, related_name="budget")
    amount = models.BigIntegerField(_("Budget"))
    ceiling = models.BigIntegerField(_("höchstens je Vorschlag"), null=True)
    vote = models.CharField(_("Art der Abstimmung"), max_length=10)
    most_projects = models.PositiveSmallIntegerField(null=True)
    most_points = models.PositiveSmallIntegerField(null=True)
    rule = models.CharField(max_length=12)
    worth = models.CharField(max_length=4)

    @property
    def vote_text(self) -> Text:
        """Say how people vote."""
        return VOTES[self.vote]

    @property
    def rule_text(self) -> Text:
        """Name the count that is given to the council."""
        return COUNTS[self.rule]

    @property
    def money(self) -> Money:
        """Give the amount."""
        return Money(self.amount)

    @property
    def most(self) -> Money | None:
        """Give the most that one proposal may cost."""
        return Money(self.ceiling) if self.ceiling is not None else None


class Proposal(models.Model):
    """What a contribution would cost: asked by its author, reckoned by the office; on the ballot with a number."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="proposals")
    contribution = models.OneToOneField(Contribution, on_delete=models.CASCADE, related_name="costing")
    asked = models.BigIntegerField()
    cost = models.BigIntegerField(null=True)
    number = models.PositiveSmallIntegerField(null=True)

    class Meta:
        """In the order of the ballot."""

        ordering: ClassVar[list[str]] = ["number", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "number"], name="ballot_number_once"),
            models.CheckConstraint(
                condition=models.Q(asked__gt=0) & (models.Q(cost__isnull=True) | models.Q(cost__gt=0)),
                name="proposal_costs_something",
            ),
            models.CheckConstraint(
                condition=models.Q(number__isnull=True) | models.Q(cost__isnull=False), name="ballot_needs_cost"
            ),
        ]

    @property
    def asked_money(self) -> Money:
        """Give what the author reckons."""
        return Money(self.asked)

    @property
    def money(self) -> Money | None:
        """Give what the office reckons."""
        return Money(self.cost) if self.cost is not None else None


class Ballot(models.Model):
    """What a pseudonym chose: points by number of the ballot; without a time, which could tell who it was."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="ballots")
    pseudonym = models.CharField(max_length=64)
    channel = models.CharField(max_length=10, default="online")
    choice = models.JSONField()

    class Meta:
        """One person, one ballot."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "pseudonym"], name="one_person_one_ballot")
        ]


class BudgetCount(models.Model):
    """The count, made once; what of it may be published, and what the council decided."""

    process = models.OneToOneField(Process, on_delete=models.CASCADE, related_name="budget_count")
    at = models.DateTimeField()
    seed = models.CharField(max_length=200)
    seed_source = models.CharField(max_length=300)
    published = models.TextField()
    sha256 = models.CharField(max_length=64)
    decided = models.DateField(null=True)
    paper = models.CharField(max_length=200, blank=True)
    decision_de = models.TextField(blank=True)
    decision_en = models.TextField(blank=True)
    funded = models.JSONField(default=list)

    @property
    def decision(self) -> Text | None:
        """Give what the council decided."""
        return pair(self, "decision")
