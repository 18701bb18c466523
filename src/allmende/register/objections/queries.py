"""Reads of the objections."""

import datetime as dt
import hashlib
import hmac

import msgspec
from django.db.models import QuerySet

from allmende.register.models import DataUseEvent
from allmende.register.objections.models import Objection


class Tally(msgspec.Struct, frozen=True):
    """How many cases there are, in public."""

    received: int
    open: int
    answered: int
    overdue: int


def digest(key: str) -> str:
    """Hash the key of a case; it is random, so a fast hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def case(number: str, key: str) -> Objection | None:
    """Give a case to whoever has its number and its key; a wrong key looks like an unknown number."""
    found = Objection.objects.filter(number=number.strip().upper()).first()
    if found is None or not hmac.compare_digest(found.key_digest, digest(key.strip())):
        return None
    return found


def every_case() -> QuerySet[Objection]:
    """Give all cases, newest first."""
    return Objection.objects.all()


def answered_cases() -> QuerySet[Objection]:
    """Give what is published: the answered cases, newest first."""
    return Objection.objects.filter(state="answered").order_by("-answered", "-id")


def suspended_by(number: str) -> DataUseEvent | None:
    """Give the suspension that a case brought about, while it lasts."""
    event = DataUseEvent.objects.filter(objection=number).select_related("data_use").order_by("pk").last()
    if event is None or event.state != "suspended" or event.data_use.state != "suspended":
        return None
    newest = DataUseEvent.objects.filter(data_use=event.data_use).order_by("pk").last()
    return event if newest == event else None


def tally(now: dt.datetime) -> Tally:
    """Count the cases."""
    cases = list(Objection.objects.all())
    waiting = [one for one in cases if one.state != "answered"]
    return Tally(
        received=len(cases),
        open=len(waiting),
        answered=len(cases) - len(waiting),
        overdue=sum(one.overdue(now) for one in waiting),
    )
