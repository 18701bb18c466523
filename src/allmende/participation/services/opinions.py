"""Looking for opinion groups in the votes of a process, again and again while people vote."""

import datetime as dt

import msgspec
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.participation.methods.opinions.groups import VERSION, OpinionGroups, Settings, find_groups
from allmende.participation.methods.opinions.memory import Memory
from allmende.participation.methods.opinions.votes import Votes
from allmende.participation.models import OpinionRun, Process, Vote
from allmende.participation.permission import VOTES, barred

ACTOR = SystemActor("system:participation")


def look_again(now: dt.datetime, gate: Gate) -> int:
    """Look for groups where votes have come since the last run, or the method has changed; give in how many processes.

    Votes that may not be used are left alone.
    """
    done = 0
    for process in Process.objects.filter(state__in=("open", "closed"), statements__isnull=False).distinct():
        count = Vote.objects.filter(statement__process=process, statement__visibility="shown").count()
        last = OpinionRun.objects.filter(process=process).first()
        fresh = last is None or last.votes != count or told(last).version != VERSION
        if count and fresh and barred(gate, process.purpose_slug, VOTES) is None:
            find(process, last, count, now)
            done += 1
    return done


@transaction.atomic
def find(process: Process, last: OpinionRun | None, count: int, now: dt.datetime) -> OpinionRun:
    """Find the groups, and keep what may be published apart from what may not."""
    rows = Vote.objects.filter(statement__process=process, statement__visibility="shown")
    people: dict[str, int] = {}
    columns: tuple[list[int], list[int], list[int]] = ([], [], [])
    for pseudonym, statement, value in rows.values_list("pseudonym", "statement__number", "value").iterator(10_000):
        for column, number in zip(columns, (people.setdefault(pseudonym, len(people)), statement, value), strict=True):
            column.append(number)
    memory = msgspec.json.decode(last.memory, type=Memory, strict=False) if last else None
    run = find_groups(Votes.of(*columns), Settings(seed=process.slug, least_group=process.minimum), memory)
    values = {
        "at": now,
        "votes": count,
        "published": msgspec.json.encode(run.published).decode(),
        "memory": msgspec.json.encode(run.memory).decode(),
    }
    found, _ = OpinionRun.objects.update_or_create(process=process, defaults=values)
    record(ACTOR, "participation.opinions_found", process, after={"found": run.published.found, "votes": count})
    return found


def told(run: OpinionRun) -> OpinionGroups:
    """Read what may be published of a run."""
    return msgspec.json.decode(run.published, type=OpinionGroups)
