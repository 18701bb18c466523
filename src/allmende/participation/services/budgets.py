"""Votes on a budget: set up, proposals reckoned and put on the ballot, ballots taken, counted once, decided."""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping

import msgspec
from django.db import transaction
from django.db.models import Max

from allmende.accounts.services import Actor, record
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.participation import budget_queries as queries
from allmende.participation.formats import BudgetFrame
from allmende.participation.methods.budgets.count import Comparison, Settings, count
from allmende.participation.methods.budgets.election import Election
from allmende.participation.methods.budgets.pabulib import About, write
from allmende.participation.methods.budgets.publication import tellable, told
from allmende.participation.methods.least import LEAST_GROUP
from allmende.participation.models import Ballot, Budget, BudgetCount, Process, Proposal
from allmende.participation.services import ballots
from allmende.participation.services.contributions import require_open
from allmende.participation.services.journey import News, advance

NO_BUDGET = ErrorCode(
    "participation.no_budget",
    Text("Dieses Verfahren verteilt kein Geld.", "This process distributes no money."),
    Text("Wählen Sie ein Verfahren mit Budget.", "Choose a process with a budget."),
)
VOTING_BEGAN = ErrorCode(
    "participation.voting_began",
    Text(
        "Es wurde schon abgestimmt; Regeln und Stimmzettel bleiben, wie sie sind.",
        "People have voted already; rules and ballot stay as they are.",
    ),
    Text("Ändern Sie sie im nächsten Verfahren.", "Change them in the next process."),
)
TOO_DEAR = ErrorCode(
    "participation.proposal_too_dear",
    Text("{cost} ist mehr, als ein Vorschlag kosten darf: {most}.", "{cost} is more than a proposal may cost: {most}."),
    Text("Verkleinern Sie den Vorschlag.", "Make the proposal smaller."),
)
NO_PROPOSAL = ErrorCode(
    "participation.unknown_proposal",
    Text("Nr. {number} steht nicht auf dem Stimmzettel.", "No. {number} is not on the ballot."),
    Text("Die Nummern stehen auf dem Stimmzettel.", "The numbers stand on the ballot."),
)
EMPTY_BALLOT = ErrorCode(
    "participation.empty_ballot",
    Text("Der Stimmzettel ist leer.", "The ballot is empty."),
    Text("Wählen Sie mindestens ein Projekt.", "Choose at least one project."),
)
NO_POINTS = ErrorCode(
    "participation.no_points",
    Text("Bei Nr. {number} steht keine ganze Zahl ab 1.", "No. {number} has no whole number from 1 on."),
    Text("Ändern Sie das Feld; alles andere steht noch da.", "Change the field; everything else is still there."),
)
TOO_MANY_POINTS = ErrorCode(
    "participation.too_many_points",
    Text("Das sind {given} Punkte; zu vergeben sind {most}.", "These are {given} points; there are {most} to give."),
    Text("Nehmen Sie {over} zurück; alles steht noch da.", "Take back {over}; everything is still there."),
)
TOO_MANY_PROJECTS = ErrorCode(
    "participation.too_many_projects",
    Text("Das sind {given} Projekte; wählen können Sie {most}.", "These are {given} projects; you can choose {most}."),
    Text("Lassen Sie {over} weg; alles steht noch da.", "Leave out {over}; everything is still there."),
)
OVER_BUDGET = ErrorCode(
    "participation.over_budget",
    Text(
        "Ihre Auswahl kostet mehr als das Budget: {cost} von {amount}.",
        "Your choice costs more than the budget: {cost} of {amount}.",
    ),
    Text("Lassen Sie etwas für {over} weg; alles steht noch da.", "Leave out {over}; everything is still there."),
)
VOTE_RUNS = ErrorCode(
    "participation.vote_runs",
    Text("Die Abstimmung läuft noch.", "The vote is still running."),
    Text("Zählen Sie nach ihrem Ende aus.", "Count after its end."),
)
TOO_FEW = ErrorCode(
    "participation.too_few_ballots",
    Text(
        "Weniger als zehn Stimmzettel: Aus dem Ergebnis ließe sich auf Menschen schließen.",
        "Fewer than ten ballots: the result would tell of single people.",
    ),
    Text("Der Gemeinderat entscheidet ohne Auszählung.", "The council decides without a count."),
)
NOT_COUNTED = ErrorCode(
    "participation.not_counted",
    Text("Es ist noch nicht ausgezählt.", "It has not been counted yet."),
    Text("Zählen Sie zuerst aus.", "Count first."),
)


def _locked(process: Process) -> Budget:
    # The budget alone: with the process locked, too, ballots from online and from paper would wait for each other.
    rows = Budget.objects.select_for_update(of=("self",)).select_related("process")
    found = rows.filter(process=process).first()
    if found is None:
        raise NotFound(NO_BUDGET)
    return found


