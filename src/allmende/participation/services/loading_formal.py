"""The formal procedures of a pack's demonstration: made up, and told by messages as real ones are."""

import datetime as dt
from collections.abc import Sequence

from allmende.accounts.rules import SystemActor
from allmende.kernel.clock import CIVIL_TIME
from allmende.participation.content import FormalEntry
from allmende.participation.models import FormalProcedure
from allmende.participation.plan_area import Area
from allmende.participation.services.formal import Came, take
from allmende.participation.xbeteiligung import FOUND, Message, Plan, Round

ACTOR = SystemActor("system:demonstration")


def load_formal(entries: Sequence[FormalEntry], now: dt.datetime) -> None:
    """Add those that are not there yet."""
    known = set(FormalProcedure.objects.values_list("plan_id", flat=True))
    several = [Came("Vorführung", _message(one, now)) for one in entries if one.plan_id not in known]
    if several:
        take(ACTOR, several, now=now, demonstration=True)


def _message(entry: FormalEntry, now: dt.datetime) -> Message:
    day = now.astimezone(CIVIL_TIME).date()
    begins, ends = (day + dt.timedelta(days=days) for days in (entry.begins_in_days, entry.ends_in_days))
    plan = Plan(
        title=entry.title,
        authority=entry.authority,
        kind=entry.kind,
        step=entry.step,
        description=entry.description,
        place=entry.place,
        url=entry.url,
        area=Area(*entry.area),
        public=Round(step=entry.step, number=1, begins=begins, ends=ends),
    )
    return Message(kind=FOUND, uuid=entry.plan_id, at=now, version="1.3", plan_id=entry.plan_id, plan=plan)
