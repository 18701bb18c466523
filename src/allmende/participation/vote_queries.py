"""Reads of votes: never one by one, and of groups only what enough people said."""

import msgspec
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from allmende.participation.ballot_queries import on_paper
from allmende.participation.methods.ways import Beside, Side, beside
from allmende.participation.models import OpinionRun, Process, Statement, Topic, Vote, Voter
from allmende.participation.rules import Share, consensus, is_conflict


class Standing(msgspec.Struct, frozen=True):
    """How a statement stands: all votes, each group (None where it is too small), agreement of all groups."""

    statement: Statement
    all: Share | None
    groups: tuple[Share | None, ...]

    @property
    def known(self) -> list[Share]:
        """Give the groups that are large enough."""
        return [share for share in self.groups if share is not None]

    def groups_that(self, view: str) -> list[int]:
        """Give the places of the groups that clearly agree or disagree."""
        return [place for place, share in enumerate(self.groups) if share is not None and share.view == view]

    @property
    def conflict(self) -> bool:
        """Tell whether groups contradict each other."""
        return is_conflict(self.known)

    @property
    def consensus(self) -> float:
        """Give how far all groups agree; 0 as long as no group is large enough."""
        return consensus(self.known) if self.known else 0.0


def groups(process: Process) -> list[Topic]:
    """Give the groups to choose from."""
    return [topic for topic in process.topics.all() if topic.kind == "group"]


def statements(process: Process) -> list[Statement]:
    """Give the shown statements."""
    return list(process.statements.filter(visibility="shown").select_related("contribution__group"))


def votes_of(process: Process, pseudonym: str) -> dict[int, int]:
    """Give what a pseudonym voted online; what is on paper is shown to nobody who has its code."""
    if on_paper(process.voters.all(), pseudonym):
        return {}
    rows = Vote.objects.filter(statement__process=process, pseudonym=pseudonym)
    return dict(rows.values_list("statement_id", "value"))


def elsewhere(process: Process) -> QuerySet[Voter]:
    """Give who voted on paper or on site."""
    return Voter.objects.filter(process=process).exclude(channel="online")


def group_of(process: Process, pseudonym: str) -> str:
    """Give the group that a pseudonym chose."""
    row = Voter.objects.filter(process=process, pseudonym=pseudonym).select_related("group").first()
    return row.group.slug if row and row.group else ""


def _count(process: Process, *by: str) -> dict[tuple[object, ...], Share]:
    rows = Vote.objects.filter(statement__process=process, statement__visibility="shown")
    counted = rows.values("statement_id", *by).annotate(
        agree=Count("pk", filter=Q(value=1)),
        disagree=Count("pk", filter=Q(value=-1)),
        passed=Count("pk", filter=Q(value=0)),
    )
    return {
        tuple(row[name] for name in ("statement_id", *by)): Share(row["agree"], row["disagree"], row["passed"])
        for row in counted.order_by()
    }


def standings(process: Process) -> list[Standing]:
    """Give how every statement stands; counts of fewer people than the smallest published group are left out."""
    every, chosen = _count(process), groups(process)
    member = Voter.objects.filter(process=process, group__isnull=False).values_list("pseudonym", "group_id")
    by_group = _by_group(process, dict(member)) if chosen else {}

    def enough(share: Share | None) -> Share | None:
        return share if share is not None and share.total >= process.minimum else None

    found = []
    for statement in statements(process):
        total = enough(every.get((statement.pk,)))
        parts = [enough(by_group.get((statement.pk, group.pk))) for group in chosen]
        found.append(Standing(statement, total, _covered(total, parts, process.minimum)))
    return found


def _covered(total: Share | None, parts: list[Share | None], minimum: int) -> tuple[Share | None, ...]:
    """Leave out the smallest group, too, where a group that is too small could be found by subtracting."""
    known = [part for part in parts if part is not None]
    rest = (total.total if total else 0) - sum(part.total for part in known)
    if not known or not 0 < rest < minimum:
        return tuple(parts)
    smallest = min(known, key=lambda part: part.total)
    parts[parts.index(smallest)] = None
    return tuple(parts)


def _by_group(process: Process, member: dict[str, int | None]) -> dict[tuple[int, int], Share]:
    """Count the votes of each group."""
    rows = Vote.objects.filter(statement__process=process, statement__visibility="shown")
    found: dict[tuple[int, int], list[int]] = {}
    for statement, pseudonym, value in rows.values_list("statement_id", "pseudonym", "value").iterator():
        group = member.get(pseudonym)
        if group is not None:
            found.setdefault((statement, group), [0, 0, 0])[value] += 1
    # Index -1 of a list of three is its last place: disagreeing.
    return {key: Share(counts[1], counts[-1], counts[0]) for key, counts in found.items()}


def by_way(process: Process) -> tuple[Beside, ...]:
    """Set the votes on each statement (by number) that came online beside those from paper or on site."""
    if not elsewhere(process).exists():
        return ()
    rows = Vote.objects.filter(statement__process=process, statement__visibility="shown").order_by()
    away = Exists(elsewhere(process).filter(pseudonym=OuterRef("pseudonym")))
    counted = rows.annotate(away=away).values_list("statement__number", "away")
    sides = {
        (number, away): Side(people, agree)
        for number, away, people, agree in counted.annotate(n=Count("pk"), agree=Count("pk", filter=Q(value=1)))
    }
    nobody = Side(0, 0)
    return beside(
        {
            str(number): (sides.get((number, False), nobody), sides.get((number, True), nobody))
            for number in sorted({number for number, _ in sides})
        }
    )


def voters(process: Process) -> int:
    """Count the pseudonyms that voted."""
    return Vote.objects.filter(statement__process=process).values("pseudonym").distinct().count()


def opinions(process: Process) -> OpinionRun | None:
    """Give the opinion groups as they were found last."""
    return OpinionRun.objects.filter(process=process).first()
