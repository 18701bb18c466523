"""Open data of counts: by the way people took part, of budgets, panels and workshops; never of fewer than ten."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db.models import Count

from allmende.participation import (
    ballot_queries,
    budget_queries,
    pair_queries,
    panel_queries,
    ranking_queries,
    survey_queries,
    vote_queries,
    workshop_queries,
)
from allmende.participation.methods.surveys.publication import ToldQuestion
from allmende.participation.models import AgendaItem, Contribution, Panel, Process
from allmende.participation.queries import PUBLIC_STATES
from allmende.participation.rules import CHANNELS

Row = dict[str, Any]
FEW = "integer: empty for one to nine people"
TABLES: dict[str, dict[str, str]] = {
    "contribution-channels": {
        "process": "string: processes.slug",
        "channel": "string: online, onsite, paper",
        "contributions": "integer: shown ones, each of which is in contributions",
    },
    "ballot-channels": {
        "process": "string: processes.slug",
        "channel": "string: online, onsite, paper; empty for all",
        "ballots": f"{FEW}, and where those could be reckoned",
    },
    "budget-projects": {
        "process": "string: processes.slug",
        "project": "string: number on the ballot",
        "contribution": "string: contributions.number",
        "cost": "integer: cents",
        "supporters": FEW,
        "chosen_by_most_votes": "boolean",
        "chosen_by_equal_shares": "boolean",
        "funded": "boolean: by decision of the council; empty before it",
    },
    "rankings": {
        "process": "string: processes.slug",
        "number": "integer: of the option",
        "text_de": "string",
        "text_en": "string",
        "place": "integer: equals share one",
        "turn": "integer: after lots among equals",
        "points": f"{FEW}, and where those could be reckoned",
    },
    "pairs": {
        "process": "string: processes.slug",
        "number": "integer: of the option",
        "text_de": "string",
        "text_en": "string",
        "place": "integer: equals share one; empty where too few compared it with the others",
        "percent": "integer: chance to be chosen against an average option",
        "percent_low": "integer",
        "percent_high": "integer",
        "judgements": "integer: comparisons that it was in",
    },
    "statement-ways": {
        "process": "string: processes.slug",
        "number": "integer: of the statement; only where ten people judged it by each way",
        "online_people": "integer",
        "online_agree": "integer",
        "onsite_people": "integer: on site or on paper",
        "onsite_agree": "integer",
        "difference": "number: share on site less share online",
        "low": "number: end of its range; all of a process hold together with 95 %",
        "high": "number",
    },
    "survey-questions": {
        "process": "string: processes.slug",
        "number": "integer: of the question",
        "kind": "string: single, multiple, scale, number, text",
        "title_de": "string",
        "title_en": "string",
        "asked": f"{FEW}, and where those could be reckoned",
        "mean": "number: of scales and numbers, where it tells no more than the counts",
        "median": "number",
    },
    "survey-answers": {
        "process": "string: processes.slug",
        "number": "integer: of the question",
        "answer_de": "string: one answer, or several that are told together",
        "answer_en": "string",
        "people": f"{FEW}, and where those could be reckoned",
    },
    "panels": {
        "process": "string: processes.slug",
        "size": "integer: seats",
        "people": "integer: in the pool",
        "lots": "integer",
        "smallest_chance": "number: of anybody, by the lots",
        "largest_possible": "number: what no lottery can exceed",
        "even_chance": "number: of everybody without quotas",
        "lottery_sha256": "string: of lostabelle.json",
        "secret_sha256": "string: published before the draw",
        "public_word": "string",
        "lot": "integer: that was drawn",
    },
    "panel-quotas": {
        "process": "string: processes.slug",
        "feature": "string",
        "value": "string",
        "least": "integer",
        "most": "integer",
        "people": f"{FEW}, and where those could be reckoned",
    },
    "workshops": {
        "process": "string: processes.slug",
        "number": "integer: of its page",
        "title_de": "string",
        "title_en": "string",
        "place": "string",
        "begins": "date-time",
        "ends": "date-time",
        "places": "integer",
        "free": "integer: empty where one to nine people have a place, unless all are taken",
        "came": FEW,
        "heard": "integer: contributions from there",
        "said_de": "string: what was said, summed up",
        "said_en": "string",
        "follows_de": "string: what follows from it",
        "follows_en": "string",
    },
    "workshop-agenda": {
        "process": "string: processes.slug",
        "workshop": "integer: workshops.number",
        "begins": "date-time",
        "ends": "date-time",
        "title_de": "string",
        "title_en": "string",
        "leads": "string: who leads it",
        "place": "string: within the workshop's place",
        "paper": "string: address of a paper of the council",
        "minutes_de": "string: what was discussed",
        "minutes_en": "string",
    },
}
WORDS = ("said_de", "said_en", "follows_de", "follows_en")
ITEM = ("title_de", "title_en", "leads", "place", "paper", "minutes_de", "minutes_en")


def _processes() -> Iterator[Process]:
    yield from Process.objects.filter(state__in=PUBLIC_STATES).order_by("pk")


def _contribution_channels() -> Iterator[Row]:
    rows = Contribution.objects.filter(visibility="shown", process__state__in=PUBLIC_STATES).order_by()
    counted = rows.values_list("process__slug", "channel").annotate(n=Count("pk")).order_by("process", "channel")
    for slug, channel, count in counted:
        yield {"process": slug, "channel": channel, "contributions": count}


def _turnout(process: Process) -> ballot_queries.Turnout:
    if "questions" in process.form.parts:
        return survey_queries.turnout_of(process)
    ranks = "ranking" in process.form.parts
    return ballot_queries.turnout(process.rankings.all() if ranks else process.ballots.all())


def _ballot_channels() -> Iterator[Row]:
    for process in _processes():
        if not {"proposals", "ranking", "questions"} & {*process.form.parts}:
            continue
        turnout = _turnout(process)
        yield {"process": process.slug, "channel": None, "ballots": turnout.all}
        for channel in CHANNELS:
            yield {"process": process.slug, "channel": channel, "ballots": turnout.channels[channel]}


def _budget_projects() -> Iterator[Row]:
    for process in _processes():
        found = budget_queries.result(process)
        for one in found.told.projects if found else ():
            yield {
                "process": process.slug,
                "project": one.project,
                "contribution": one.name,
                "cost": one.cost,
                "supporters": one.supporters,
                "chosen_by_most_votes": one.greedy.chosen,
                "chosen_by_equal_shares": one.equal_shares.chosen,
                "funded": int(one.project) in found.count.funded if found and found.count.decided else None,
            }


def _rankings() -> Iterator[Row]:
    for process in _processes():
        found = ranking_queries.result(process)
        words = {ranking_queries.name_of(one.number): one for one in process.statements.all()} if found else {}
        for one in found.told.ranked if found else ():
            statement = words[one.option]
            about = {name: getattr(statement, name) for name in ("number", "text_de", "text_en")}
            yield {"process": process.slug, **about, "place": one.place, "turn": one.turn, "points": one.borda}


def _pairs() -> Iterator[Row]:
    for process in _processes():
        found = pair_queries.result(process)
        words = {ranking_queries.name_of(one.number): one for one in process.statements.all()} if found else {}
        strengths = {one.option: one for one in found.told.placed} if found else {}
        for name in (*strengths, *found.told.apart) if found else ():
            statement, one = words[name], strengths.get(name)
            yield {
                "process": process.slug,
                **{name: getattr(statement, name) for name in ("number", "text_de", "text_en")},
                "place": one.place if one else None,
                "percent": one.percent if one else None,
                "percent_low": one.low if one else None,
                "percent_high": one.high if one else None,
                "judgements": one.judgements if one else None,
            }


def _statement_ways() -> Iterator[Row]:
    for process in _processes():
        for one in vote_queries.by_way(process):
            yield {
                "process": process.slug,
                "number": int(one.name),
                "online_people": one.online.people,
                "online_agree": one.online.said,
                "onsite_people": one.onsite.people,
                "onsite_agree": one.onsite.said,
                **{name: getattr(one, name) for name in ("difference", "low", "high")},
            }


def _surveys() -> Iterator[tuple[str, ToldQuestion]]:
    for process in _processes():
        found = survey_queries.result(process)
        for one in found.told.questions if found else ():
            yield process.slug, one


def _survey_questions() -> Iterator[Row]:
    for slug, one in _surveys():
        plain = {name: getattr(one, name) for name in ("number", "kind", "asked", "mean", "median")}
        yield {"process": slug, **plain, "title_de": one.title.de, "title_en": one.title.en}


def _survey_answers() -> Iterator[Row]:
    for slug, one in _surveys():
        for answer in one.answers:
            words = {"answer_de": answer.label.de, "answer_en": answer.label.en}
            yield {"process": slug, "number": one.number, **words, "people": answer.people}


def _drawn() -> Iterator[Panel]:
    rows = Panel.objects.filter(process__state__in=PUBLIC_STATES).exclude(lottery="")
    yield from rows.select_related("process").order_by("pk")


def _panels() -> Iterator[Row]:
    for panel in _drawn():
        lottery, drawn = panel_queries.lottery_of(panel), panel_queries.ceremony_of(panel)
        if lottery is not None:
            yield {
                "process": panel.process.slug,
                "size": panel.size,
                "people": lottery.people,
                "lots": lottery.lots,
                "smallest_chance": lottery.smallest_of_lots,
                "largest_possible": lottery.bound,
                "even_chance": lottery.even,
                "lottery_sha256": hashlib.sha256(panel.lottery.encode()).hexdigest(),
                "secret_sha256": panel.commitment,
                "public_word": drawn.public_word if drawn else None,
                "lot": drawn.lot if drawn else None,
            }


def _panel_quotas() -> Iterator[Row]:
    for panel in _drawn():
        lottery = panel_queries.lottery_of(panel)
        for one in lottery.counts if lottery else ():
            quota = one.quota
            about = {name: getattr(quota, name) for name in ("feature", "value", "least", "most")}
            yield {"process": panel.process.slug, **about, "people": one.people}


def _workshops() -> Iterator[Row]:
    for process in _processes():
        for seats in workshop_queries.workshops_of(process):
            one = seats.workshop
            yield {
                "process": process.slug,
                "number": one.pk,
                **{name: getattr(one, name) for name in ("title_de", "title_en", "place", "places", *WORDS)},
                "begins": one.begins.isoformat(),
                "ends": one.ends.isoformat(),
                **{name: getattr(seats, name) for name in ("free", "came", "heard")},
            }


def _workshop_agenda() -> Iterator[Row]:
    rows = AgendaItem.objects.filter(workshop__process__state__in=PUBLIC_STATES).select_related("workshop__process")
    for item in rows.order_by("workshop", "after", "id"):
        yield {
            "process": item.workshop.process.slug,
            "workshop": item.workshop_id,
            "begins": item.begins.isoformat(),
            "ends": item.ends.isoformat(),
            **{name: getattr(item, name) for name in ITEM},
        }


SOURCES = {
    "contribution-channels": _contribution_channels,
    "ballot-channels": _ballot_channels,
    "budget-projects": _budget_projects,
    "rankings": _rankings,
    "pairs": _pairs,
    "statement-ways": _statement_ways,
    "survey-questions": _survey_questions,
    "survey-answers": _survey_answers,
    "panels": _panels,
    "panel-quotas": _panel_quotas,
    "workshops": _workshops,
    "workshop-agenda": _workshop_agenda,
}
