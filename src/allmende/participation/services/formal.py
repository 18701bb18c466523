"""Formal procedures of other bodies: messages are kept, and each card shows what the newest of them say."""

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation.models import FormalMessage, FormalProcedure
from allmende.participation.xbeteiligung import DELETED, Message, Plan

SAME_ID = ErrorCode(
    "participation.message_differs",
    Text(
        "{source}: Die nachrichtenUUID {uuid} kam schon mit anderem Inhalt.",
        "{source}: the nachrichtenUUID {uuid} has come before with other contents.",
    ),
    Text(
        "Nichts wurde übernommen. Bitten Sie den Absender um eine Nachricht mit eigener Kennung.",
        "Nothing was taken. Ask its sender for a message with an id of its own.",
    ),
)
RESULTS: dict[str, Text] = {
    "new": Text("neu", "new"),
    "updated": Text("geändert", "changed"),
    "withdrawn": Text("zurückgezogen", "withdrawn"),
    "kept": Text("aufgehoben; was zu sehen ist, ändert sich nicht", "kept; what is shown does not change"),
    "known": Text("war schon da", "was there already"),
}
_PLAIN = ("title", "authority", "kind", "kind_name", "description", "place", "url")


class Came(msgspec.Struct, frozen=True):
    """A message and the file from which it came."""

    source: str
    message: Message


class Taken(msgspec.Struct, frozen=True):
    """What became of a message: one of ``RESULTS``."""

    source: str
    plan_id: str
    title: str
    result: str
    hints: tuple[Text, ...] = ()


@transaction.atomic
def take(
    actor: Actor, several: Sequence[Came], *, now: dt.datetime, own_url: str = "", demonstration: bool = False
) -> list[Taken]:
    """Keep messages, all or none, and bring the cards up to date; the order in which they come does not matter.

    ``own_url`` is the address for cards whose messages name none.
    """
    batch, found = secrets.token_hex(8), []
    for came in several:
        found.append(_take(came, batch, now, own_url, demonstration))
    counts = {name: sum(one.result == name for one in found) for name in RESULTS}
    record(actor, "participation.formal_taken", f"formal:{batch}", after={k: n for k, n in counts.items() if n})
    return found


def look(several: Sequence[Came], actor: Actor, *, now: dt.datetime) -> list[Taken]:
    """Tell what would become of messages; nothing of it stays."""
    with transaction.atomic():
        found = take(actor, several, now=now)
        transaction.set_rollback(True)
    return found


def _take(came: Came, batch: str, now: dt.datetime, own_url: str, demonstration: bool) -> Taken:
    message = came.message
    defaults = {"received": now, "demonstration": demonstration}
    FormalProcedure.objects.get_or_create(plan_id=message.plan_id, defaults=defaults)
    card = FormalProcedure.objects.select_for_update().get(plan_id=message.plan_id)
    if own_url and not card.own_url:
        card.own_url = own_url
    before = _state(card)
    said = _said(message)
    row = FormalMessage.objects.filter(uuid=message.uuid).first()
    if row is not None and (row.procedure_id != card.pk or row.said != said or row.at != message.at):
        raise Conflict(SAME_ID, source=came.source, uuid=message.uuid)
    if row is not None:
        return Taken(came.source, card.plan_id, card.title, "known", message.hints)
    FormalMessage.objects.create(
        procedure=card,
        uuid=message.uuid,
        kind=message.kind,
        at=message.at,
        version=message.version[:20],
        said=said,
        received=now,
        source=came.source[:200],
        batch=batch,
    )
    _derive(card)
    return Taken(came.source, card.plan_id, card.title, _result(before, _state(card)), message.hints)


def _said(message: Message) -> dict[str, Any]:
    """Give what is kept of a message: the plan, or what a deletion deletes."""
    tree = {"deletes": message.deletes} if message.plan is None else {"plan": msgspec.to_builtins(message.plan)}
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(tree))
    return found


def _state(card: FormalProcedure) -> dict[str, object]:
    """Give what is to be seen of a card."""
    names = (one.name for one in FormalProcedure._meta.concrete_fields)
    return {name: getattr(card, name) for name in names if name not in ("received", "source", "at")}


def _result(before: dict[str, object], after: dict[str, object]) -> str:
    if after["withdrawn"] and not before["withdrawn"]:
        return "withdrawn"
    if before == after:
        return "kept"
    return "updated" if before["title"] else "new"


def _derive(card: FormalProcedure) -> None:
    """Write what the newest messages say onto a card; one of which no message is left goes.

    The plan is that of the newest message that tells of it. Its period is that of the newest that speaks of the
    public: an update about the participation of authorities does not take back what residents were told.
    """
    rows = list(card.messages.all())
    if not rows:
        card.delete()
        return
    told = [(row, msgspec.convert(row.said["plan"], Plan)) for row in rows if row.kind != DELETED]
    plan = told[-1][1] if told else Plan(title="", authority="")
    public = next((one.public for _, one in reversed(told) if one.public is not None), None)
    for name in _PLAIN:
        setattr(card, name, getattr(plan, name))
    card.step, card.step_name = (public.step, public.step_name) if public else (plan.step, plan.step_name)
    card.number, card.begins, card.ends, card.note = (
        (public.number, public.begins, public.ends, public.note) if public else (None, None, None, "")
    )
    sides = (plan.area.west, plan.area.south, plan.area.east, plan.area.north) if plan.area else (None,) * 4
    card.west, card.south, card.east, card.north = sides
    newest = told[-1][0] if told else rows[-1]
    card.at, card.received, card.source = newest.at, newest.received, newest.source
    card.withdrawn = _withdrawn(rows, told)
    card.save()


def _withdrawn(rows: list[FormalMessage], told: list[tuple[FormalMessage, Plan]]) -> dt.datetime | None:
    """Give when a card was withdrawn: by a deletion after which nothing was said any more.

    One that names the participation of authorities leaves the card: residents may go on taking part.
    """
    ours = {one.public.name for _, one in told if one.public and one.public.name}
    theirs = {one.authorities for _, one in told if one.authorities} - ours
    for row in reversed(rows):
        if row.kind != DELETED:
            return None
        if row.said["deletes"] not in theirs:
            return row.at
    return None


@transaction.atomic
def take_back(actor: Actor, batch: str) -> int:
    """Take back the messages that came in one go, as if they had never come; give how many these were."""
    rows = FormalMessage.objects.filter(batch=batch)
    numbers = set(rows.values_list("procedure", flat=True))
    cards = list(FormalProcedure.objects.select_for_update().filter(pk__in=numbers))
    count = rows.delete()[0]
    for card in cards:
        _derive(card)
    if count:
        record(actor, "participation.formal_taken_back", f"formal:{batch}", before={"messages": count})
    return count


@transaction.atomic
def show(actor: Actor, card: FormalProcedure, *, hidden: bool, own_url: str) -> None:
    """Remove a card from the pages or show it again, and keep the address that the staff found out."""
    before = {"hidden": card.hidden, "own_url": card.own_url}
    card.hidden, card.own_url = hidden, own_url
    card.save(update_fields=["hidden", "own_url"])
    record(actor, "participation.formal_set", card, before=before, after={"hidden": hidden, "own_url": own_url})
