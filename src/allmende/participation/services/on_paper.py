"""Statements that people judged on paper or on site, typed by the staff: one sheet for each person, whole."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.participation import rules
from allmende.participation.models import Process, Topic, Vote, Voter
from allmende.participation.services import ballots
from allmende.participation.vote_queries import statements

NO_STATEMENT = ErrorCode(
    "participation.no_such_statement",
    Text("Aussage Nr. {number} gibt es nicht.", "There is no statement No. {number}."),
    Text("Die Nummern stehen auf der Seite.", "The numbers stand on the page."),
)
NOTHING_JUDGED = ErrorCode(
    "participation.nothing_judged",
    Text("Es ist noch keine Aussage bewertet.", "No statement has been judged yet."),
    Text("Geben Sie mindestens eine Nummer ein.", "Enter one number at least."),
)


@transaction.atomic
def judge(process: Process, code: str, judged: Mapping[int, int], *, channel: str, group: str, now: dt.datetime) -> str:
    """Take what somebody judged as value (1, 0, -1) by number of the statement; give the word that takes it back.

    Taken from the first day of judging until the process is closed. Whoever has judged online with the same code
    keeps that. No entry is kept: it could tell who voted what.
    """
    if process.state != "open":
        raise Denied(rules.NOT_PUBLIC)
    ballots.require_begun(process, "vote", now)
    known = {one.number: one for one in statements(process)}
    for number in judged:
        if number not in known:
            raise NotFound(NO_STATEMENT, number=number)
    if not judged:
        raise Invalid(NOTHING_JUDGED)
    name = ballots.name_on_paper(process, code)
    if Vote.objects.filter(statement__process=process, pseudonym=name).exists():
        raise Conflict(ballots.VOTED_ALREADY)
    # Who only named a group online has not voted yet.
    Voter.objects.filter(process=process, pseudonym=name, channel="online").delete()
    chosen = Topic.objects.filter(process=process, kind="group", slug=group).first()
    word = ballots.keep_paper(Voter, process, name, channel=channel, group=chosen)
    Vote.objects.bulk_create(
        [Vote(statement=known[number], pseudonym=name, value=value) for number, value in judged.items()]
    )
    return word


@transaction.atomic
def take_back(process: Process, word: str) -> None:
    """Take back a sheet that was just typed."""
    name = ballots.take_back(Voter, process, word)
    Vote.objects.filter(statement__process=process, pseudonym=name).delete()
