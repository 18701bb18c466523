"""Pairs: judgements taken while the phase runs, counted once when the last phase begins."""

import datetime as dt

from django.core import signing
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.ids import number_of
from allmende.kernel.text import Text
from allmende.participation import pair_queries as queries
from allmende.participation.models import PairCount, PairJudgement, Process
from allmende.participation.pair_queries import Pair
from allmende.participation.services import ballots
from allmende.participation.services.contributions import require_open
from allmende.participation.vote_queries import statements

ACTOR, SALT = SystemActor("system:participation"), "participation.pair"
# What somebody may say to a pair, as it counts for the left one; None where they pass.
CHOICES: dict[str, int | None] = {"left": 1, "right": -1, "alike": 0, "pass": None}
NOT_SHOWN = ErrorCode(
    "participation.pair_not_shown",
    Text("Dieses Paar wurde Ihnen nicht gezeigt.", "This pair has not been shown to you."),
    Text("Laden Sie die Seite neu; dann kommt das nächste.", "Load the page anew; then the next one comes."),
)
NO_CHOICE = ErrorCode(
    "participation.no_choice",
    Text("Es ist noch nichts gewählt.", "Nothing has been chosen yet."),
    Text(
        "Wählen Sie eine der beiden Möglichkeiten, „Beide gleich“ oder „Kann ich nicht sagen“.",
        "Choose one of both options, “Both alike” or “I cannot say”.",
    ),
)


def word_of(process: Process, pseudonym: str, pair: Pair) -> str:
    """Give the word by which somebody judges a pair that they were shown, so that nobody picks their pairs."""
    return _signer(process, pseudonym).sign(f"{pair.left}-{pair.right}")


def pair_of(process: Process, pseudonym: str, word: str) -> Pair:
    """Read the word of a pair; refuse one that somebody else was shown, or nobody."""
    try:
        numbers = [number_of(number) for number in _signer(process, pseudonym).unsign(word).split("-")]
    except signing.BadSignature as error:
        raise Conflict(NOT_SHOWN) from error
    known = {one.number for one in statements(process)}
    left, right = (number if number in known else None for number in numbers)
    if left is None or right is None:
        raise Conflict(NOT_SHOWN)
    return Pair(left, right)


def _signer(process: Process, pseudonym: str) -> signing.Signer:
    return signing.Signer(salt=f"{SALT}.{process.pk}.{pseudonym}")


def judge(process: Process, pseudonym: str, pair: Pair, choice: str, now: dt.datetime) -> None:
    """Take a judgement; a second one of the same pair replaces the first. No entry is kept of who judged and when."""
    require_open(process, "compare", now)
    if choice not in CHOICES:
        raise NotFound(NO_CHOICE)
    value, (first, second) = CHOICES[choice], pair.ordered
    PairJudgement.objects.bulk_create(
        [
            PairJudgement(
                process=process,
                pseudonym=pseudonym,
                first=first,
                second=second,
                value=-value if value and pair.turned else value,
            )
        ],
        update_conflicts=True,
        update_fields=["value"],
        unique_fields=["process", "pseudonym", "first", "second"],
    )


def take_back(process: Process, pseudonym: str, pair: Pair, now: dt.datetime) -> None:
    """Delete a judgement of one's own."""
    require_open(process, "compare", now)
    first, second = pair.ordered
    PairJudgement.objects.filter(process=process, pseudonym=pseudonym, first=first, second=second).delete()


def count_ended(now: dt.datetime, gate: Gate) -> list[str]:
    """Count the comparisons that are over, once, where votes may be used; give the names of the processes."""
    waiting = Process.objects.filter(pair_judgements__isnull=False, pair_count__isnull=True)
    return [one.slug for one in ballots.to_count(waiting, "compare", now, gate) if _count(one, now)]


@transaction.atomic
def _count(process: Process, now: dt.datetime) -> bool:
    """Count one, and tell whether there was enough to count."""
    told = ballots.keep_count(PairCount, process, queries.strengths, now)
    if told is not None:
        record(ACTOR, "participation.pairs_counted", process, after={"judgements": told.judgements})
    return told is not None
