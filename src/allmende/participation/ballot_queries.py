"""How many ballots there are, by the way they came: on money, on an order, and sheets of a survey."""

import msgspec
from django.db.models import Count, QuerySet

from allmende.participation.methods.least import enough, told
from allmende.participation.models import AnswerSheet, Ballot, RankingBallot, Voter
from allmende.participation.rules import CHANNELS

Ballots = QuerySet[Ballot] | QuerySet[RankingBallot] | QuerySet[AnswerSheet] | QuerySet[Voter]


class Turnout(msgspec.Struct, frozen=True):
    """How many ballots there are, by the way they came; None for one to nine, and where those could be reckoned."""

    all: int | None
    channels: dict[str, int | None]


def on_paper(ballots: Ballots, pseudonym: str) -> bool:
    """Tell whether somebody has voted on paper or on site already."""
    return ballots.filter(pseudonym=pseudonym).exclude(channel="online").exists()


def turnout(ballots: Ballots) -> Turnout:
    """Count the ballots; online and on paper apart, where that tells nothing of fewer than ten people."""
    rows = ballots.order_by().values_list("channel").annotate(n=Count("pk"))
    counts = dict.fromkeys(CHANNELS, 0) | dict(rows)
    total = sum(counts.values())
    apart = all(enough(count) for count in counts.values())
    channels = {name: count if apart else None for name, count in counts.items()}
    return Turnout(told(total), channels)
