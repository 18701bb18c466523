"""Who was reached: groups that people named themselves beside the city's people, and the ways they came."""

import msgspec
from django.db.models import Count, QuerySet

from allmende.participation import ballot_queries, survey_queries, vote_queries, workshop_queries
from allmende.participation.methods.least import covered, enough, told
from allmende.participation.models import Contribution, Process, Topic, Vote, Voter


class Reached(msgspec.Struct, frozen=True):
    """A group: its people in the city, those of it who voted, what was handed in by it; None is not known or told."""

    group: Topic
    share_of_city: float | None
    voters: int | None
    share_of_voters: float | None
    contributions: int

    @property
    def apart(self) -> int | None:
        """Give by how many percentage points it voted more than it has people; below nought, less."""
        if self.share_of_city is None or self.share_of_voters is None:
            return None
        return round(100 * (self.share_of_voters - self.share_of_city))

    @property
    def apart_written(self) -> str:
        """Write that difference with its sign."""
        return f"{self.apart:+d}".replace("-", "−") if self.apart is not None else ""


class Reach(msgspec.Struct, frozen=True):
    """All that can be told of who took part."""

    groups: list[Reached]
    voters: int | None
    named: int | None
    contributions: dict[str, int]
    ballots: ballot_queries.Turnout | None
    workshops: list[workshop_queries.Seats]


def reach(process: Process) -> Reach:
    """Tell who was reached; nothing of one to nine people, not even by subtracting."""
    chosen = vote_queries.groups(process)
    voted = Vote.objects.filter(statement__process=process).values("pseudonym")
    rows = Voter.objects.filter(process=process, group__isnull=False, pseudonym__in=voted).order_by()
    counts = dict.fromkeys((group.slug for group in chosen), 0) | dict(
        rows.values_list("group__slug").annotate(n=Count("pk"))
    )
    voters = vote_queries.voters(process)
    shown = covered(voters, counts) if enough(voters) else dict.fromkeys(counts)
    # A share of what is not told whole would tell the rest.
    named = None if None in shown.values() else told(sum(counts.values()))
    city = sum(group.people or 0 for group in chosen)
    whole = bool(chosen) and all(group.people for group in chosen)
    wrote = dict(_shown(process).values_list("group__slug").annotate(n=Count("pk")))
    return Reach(
        groups=[
            Reached(
                group=group,
                share_of_city=(group.people or 0) / city if whole else None,
                voters=shown[group.slug],
                share_of_voters=counts[group.slug] / named if named else None,
                contributions=wrote.get(group.slug, 0),
            )
            for group in chosen
        ],
        voters=told(voters),
        named=named,
        contributions=dict(_shown(process).values_list("channel").annotate(n=Count("pk"))),
        ballots=_turnout(process),
        workshops=workshop_queries.workshops_of(process) if "workshops" in process.form.parts else [],
    )


def _turnout(process: Process) -> ballot_queries.Turnout | None:
    if "proposals" in process.form.parts:
        return ballot_queries.turnout(process.ballots.all())
    if "questions" in process.form.parts:
        return survey_queries.turnout_of(process)
    return ballot_queries.turnout(process.rankings.all()) if "ranking" in process.form.parts else None


def _shown(process: Process) -> QuerySet[Contribution]:
    return Contribution.objects.filter(process=process, visibility="shown").order_by()
