"""The money of the voters while the Method of Equal Shares buys projects: exact, at the speed of floats.

Each voter holds the same share of the budget. Whoever can, pays the project's price for each point given to it;
whoever has less, pays all that is left. Prices are kept as whole numbers over one common denominator. Floats only
sort out what is certainly dearer or certainly too dear, with a bound on their error; what lies within the bound is
decided by the whole numbers.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from allmende.participation.methods.budgets.election import Election, Integers

Floats = npt.NDArray[np.float64]
ULP = 2.0**-52


@dataclass(frozen=True)
class Demand:
    """What a project costs, who supports it with how many points, and how much a point is worth to a voter."""

    cost: int
    voters: Integers
    points: Integers
    total: int
    alike: bool
    worth: int


@dataclass(frozen=True)
class Offer:
    """A project's price for each point, as a float, with a bound on its error; both by unit of worth."""

    lowest: float
    highest: float
    project: int


@dataclass(frozen=True)
class Purchase:
    """A price paid: exactly, by how many in full, and what those with less gave together."""

    project: int
    price: Fraction
    payers: int
    payers_of_the_rest: int
    rest: Fraction


def demands_of(election: Election, *, by_cost: bool) -> list[Demand]:
    """Sort the ballots by projects. A point is worth the project's cost, or one, whichever project it is."""
    owner = np.repeat(np.arange(election.voters), np.diff(election.begin))
    order = np.lexsort((owner, election.choice))
    ends = np.cumsum(np.bincount(election.choice, minlength=len(election.projects)))[:-1]
    found = []
    for cost, part in zip(election.costs, np.split(order, ends), strict=True):
        points = election.points[part]
        alike = bool((points == 1).all())
        found.append(Demand(cost, owner[part], points, int(points.sum()), alike, cost if by_cost else 1))
    return found


class Market:
    """What each voter has left, and what was bought so far."""

    def __init__(self, election: Election, demands: list[Demand], endowment: Fraction) -> None:
        self.election, self.demands = election, demands
        self.unit = endowment.denominator
        self.share = endowment.numerator
        self.prices: dict[int, int] = {}
        self.share_float = float(endowment)
        self.left = np.full(election.voters, self.share_float)
        self.broke = np.zeros(election.voters, bool)
        self.error = ULP * self.share_float

    def within_reach(self, demand: Demand) -> bool:
        """Say whether supporters with untouched shares could pay."""
        return demand.cost * self.unit <= len(demand.voters) * self.share

    def offer(self, project: int) -> Offer | None:
        """Say what a point would cost now; nothing where the supporters cannot pay the project together."""
        demand = self.demands[project]
        purses = self.left[demand.voters]
        slack = len(purses) * (self.error + ULP * demand.cost) + ULP * demand.cost
        missing = demand.cost - float(purses.sum())
        if missing > slack or (missing > -slack and self._sum(demand.voters) < demand.cost * self.unit):
            return None
        price = _price(demand, purses)
        slack += 4 * ULP * price
        return Offer((price - slack) / demand.worth, (price + slack) / demand.worth, project)

    def exact(self, project: int) -> Fraction:
        """Give the price of a point by unit of worth, exactly."""
        return self._exact(project)[0] / self.demands[project].worth

    def buy(self, project: int) -> Purchase:
        """Take the price from the supporters."""
        demand = self.demands[project]
        price, poor, even, rest = self._exact(project)
        givers = int((~self.broke[demand.voters[poor]]).sum())
        self._take(project, price)
        self.left[demand.voters] -= float(price) * demand.points
        emptied = demand.voters[np.concatenate((poor, even))]
        self.left[emptied] = 0.0
        self.broke[emptied] = True
        self.error += 2 * ULP * self.share_float
        return Purchase(project, price, len(demand.voters) - len(poor), givers, rest)

    def remaining(self, project: int) -> Fraction:
        """Add up what the supporters of a project have left."""
        return Fraction(self._sum(self.demands[project].voters), self.unit)

    def _take(self, project: int, price: Fraction) -> None:
        """Note a price, on a common denominator with all others."""
        scaled = price * self.unit
        factor = scaled.denominator
        if factor != 1:
            self.unit *= factor
            self.share *= factor
            self.prices = {other: number * factor for other, number in self.prices.items()}
        self.prices[project] = scaled.numerator

    def _exact(self, project: int) -> tuple[Fraction, Integers, Integers, Fraction]:
        """Give the exact price of a point, the places of those who have less and of those who have just it.

        Last comes what those with less have together.
        """
        demand = self.demands[project]
        purses = self.left[demand.voters]
        ratios = purses if demand.alike else purses / demand.points
        price = _price(demand, purses)
        slack = (len(ratios) + 1) * (self.error + 2 * ULP * demand.cost) + 4 * ULP * price + 2 * self.error
        poor = np.flatnonzero(ratios < price - slack)
        border = np.flatnonzero((ratios >= price - slack) & (ratios <= price + slack))
        paid = self._sum(demand.voters[poor])
        points = demand.total - int(demand.points[poor].sum())
        near = sorted((Fraction(self._purse(int(demand.voters[at])), int(demand.points[at])), int(at)) for at in border)
        less, even = list[int](), list[int]()
        current = Fraction(demand.cost * self.unit - paid, points)
        for ratio, at in near:
            if ratio < current:
                less.append(at)
                paid += self._purse(int(demand.voters[at]))
                points -= int(demand.points[at])
                current = Fraction(demand.cost * self.unit - paid, points)
            elif ratio == current:
                even.append(at)
        places = np.concatenate((poor, np.array(less, np.int64)))
        return current / self.unit, places, np.array(even, np.int64), Fraction(paid, self.unit)

    def _sum(self, voters: Integers) -> int:
        """Add up exactly what voters have left, in parts of the common denominator."""
        solvent = voters[~self.broke[voters]]
        if not len(solvent):
            return 0
        begin = self.election.begin
        lengths = begin[solvent + 1] - begin[solvent]
        places = np.repeat(begin[solvent] - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        places += np.arange(len(places))
        used = np.bincount(
            self.election.choice[places], weights=self.election.points[places], minlength=len(self.demands)
        )
        return len(solvent) * self.share - sum(number * int(used[at]) for at, number in self.prices.items())

    def _purse(self, voter: int) -> int:
        """Give exactly what one voter has left."""
        if self.broke[voter]:
            return 0
        first, end = self.election.begin[voter], self.election.begin[voter + 1]
        bought = zip(self.election.choice[first:end].tolist(), self.election.points[first:end].tolist(), strict=True)
        spent = sum(self.prices[at] * points for at, points in bought if at in self.prices)
        return self.share - int(spent)


def _price(demand: Demand, purses: Floats) -> float:
    """Find the smallest price of a point at which the project is paid."""
    first = demand.cost / demand.total
    ratios = purses if demand.alike else purses / demand.points
    if first <= ratios.min():
        return first
    if demand.alike:
        purses = np.sort(purses)
        ratios, points = purses, np.ones(len(purses), np.int64)
    else:
        order = np.argsort(ratios, kind="stable")
        ratios, purses, points = ratios[order], purses[order], demand.points[order]
    before = np.concatenate(([0.0], np.cumsum(purses)[:-1]))
    rich = demand.total - np.concatenate(([0], np.cumsum(points)[:-1]))
    prices = (demand.cost - before) / rich
    fits = prices <= ratios
    at = int(np.argmax(fits)) if fits.any() else len(prices) - 1
    return float(prices[at])
