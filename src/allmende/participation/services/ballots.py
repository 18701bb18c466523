"""Taking ballots on money or an order, and sheets of a survey: one for each person, whichever came first."""

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from allmende.gate.door import Gate
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation import rules
from allmende.participation.models import (
    AnswerSheet,
    Ballot,
    PairCount,
    Process,
    RankingBallot,
    RankingCount,
    SurveyCount,
    Voter,
)
from allmende.participation.permission import VOTES, barred
from allmende.participation.services.votes import VOTED_ON_PAPER, pseudonym_of, redeem

Kind = type[Ballot] | type[RankingBallot] | type[AnswerSheet] | type[Voter]
Count = type[RankingCount] | type[PairCount] | type[SurveyCount]
Told = TypeVar("Told")
SALT, BACK_SECONDS = "participation.paper", 600

VOTED_ALREADY = ErrorCode(
    "participation.voted_already",
    Text("Mit diesem Code wurde schon abgestimmt.", "This code has been voted with already."),
    Text("Der erste Stimmzettel zählt; legen Sie das Papier zu den Akten.", "The first ballot counts; file the paper."),
)
NOT_BACK = ErrorCode(
    "participation.paper_not_back",
    Text("Dieser Stimmzettel lässt sich nicht mehr zurücknehmen.", "This ballot cannot be taken back any more."),
    Text("Das geht zehn Minuten lang, und nur einmal.", "That is possible for ten minutes, and only once."),
)
COUNTED_ALREADY = ErrorCode(
    "participation.counted_already",
    Text("Ausgezählt wird einmal; das ist geschehen.", "It is counted once; that has happened."),
    Text("Die Auszählung steht auf der öffentlichen Seite.", "The count stands on the public page."),
)


def require_begun(process: Process, action: str, now: dt.datetime) -> None:
    """Refuse paper from before anybody could vote."""
    if process.state == "draft" or not any(action in span.allows and span.since <= now for span in process.spans):
        raise Conflict(rules.PHASE_CLOSED, action=rules.ACTIONS[action])


def over(process: Process, action: str, now: dt.datetime) -> bool:
    """Tell whether nobody votes any more and the last phase has begun; until then paper is still taken up."""
    spans = process.spans
    return spans[-1].since <= now and not any(action in span.allows and now < span.until for span in spans)


def to_count(waiting: QuerySet[Process], action: str, now: dt.datetime, gate: Gate) -> list[Process]:
    """Give those of which the voting is over and votes may be used; ``waiting`` are those that nobody has counted."""
    rows = waiting.exclude(state="draft").prefetch_related("phases").distinct()
    return [one for one in rows if over(one, action, now) and barred(gate, one.purpose_slug, VOTES) is None]


def require_uncounted(kind: Count, process: Process) -> None:
    """Hold a process, and refuse what comes after its count."""
    Process.objects.select_for_update().get(pk=process.pk)
    if kind.objects.filter(process=process).exists():
        raise Conflict(COUNTED_ALREADY)


def keep_count(
    kind: Count, process: Process, reckon: Callable[[Process], Told | None], now: dt.datetime
) -> Told | None:
    """Hold a process, count, and keep what may be told; nothing where fewer than ten people took part."""
    Process.objects.select_for_update().get(pk=process.pk)
    told = reckon(process)
    if told is not None:
        kind.objects.create(process=process, at=now, published=msgspec.json.encode(told).decode())
    return told


def keep(kind: Kind, process: Process, pseudonym: str, **kept: Any) -> None:
    """Keep a ballot; a second one of the same pseudonym replaces the first, but none on paper with the same code."""
    mine = kind.objects.filter(process=process, pseudonym=pseudonym, channel="online")
    if mine.update(**kept):
        return
    try:
        with transaction.atomic():
            kind.objects.create(process=process, pseudonym=pseudonym, **kept)
    except IntegrityError as error:
        # The same ballot, sent twice at once; or the paper came first.
        if not mine.update(**kept):
            raise Conflict(VOTED_ON_PAPER) from error


def name_on_paper(process: Process, code: str) -> str:
    """Give the pseudonym of a ballot from paper; with codes, the code on it says that it is one person's only."""
    return redeem(process, code) if process.level == "code" else pseudonym_of(process, "paper", rules.new_secret())


def keep_paper(kind: Kind, process: Process, name: str, *, channel: str = "paper", **kept: Any) -> str:
    """Keep a ballot from paper under its pseudonym.

    The word that it gives takes the ballot back, for ten minutes, if it was mistyped.
    """
    try:
        with transaction.atomic():
            kind.objects.create(process=process, pseudonym=name, channel=channel, **kept)
    except IntegrityError as error:
        raise Conflict(VOTED_ALREADY) from error
    return signing.dumps([process.pk, name], salt=SALT)


def take_back(kind: Kind, process: Process, word: str) -> str:
    """Delete a ballot that was just typed from paper; give its pseudonym.

    No entry is kept: it could tell who voted what.
    """
    try:
        number, name = signing.loads(word, salt=SALT, max_age=BACK_SECONDS)
    except signing.BadSignature as error:
        raise Conflict(NOT_BACK) from error
    mine = kind.objects.filter(process=process, pseudonym=name).exclude(channel="online")
    if number != process.pk or not mine.delete()[0]:
        raise Conflict(NOT_BACK)
    return str(name)
