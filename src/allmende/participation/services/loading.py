"""The processes of a pack's demonstration: made up, marked as such, and told through the same acts as real ones."""

import datetime as dt
import math
from itertools import combinations, pairwise

from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.gate.door import Gate
from allmende.kernel.clock import CIVIL_TIME
from allmende.participation import panel_queries, workshop_queries
from allmende.participation.content import (
    BudgetEntry,
    CommentEntry,
    ComparedEntry,
    ContributionEntry,
    ItemEntry,
    PanelEntry,
    ParagraphEntry,
    ParticipationContent,
    PoolEntry,
    ProcessEntry,
    StatementEntry,
    WorkshopEntry,
)
from allmende.participation.heard_file import checked, read_minutes
from allmende.participation.methods.lots import generator, shuffled
from allmende.participation.models import (
    Ballot,
    Comment,
    Contribution,
    PairJudgement,
    Panel,
    Paragraph,
    Process,
    Proposal,
    RankingBallot,
    Statement,
    Support,
    Topic,
    Vote,
    Voter,
)
from allmende.participation.pool_file import Willing
from allmende.participation.services import (
    agenda,
    budgets,
    editions,
    journey,
    loading_surveys,
    opinions,
    pairs,
    panels,
    processes,
    rankings,
    surveys,
    texts,
    votes,
    workshops,
)
from allmende.participation.services.contributions import Draft, submit
from allmende.participation.services.loading_formal import load_formal
from allmende.register.queries import drafts, newest_rules
from allmende.register.services import edit_rule, publish_rulebook

ACTOR = SystemActor("system:demonstration")
CHECKED_AFTER = 20
# How near a made-up person's lot has to be to call both alike.
EQUAL = 0.05
DECISION = "Beschluss über den Datenethik-Kodex (Vorführung)"


