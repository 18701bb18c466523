"""Writes of minutes: drafting, discarding, sealing, correcting."""

import datetime as dt
from typing import Any

from django.db import transaction

from allmende.accounts.changes import snapshot
from allmende.accounts.models import Person
from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.gate.guard import MinutesTold
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.errors import Conflict
from allmende.kernel.text import Text
from allmende.register.minutes.models import AgendaItem, Minutes
from allmende.register.minutes.rules import (
    MOVED,
    OPEN_CORRECTION,
    canonical,
    number_of,
    require_draft,
    require_sealable,
    sha256,
)


@transaction.atomic
def begin(actor: Person, *, body: str, day: dt.date, attending: dict[str, int]) -> Minutes:
    """Draft the minutes of a meeting."""
    one = Minutes.objects.create(body=body, day=day, attending=attending)
    one.number = number_of(day.year, one.pk)
    one.save(update_fields=["number"])
    one.writers.add(actor)
    record(actor, "minutes.begun", one, after={"body": body, "day": day.isoformat(), "attending": attending})
    return one


def _draft(number: str, version: int) -> Minutes:
    one = Minutes.objects.select_for_update().get(number=number, version=version)
    require_draft(number, version, one.state)
    return one


@transaction.atomic
def set_head(actor: Person, *, number: str, version: int, body: str, day: dt.date, attending: dict[str, int]) -> None:
    """Change who met, when, and how many of each role took part."""
    one = _draft(number, version)
    before = snapshot(one)
    one.body, one.day, one.attending = body, day, attending
    one.save(update_fields=["body", "day", "attending"])
    one.writers.add(actor)
    names = ("body", "day", "attending")
    after = snapshot(one)
    changes = ({name: values[name] for name in names} for values in (before, after))
    record(actor, "minutes.head_changed", one, before=next(changes), after=next(changes))


@transaction.atomic
def put_item(actor: Person, *, number: str, version: int, item: int | None, values: dict[str, Any]) -> AgendaItem:
    """Add an item to a draft, or put other words in the place of one that is there."""
    one = _draft(number, version)
    known = one.items.get(pk=item) if item is not None else None
    before = known.everything if known else None
    row = known or AgendaItem(minutes=one)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    one.writers.add(actor)
    record(actor, "minutes.item_changed" if known else "minutes.item_added", one, before=before, after=row.everything)
    return row


@transaction.atomic
def drop_item(actor: Person, *, number: str, version: int, item: int) -> None:
    """Take an item out of a draft."""
    one = _draft(number, version)
    row = one.items.get(pk=item)
    record(actor, "minutes.item_dropped", one, before=row.everything)
    row.delete()
    one.writers.add(actor)


@transaction.atomic
def discard(actor: Person, *, number: str, version: int) -> None:
    """Throw a draft away; its number is not given again."""
    one = _draft(number, version)
    record(actor, "minutes.discarded", one, before={**snapshot(one), "items": [i.everything for i in one.items.all()]})
    one.delete()


@transaction.atomic
def seal(actor: Person, *, gate: Gate, number: str, version: int, seen: str, now: dt.datetime) -> Minutes:
    """Confirm a draft that somebody else wrote; from then on it is public and unchangeable, its hash in the ledger.

    Refuses a draft that is not the one that was ``seen``.
    """
    one = _draft(number, version)
    drafted, writers = one.drafted, set(one.writers.values_list("pk", flat=True))
    require_sealable(drafted, writers, actor.pk, now.astimezone(CIVIL_TIME).date())
    if seen != one.digest:
        raise Conflict(MOVED, number=number)
    one.whole_sha256, one.public = one.digest, canonical(drafted)
    one.state, one.sealed, one.confirmed_by = "sealed", now, actor
    one.save(update_fields=["whole_sha256", "public", "state", "sealed", "confirmed_by"])
    told = MinutesTold(
        number=number,
        version=version,
        body=one.body,
        day=one.day.isoformat(),
        sha256=sha256(one.public),
        whole=one.whole_sha256,
        actor=actor.email,
    )
    record(actor, "minutes.sealed", one, after={"sha256": told.sha256, "whole": told.whole})
    gate.tell_minutes(told)
    return one


@transaction.atomic
def correct(actor: Person, *, number: str, reason: Text) -> Minutes:
    """Begin another version of sealed minutes; the versions before stay as they are."""
    newest = Minutes.objects.select_for_update().filter(number=number).order_by("-version")[0]
    if newest.state == "draft":
        raise Conflict(OPEN_CORRECTION, number=number)
    one = Minutes.objects.create(
        number=number,
        version=newest.version + 1,
        body=newest.body,
        day=newest.day,
        attending=newest.attending,
        correction_de=reason.de,
        correction_en=reason.en,
    )
    one.writers.add(actor)
    for item in newest.items.all():
        item.pk, item.minutes = None, one
        item._state.adding = True
        item.save()
    record(actor, "minutes.correction_begun", one, after={"reason": reason.de})
    return one