def _require_before_votes(process: Process) -> None:
    if Ballot.objects.filter(process=process).exists():
        raise Conflict(VOTING_BEGAN)


@transaction.atomic
def set_up(actor: Actor, process: Process, frame: BudgetFrame) -> Budget:
    """Keep how much there is and how is voted and counted; nothing of it changes once somebody has voted."""
    _require_before_votes(process)
    budget, _ = Budget.objects.update_or_create(process=process, defaults=msgspec.structs.asdict(frame))
    record(actor, "participation.budget_set", process, after=msgspec.structs.asdict(frame))
    return budget


@transaction.atomic
def put_on_ballot(actor: Actor, proposal: Proposal, *, cost: int, now: dt.datetime) -> Proposal:
    """Keep what the office reckons, and give the proposal a number on the ballot; its followers hear of it."""
    budget = _locked(proposal.process)
    _require_before_votes(proposal.process)
    if budget.most is not None and cost > budget.most.cents:
        raise Invalid(TOO_DEAR, cost=_written(Money(cost)), most=_written(budget.most))
    proposal = Proposal.objects.select_related("contribution").get(pk=proposal.pk)
    last = Proposal.objects.filter(process=proposal.process).aggregate(last=Max("number"))["last"] or 0
    proposal.cost, proposal.number = cost, proposal.number or last + 1
    proposal.save(update_fields=["cost", "number"])
    note = Text(
        f"Auf dem Stimmzettel als Nr. {proposal.number}, mit {Money(cost).written('de')}.",
        f"On the ballot as no. {proposal.number}, with {Money(cost).written('en')}.",
    )
    advance(actor, number=proposal.contribution.number, news=News(state="checked", note=note), now=now)
    return proposal


def _written(money: Money) -> Text:
    return Text(money.written("de"), money.written("en"))


def _require_within(budget: Budget, choice: Mapping[int, int], cost: int) -> None:
    """Refuse more than there is, in words for whoever votes."""
    given, most = len(choice), budget.most_projects
    if most is not None and given > most:
        raise Invalid(TOO_MANY_PROJECTS, given=given, most=most, over=given - most)
    points, most = sum(choice.values()), budget.most_points
    if budget.vote == "points" and most is not None and points > most:
        raise Invalid(TOO_MANY_POINTS, given=points, most=most, over=points - most)
    if budget.vote == "knapsack" and cost > budget.amount:
        amounts = {"cost": cost, "amount": budget.amount, "over": cost - budget.amount}
        raise Invalid(OVER_BUDGET, **{name: _written(Money(cents)) for name, cents in amounts.items()})


def _checked(budget: Budget, choice: Mapping[int, int]) -> dict[str, int]:
    """Give a ballot as it is kept; refuse one that breaks the rules."""
    costs = {one.number or 0: one.cost or 0 for one in queries.on_ballot(budget.process)}
    for number, points in choice.items():
        if number not in costs:
            raise NotFound(NO_PROPOSAL, number=number)
        if points < 1:
            raise Invalid(NO_POINTS, number=number)
    if not choice:
        raise Invalid(EMPTY_BALLOT)
    _require_within(budget, choice, sum(costs[number] for number in choice))
    named = {queries.name_of(number): points for number, points in choice.items()}
    Election.of(budget.amount, queries.projects_of(budget.process), queries.rules_of(budget), [named])
    return {str(number): points for number, points in sorted(choice.items())}


def cast(process: Process, pseudonym: str, choice: Mapping[int, int], now: dt.datetime) -> None:
    """Take a ballot; a second one of the same pseudonym replaces the first, but none on paper with the same code.

    No entry is kept of who voted and when.
    """
    require_open(process, "ballot", now)
    budget = queries.budget_of(process)
    if budget is None:
        raise NotFound(NO_BUDGET)
    ballots.keep(Ballot, process, pseudonym, choice=_checked(budget, choice))


@transaction.atomic
def cast_on_paper(process: Process, code: str, choice: Mapping[int, int], now: dt.datetime) -> str:
    """Take a ballot from paper, from the first day of voting until it is counted; a code on it is one person's only.

    Whoever has voted online with the same code keeps that ballot. No entry is kept: it could tell who voted what.
    Gives the word that takes it back.
    """
    budget = _uncounted(process)
    ballots.require_begun(process, "ballot", now)
    return ballots.keep_paper(Ballot, process, ballots.name_on_paper(process, code), choice=_checked(budget, choice))


@transaction.atomic
def take_back(process: Process, word: str) -> None:
    """Take back a ballot that was just typed from paper."""
    _uncounted(process)
    ballots.take_back(Ballot, process, word)