class _Story:
    """A process while it is told."""

    def __init__(self, entry: ProcessEntry, now: dt.datetime) -> None:
        self.entry = entry
        self.now = now
        self.by_key: dict[str, Contribution] = {}
        self.process = Process(
            slug=entry.slug,
            format=entry.format,
            demonstration=True,
            title_de=entry.title.de,
            title_en=entry.title.en,
            purpose_de=entry.purpose.de,
            purpose_en=entry.purpose.en,
            audience_de=entry.audience.de,
            audience_en=entry.audience.en,
            office_de=entry.office.de,
            office_en=entry.office.en,
            weight=entry.weight,
            weight_de=entry.weight_note.de,
            weight_en=entry.weight_note.en,
            level=entry.level,
            writing=entry.writing,
            answer_days=entry.answer_days,
            close_days=entry.close_days,
            keep_days=entry.keep_days,
            code=entry.code,
            project=entry.project,
        )

    def ago(self, days: int) -> dt.datetime:
        """Give the instant so many days before the founding."""
        return self.now - dt.timedelta(days=days)

    def found(self) -> None:
        """Found and publish the process, its phases as long as told."""
        start = self.ago(self.entry.started_days_ago)
        processes.found(ACTOR, self.process, first_day=start)
        ends = [start]
        for days in self.entry.phase_days:
            ends.append(ends[-1] + dt.timedelta(days=days))
        for phase, (since, until) in zip(self.process.phases.all(), pairwise(ends), strict=True):
            processes.set_phase(ACTOR, phase, since=since, until=until)
        loading_surveys.ask(self.process, self.entry.questions, start)
        for kind, topics in (("category", self.entry.categories), ("group", self.entry.groups)):
            for position, topic in enumerate(topics):
                Topic.objects.create(
                    process=self.process,
                    kind=kind,
                    slug=topic.slug,
                    position=position,
                    title_de=topic.title.de,
                    title_en=topic.title.en,
                )
        processes.move(ACTOR, self.process, "open", start)
        self.process.refresh_from_db()
        for edition in self.entry.editions:
            words = editions.Words(title=edition.title, body=edition.body, video="", made_by=edition.made_by)
            editions.put_up(ACTOR, self.process, edition.language, words, start.date())

    def gather(self, *, suggestions: bool) -> None:
        """Hand in the contributions, or the suggestions that need a text first."""
        for one in self.entry.contributions:
            if (one.kind == "suggestion") == suggestions:
                self.contribute(one)

    def contribute(self, entry: ContributionEntry) -> None:
        """Hand in a contribution, with what was said about it and what became of it."""
        paragraph = self.process.paragraphs.get(number=entry.paragraph) if entry.paragraph else None
        point, shape = entry.where
        draft = Draft(
            kind=entry.kind,
            title=entry.title,
            body=entry.body,
            category=entry.category,
            group=entry.group,
            tag=entry.tag,
            point=point,
            shape=shape,
            place=entry.place,
            channel=entry.channel,
            paragraph=paragraph,
            base_version=entry.base_version if paragraph else None,
            proposed=entry.proposed,
            cost=entry.asked,
        )
        at = self.ago(entry.days_ago)
        one = submit(ACTOR, self.process, draft, proven=True, confirmed=True, now=at).contribution
        rows = [Support(contribution=one, pseudonym=f"demonstration-{number}") for number in range(entry.supports)]
        Support.objects.bulk_create(rows)
        Contribution.objects.filter(pk=one.pk).update(supports=entry.supports)
        for comment in entry.comments:
            self._comment(one, comment, at + dt.timedelta(days=1))
        if entry.kind != "proposal":
            self.go_on(one, entry)
        self.by_key[entry.key] = one

    def go_on(self, one: Contribution, entry: ContributionEntry) -> None:
        """Tell what became of a contribution."""
        for step in entry.steps:
            news = journey.News(state=step.state, outcome=step.outcome, note=step.note, project=step.project)
            journey.advance(ACTOR, number=one.number, news=news, now=self.ago(step.days_ago))

    def _comment(self, one: Contribution, entry: CommentEntry, at: dt.datetime) -> None:
        Comment.objects.create(contribution=one, stance=entry.stance, body=entry.body, at=at)

    def write(self, entry: ParagraphEntry) -> None:
        """Put a paragraph with its first version; the others follow when its suggestions are there."""
        first = entry.versions[0]
        wording = texts.Wording(text_de=first.text.de, text_en=first.text.en, reason=first.reason)
        paragraph = texts.add_paragraph(
            ACTOR, self.process, heading=entry.heading, wording=wording, now=self.ago(first.days_ago)
        )
        numbers = [self.by_key[key].number for key in entry.grown_from]
        texts.relate(ACTOR, paragraph, numbers=numbers, project=entry.project)

    def rewrite(self, paragraph: Paragraph, entry: ParagraphEntry) -> None:
        """Write the later versions."""
        for base, version in enumerate(entry.versions[1:], 1):
            wording = texts.Wording(
                text_de=version.text.de,
                text_en=version.text.en,
                reason=version.reason,
                suggestion=self.by_key.get(version.adopts),
            )
            texts.reword(ACTOR, paragraph, base=base, wording=wording, now=self.ago(version.days_ago))

    def judge(self, entry: StatementEntry) -> None:
        """Put a statement, and the made-up votes of each group."""
        grown = self.by_key.get(entry.grown_from)
        statement = votes.add_statement(
            ACTOR, self.process, text_de=entry.text.de, text_en=entry.text.en, contribution=grown
        )
        for channel, given in (("online", entry.votes), ("onsite", entry.onsite)):
            for group, (agree, disagree, passed) in given.items():
                values = [1] * agree + [0] * passed + [-1] * disagree
                self._votes(statement, group, channel, values)

    def _votes(self, statement: Statement, group: str, channel: str, values: list[int]) -> None:
        # Each group has one row of people, of whom the first vote on everything, and agree with more than the last:
        # opinions go together, as they do among people.
        topic = self.process.topics.filter(kind="group", slug=group).first()
        place = "" if channel == "online" else f"{channel}-"
        names = [f"demonstration-{place}{group}-{number}" for number in range(len(values))]
        voters = [Voter(process=self.process, pseudonym=name, group=topic, channel=channel) for name in names]
        Voter.objects.bulk_create(voters, ignore_conflicts=True)
        pairs = zip(names, values, strict=True)
        Vote.objects.bulk_create([Vote(statement=statement, pseudonym=name, value=value) for name, value in pairs])


