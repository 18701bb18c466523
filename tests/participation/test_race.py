"""Fifty who vote at once, each vote, ballot, sheet, code and pair sent by several: PostgreSQL keeps one of each."""

import pytest

from tests.postgres import Databases, told_by

pytestmark = pytest.mark.postgres

RACE = """
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from allmende.accounts.rules import SystemActor
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict
from allmende.kernel.text import Text
from allmende.participation import survey_queries
from allmende.participation.methods.surveys.answers import Given
from allmende.participation.methods.surveys.questions import Asked
from allmende.participation.models import (
    AnswerSheet, Ballot, Code, Contribution, FreeWords, PairJudgement, Process, Support, Vote,
)
from allmende.participation.pair_queries import Pair
from allmende.participation.services import (
    budgets, contributions, pairs, processes, survey_questions, surveys, votes,
)
for app in ("accounts", "participation"):
    call_command("migrate", app, verbosity=0)
actor, now = SystemActor("system:test"), utc_now()
names = {f"{name}_{code}": "x" for name in ("title", "purpose", "audience", "office") for code in ("de", "en")}
found = {}
def put(process):
    for kind, most in (("scale", 5), ("text", 50)):
        one = Asked(number=1, kind=kind, title=Text("x", "x"), most=most)
        survey_questions.add(actor, process, one, now)
for form, phase in (("survey", 0), ("ideas", 0), ("budget", 2), ("questionnaire", 0), ("pairs", 0)):
    process = Process(slug=form, format=form, weight="mood", level="code" if form == "budget" else "open", **names)
    days = sum(one.days for one in process.form.phases[:phase])
    processes.found(actor, process, first_day=now - dt.timedelta(days=days + 1))
    put(process) if form == "questionnaire" else None
    processes.move(actor, process, "open", now)
    found[form] = Process.objects.get(pk=process.pk)
for number in range(4):
    votes.add_statement(actor, found["survey"], text_de="x", text_en="x")
    votes.add_statement(actor, found["pairs"], text_de="x", text_en="x")
draft = contributions.Draft(kind="idea", title="Eine Idee")
idea = contributions.submit(actor, found["ideas"], draft, proven=True, confirmed=True, now=now).contribution
for cost in (4000_00, 5000_00):
    draft = contributions.Draft(kind="proposal", title="Ein Vorschlag", cost=cost)
    one = contributions.submit(actor, found["budget"], draft, proven=True, confirmed=True, now=now).contribution
    budgets.put_on_ballot(actor, one.costing, cost=cost, now=now)
codes = votes.make_codes(actor, found["budget"], 5)
def cast(process, writer, turn):
    code, choice = codes[(writer + turn) % 5], {turn % 2 + 1: 1}
    try:
        if writer % 3:
            budgets.cast(process, votes.redeem(process, code.upper()), choice, utc_now())
        else:
            budgets.cast_on_paper(process, code, choice, utc_now())
    except Conflict:
        pass
def write(writer):
    budget = Process.objects.prefetch_related("phases").get(slug="budget")
    process = Process.objects.prefetch_related("phases").get(slug="survey")
    compared = Process.objects.prefetch_related("phases").get(slug="pairs")
    asking = Process.objects.prefetch_related("phases").get(slug="questionnaire")
    for turn in range(12):
        person = f"person-{(writer + turn) % 5}"
        votes.vote(process, turn % 4 + 1, person, ("agree", "disagree")[turn % 2], utc_now())
        contributions.support(Contribution.objects.get(pk=idea.pk), person, utc_now())
        cast(budget, writer, turn)
        pair = Pair(1, 2) if writer % 2 else Pair(2, 1)
        pairs.judge(compared, "person", pair, ("left", "right", "alike", "pass")[turn % 4], utc_now())
        step = str(writer % 5 + 1)
        surveys.answer(asking, person, {1: Given((step,)), 2: Given((f"Worte zu {step}",))}, utc_now())
    connection.close()
with ThreadPoolExecutor(50) as pool:
    list(pool.map(write, range(50)))
idea.refresh_from_db()
print(Vote.objects.count(), Support.objects.count(), idea.supports)
print(Ballot.objects.count(), Code.objects.filter(used=True).count(), PairJudgement.objects.count())
print(AnswerSheet.objects.count(), FreeWords.objects.count())
# The words that are kept are those of the sheet that is kept.
asked = found["questionnaire"]
rows = {row.pseudonym: row.answers["1"] for row in AnswerSheet.objects.all()}
print(all(survey_queries.words_of(asked, name) == {2: f"Worte zu {step}"} for name, step in rows.items()))
"""


def test_nobody_counts_twice_however_many_send_at_once(postgres: Databases) -> None:
    assert told_by(postgres, RACE).split() == ["20", "5", "5", "5", "5", "1", "5", "5", "True"]