def _uncounted(process: Process) -> Budget:
    budget = _locked(process)
    if BudgetCount.objects.filter(process=process).exists():
        raise Conflict(ballots.COUNTED_ALREADY)
    return budget


@transaction.atomic
def count_once(actor: Actor, process: Process, *, seed: str, source: str, now: dt.datetime) -> BudgetCount:
    """Count by both rules when the vote has ended; once, so that nobody tries seeds until equals fall as wished."""
    budget = _uncounted(process)
    ends = queries.voting_ends(process)
    if process.state == "draft" or (ends is not None and now < ends):
        raise Conflict(VOTE_RUNS)
    election = queries.election(budget)
    if election.voters < LEAST_GROUP:
        raise Conflict(TOO_FEW)
    comparison = count(election, _settings(budget, seed))
    names = {queries.name_of(one.number or 0): one.contribution.number for one in queries.on_ballot(process)}
    whole = _file(budget, election, comparison, "")
    found = BudgetCount.objects.create(
        process=process,
        at=now,
        seed=seed,
        seed_source=source,
        published=msgspec.json.encode(told(election, comparison, names, queries.by_way(process))).decode(),
        sha256=hashlib.sha256(whole.encode()).hexdigest(),
    )
    after = {"ballots": election.voters, "seed": seed, "sha256": found.sha256}
    record(actor, "participation.budget_counted", process, after=after)
    return found


def _settings(budget: Budget, seed: str) -> Settings:
    return Settings(seed, worth="one" if budget.worth == "one" else "cost")


def _file(budget: Budget, election: Election, comparison: Comparison, comment: str) -> str:
    process = budget.process
    spans = [span for span in process.spans if "ballot" in span.allows]
    chosen = comparison.greedy if budget.rule == "greedy" else comparison.equal_shares
    about = About(
        description=process.title_de,
        unit=process.office_de,
        instance=process.slug,
        begin=min(span.since for span in spans).astimezone(CIVIL_TIME).date(),
        end=max(span.until for span in spans).astimezone(CIVIL_TIME).date(),
        rule="greedy" if budget.rule == "greedy" else "unknown",
        comment=comment,
    )
    return write(election, about, chosen.chosen, comparison.settings.seed)


def public_file(budget: Budget, found: BudgetCount) -> str:
    """Write the ballots that may be told as Pabulib; the results in it are those of all ballots."""
    election = queries.election(budget)
    comparison = count(election, _settings(budget, found.seed))
    alike, withheld = tellable(election)
    shown = Election.of(election.budget, election.projects, election.rules, alike)
    comment = (
        f"{withheld} of {election.voters} ballots are held back, as fewer than ten people voted alike; "
        f"selected is the result of all. SHA-256 of the whole file: {found.sha256}"
    )
    return _file(budget, shown, comparison, comment)


def whole_file(actor: Actor, budget: Budget, found: BudgetCount) -> str:
    """Write all ballots as Pabulib for those who check the count; that they were handed out stands in the trail."""
    election = queries.election(budget)
    record(actor, "participation.ballots_handed_out", budget.process, after={"ballots": election.voters})
    return _file(budget, election, count(election, _settings(budget, found.seed)), "")


class Decision(msgspec.Struct, frozen=True):
    """What the council decided: its words with the reason, the paper, the day, the numbers that get money."""

    text: Text
    paper: str
    day: dt.date
    funded: Collection[int]


@transaction.atomic
def decide(actor: Actor, process: Process, decision: Decision, *, now: dt.datetime) -> BudgetCount:
    """Keep what the council decided, and answer every proposal of the ballot by it."""
    found = BudgetCount.objects.select_for_update().filter(process=process).first()
    if found is None:
        raise Conflict(NOT_COUNTED)
    listed = {one.number or 0: one for one in queries.on_ballot(process)}
    for number in decision.funded:
        if number not in listed:
            raise NotFound(NO_PROPOSAL, number=number)
    found.decided, found.paper, found.funded = decision.day, decision.paper, sorted(decision.funded)
    found.decision_de, found.decision_en = decision.text.de, decision.text.en
    found.save(update_fields=["decided", "paper", "funded", "decision_de", "decision_en"])
    for number, one in listed.items():
        if one.contribution.state in ("received", "checked"):
            outcome = "accepted" if number in decision.funded else "declined"
            news = News(state="answered", outcome=outcome, note=decision.text)
            advance(actor, number=one.contribution.number, news=news, now=now)
    after = {"funded": found.funded, "paper": decision.paper, "decision": decision.text.de}
    record(actor, "participation.budget_decided", process, after=after)
    return found