@transaction.atomic
def load_participation(content: ParticipationContent, *, gate: Gate, now: dt.datetime) -> int:
    """Add the processes of the demonstration that are not there yet; give their number."""
    added = 0
    for entry in content.processes:
        if Process.objects.filter(slug=entry.slug).exists():
            continue
        _tell(_Story(entry, now), gate)
        added += 1
    if added:
        opinions.look_again(now, gate)
        rankings.count_ended(now, gate)
        pairs.count_ended(now, gate)
        surveys.count_ended(now, gate)
        _cite(content.rule_sources, gate)
    load_formal(content.formal, now)
    return added


def _cite(sources: dict[str, str], gate: Gate) -> None:
    """Let rules name the sentences that they carry out, as their next versions, and put them in force."""
    rules = {rule.slug: rule for rule in newest_rules()}
    for slug, source in sources.items():
        rule = rules.get(slug)
        if rule is not None and source not in rule.source:
            rule.source = f"{rule.source}; {source}"
            edit_rule(ACTOR, rule=rule)
    if drafts():
        publish_rulebook(ACTOR, decision=DECISION, gate=gate)


def _tell(story: _Story, gate: Gate) -> None:
    entry = story.entry
    story.found()
    story.gather(suggestions=False)
    for paragraph in entry.paragraphs:
        story.write(paragraph)
    story.gather(suggestions=True)
    for row, paragraph in zip(story.process.paragraphs.all(), entry.paragraphs, strict=True):
        story.rewrite(row, paragraph)
    for statement in entry.statements:
        story.judge(statement)
    _hold(story)
    if entry.seal is not None:
        at = story.ago(entry.seal.days_ago)
        texts.seal(ACTOR, story.process, gate=gate, occasion=entry.seal.occasion, now=at)
    if entry.result is not None:
        processes.publish_result(ACTOR, story.process, entry.result, story.now)


def _hold(story: _Story) -> None:
    """Let people vote, be drawn, and meet."""
    entry = story.entry
    if entry.budget is not None:
        _spend(story, entry.budget)
    if entry.panel is not None:
        _draw_lots(story, entry.panel)
    for one in entry.workshops:
        _meet(story, one)
    if entry.sheets is not None:
        loading_surveys.answer(story.process, entry.sheets)
    RankingBallot.objects.bulk_create(
        RankingBallot(process=story.process, pseudonym=name, channel=row.channel, order=list(row.order))
        for kind, row in enumerate(entry.ranked)
        for name in (f"demonstration-{kind}-{person}" for person in range(row.people))
    )
    if entry.compared is not None:
        _compare(story.process, entry.compared)


def _compare(process: Process, entry: ComparedEntry) -> None:
    """Let people compare the pairs that the lot gives them, and choose by the strengths and a lot of their own."""
    every = [f"{first} {second}" for first, second in combinations(range(1, len(entry.strengths) + 1), 2)]
    for person in range(entry.people):
        name = f"demonstration-{person}"
        chances = generator(entry.seed, name)
        for pair in shuffled(entry.seed + name, every)[: entry.each]:
            first, second = map(int, pair.split())
            ahead = 1 / (1 + math.exp(entry.strengths[second - 1] - entry.strengths[first - 1]))
            drawn = chances.random()
            value = 0 if abs(drawn - ahead) < EQUAL else 1 if drawn < ahead else -1
            PairJudgement.objects.create(process=process, pseudonym=name, first=first, second=second, value=value)


