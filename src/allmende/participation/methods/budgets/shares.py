"""The Method of Equal Shares: everyone gets the same share of the budget, and supporters buy their projects."""

import heapq
from dataclasses import dataclass
from fractions import Fraction

from allmende.participation.methods.budgets.election import Election
from allmende.participation.methods.budgets.market import Demand, Market, Offer, Purchase, demands_of
from allmende.participation.methods.lots import lot


@dataclass(frozen=True)
class Round:
    """What the supporters bought with one endowment, and how many steps it had been raised by."""

    steps: int
    endowment: Fraction
    purchases: tuple[Purchase, ...]
    market: Market

    def missing(self, project: int) -> Fraction:
        """Say what the supporters of a project lack to buy it too."""
        return self.market.demands[project].cost - self.market.remaining(project)

    def spent(self, election: Election) -> int:
        """Add up the costs."""
        return sum(election.projects[purchase.project].cost for purchase in self.purchases)


def tie_order(election: Election, seed: str) -> list[int]:
    """Give each project its place when equals have to be put in order: by lot from the seed and the name."""
    names = [project.id for project in election.projects]
    ordered = sorted(range(len(names)), key=lambda at: (lot(seed, "tie", names[at]), names[at]))
    places = [0] * len(names)
    for place, at in enumerate(ordered):
        places[at] = place
    return places


def equal_shares(election: Election, seed: str, *, by_cost: bool, step: Fraction | None) -> Round:
    """Buy with the budget's equal shares; with a step, raise all shares by it as long as the budget is kept.

    ``step`` is a part of the first share. The last outcome within the budget counts, or the first that leaves no
    room for any supported project.
    """
    demands = demands_of(election, by_cost=by_cost)
    ties = tie_order(election, seed)
    share = Fraction(election.budget, max(election.voters, 1))
    best = _buy(Market(election, demands, share), ties, 0, share)
    while step and not _exhausted(election, demands, best):
        endowment = best.endowment + share * step
        found = _buy(Market(election, demands, endowment), ties, best.steps + 1, endowment)
        if found.spent(election) > election.budget:
            break
        best = found
    return best


def _exhausted(election: Election, demands: list[Demand], found: Round) -> bool:
    left = election.budget - found.spent(election)
    bought = {purchase.project for purchase in found.purchases}
    return not any(demand.total and demand.cost <= left and at not in bought for at, demand in enumerate(demands))


def _buy(market: Market, ties: list[int], steps: int, endowment: Fraction) -> Round:
    """Buy the project that costs its supporters least for what it is worth to them, until none can be paid."""
    queue = [
        (demand.cost / demand.total / demand.worth * (1 - 1e-12), at)
        for at, demand in enumerate(market.demands)
        if demand.total and market.within_reach(demand)
    ]
    heapq.heapify(queue)
    purchases = list[Purchase]()
    while offers := _cheapest(market, queue):
        chosen = _first(market, offers, ties)
        purchases.append(market.buy(chosen))
        for offer in offers:
            if offer.project != chosen:
                heapq.heappush(queue, (offer.lowest, offer.project))
    return Round(steps, endowment, tuple(purchases), market)


def _cheapest(market: Market, queue: list[tuple[float, int]]) -> list[Offer]:
    """Take the offers from the queue that may be the cheapest.

    Prices only rise as purses empty, so an old price is a lower bound: most projects need not be looked at again.
    """
    offers = list[Offer]()
    bound = float("inf")
    while queue and queue[0][0] <= bound:
        _, project = heapq.heappop(queue)
        offer = market.offer(project)
        if offer is None:
            continue
        offers.append(offer)
        bound = min(bound, offer.highest)
    for offer in offers:
        if offer.lowest > bound:
            heapq.heappush(queue, (offer.lowest, offer.project))
    return [offer for offer in offers if offer.lowest <= bound]


def _first(market: Market, offers: list[Offer], ties: list[int]) -> int:
    """Choose the cheapest; where floats cannot tell, exactly; where it is equal, by the order of ties."""
    if len(offers) == 1:
        return offers[0].project
    return min((market.exact(offer.project), ties[offer.project], offer.project) for offer in offers)[2]