def _draw_lots(story: _Story, entry: PanelEntry) -> None:
    """Fill the pool, publish the table, draw, and tell who accepted and who declined."""
    process = story.process
    panel = Panel.objects.get(process=process)
    until = (story.now + dt.timedelta(days=entry.keep_days)).date()
    quotas = panel_queries.quotas_of(panel)
    panels.set_rules(ACTOR, process, panels.PanelRules(panel.size, quotas, entry.lots, entry.chance, until))
    people = [Willing(f"Erfundene Person {at}", "", "", "", row.features) for at, row in _pool(entry)]
    panels.fill_pool(ACTOR, process, people)
    panels.publish_lots(ACTOR, process, story.ago(entry.published_days_ago))
    seats = panels.draw(ACTOR, process, entry.public_word, story.ago(entry.drawn_days_ago))
    answers = ["declined"] * entry.declined + ["accepted"] * entry.accepted
    for seat, answer in zip(seats, answers, strict=False):
        panels.answer(ACTOR, process, seat.number, answer)


def _pool(entry: PanelEntry) -> enumerate[PoolEntry]:
    return enumerate((row for row in entry.pool for _ in range(row.people)), 1)


def _meet(story: _Story, entry: WorkshopEntry) -> None:
    """Announce a workshop, register people, and take up its minutes."""
    day = (story.now + dt.timedelta(days=entry.days_ahead)).astimezone(CIVIL_TIME).date()
    begins = dt.datetime.combine(day, dt.time(18), CIVIL_TIME)
    plan = workshops.Plan(
        title=entry.title,
        place=entry.place,
        begins=begins,
        ends=begins + dt.timedelta(hours=2),
        places=entry.places,
        access=entry.access,
        forget_on=day + dt.timedelta(days=14),
    )
    one = workshops.put_up(ACTOR, story.process, plan)
    items = [agenda.put_item(ACTOR, one, _item(row)) for row in entry.agenda]
    for number in range(entry.registered):
        wish = workshops.Wish(f"Erfundene Person {number}", f"person-{number}@example.org", "", "de")
        workshops.register(one.pk, wish, story.now)
    if entry.came is not None:
        workshops.count_people(ACTOR, one, entry.came)
    cards, _ = checked(read_minutes(entry.minutes), workshop_queries.topics_of(story.process))
    heard = items[entry.heard_at - 1] if entry.heard_at else None
    workshops.take_up(ACTOR, story.process, cards, channel="onsite", workshop=one, item=heard, now=begins)
    if entry.said is not None:
        agenda.sum_up(ACTOR, one, entry.said, entry.follows, begins + dt.timedelta(days=2))


def _item(entry: ItemEntry) -> agenda.Item:
    return agenda.Item(**{name: getattr(entry, name) for name in ItemEntry.__struct_fields__})


def _spend(story: _Story, entry: BudgetEntry) -> None:
    """Put the proposals on the ballot, take the ballots, count them, and tell what the council decided."""
    process = story.process
    budgets.set_up(ACTOR, process, entry.frame)
    listed = [one for one in story.entry.contributions if one.kind == "proposal"]
    for one in listed:
        if one.cost:
            proposal = Proposal.objects.get(contribution=story.by_key[one.key])
            checked = story.ago(one.days_ago - CHECKED_AFTER)
            budgets.put_on_ballot(ACTOR, proposal, cost=one.cost, now=checked)
    Ballot.objects.bulk_create(
        Ballot(process=process, pseudonym=f"demonstration-{kind}-{person}", channel=row.channel, choice=choice)
        for kind, row in enumerate(entry.ballots)
        for choice in [{str(number): points for number, points in row.choice.items()}]
        for person in range(row.people)
    )
    if entry.counted_days_ago is not None:
        _count(story, entry, story.ago(entry.counted_days_ago))
    for one in listed:
        story.go_on(story.by_key[one.key], one)


def _count(story: _Story, entry: BudgetEntry, counted: dt.datetime) -> None:
    process = story.process
    budgets.count_once(ACTOR, process, seed=entry.seed, source=entry.seed_source, now=counted)
    if entry.decision is not None:
        at = story.ago(entry.decision.days_ago)
        decided = budgets.Decision(
            entry.decision.text, entry.decision.paper, at.astimezone(CIVIL_TIME).date(), entry.decision.funded
        )
        budgets.decide(ACTOR, process, decided, now=at)
