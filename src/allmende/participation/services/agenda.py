"""The agenda of a workshop: items put, moved and taken out, what was discussed, and what follows from all of it."""

import datetime as dt

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.participation import agenda
from allmende.participation.models import AgendaItem, Workshop

OUTSIDE = ErrorCode(
    "participation.item_outside",
    Text(
        "Der Punkt liegt nicht ganz in der Werkstatt: Sie geht von {begins} bis {ends}.",
        "The item does not lie within the workshop: it goes from {begins} to {ends}.",
    ),
    Text("Ändern Sie die Zeit des Punktes, oder die der Werkstatt.", "Change the item's time, or the workshop's."),
)
IN_THE_WAY = ErrorCode(
    "participation.item_in_the_way",
    Text("Von {begins} bis {ends} steht schon „{title}“.", "From {begins} to {ends} there is “{title}” already."),
    Text(
        "Nehmen Sie eine andere Zeit; was nebeneinander läuft, braucht verschiedene Orte.",
        "Take another time; what goes on side by side needs different places.",
    ),
)
NO_ITEM = ErrorCode(
    "participation.unknown_item",
    Text("Diesen Punkt gibt es nicht mehr.", "This item exists no more."),
    Text("Laden Sie die Seite neu; jemand hat ihn gelöscht.", "Load the page anew; somebody deleted it."),
)
NOT_EMPTY = ErrorCode(
    "participation.agenda_not_empty",
    Text("Diese Werkstatt hat schon einen Ablauf.", "This workshop has an agenda already."),
    Text("Löschen Sie ihn zuerst.", "Delete it first."),
)
TOO_LONG = ErrorCode(
    "participation.agenda_too_long",
    Text("Der Ablauf braucht {needs} Minuten, die Werkstatt hat {has}.", "The agenda needs {needs} minutes of {has}."),
    Text("Kürzen Sie den Ablauf, oder verlängern Sie die Werkstatt.", "Shorten the agenda, or lengthen the workshop."),
)
NOT_OVER = ErrorCode(
    "participation.workshop_not_begun",
    Text("Die Werkstatt hat noch nicht begonnen.", "The workshop has not begun yet."),
    Text("Fassen Sie sie danach zusammen.", "Sum it up afterwards."),
)
COPIED = ("after", "lasts", "title_de", "title_en", "leads", "place", "links_to", "target", "paper")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item: from which minute of the workshop on, how many minutes; ``discussed`` is what the minutes say."""

    title: Text
    after: int
    lasts: int
    leads: str = ""
    place: str = ""
    links_to: str = ""
    target: str = ""
    paper: str = ""
    discussed: Text | None = None


def locked(workshop: Workshop) -> Workshop:
    """Give a workshop alone to one writer, so that two items do not get the same time, nor two photos one number."""
    return Workshop.objects.select_for_update(of=("self",)).select_related("process").get(pk=workshop.pk)


def _clock(workshop: Workshop, minutes: int) -> str:
    return f"{(workshop.begins + dt.timedelta(minutes=minutes)).astimezone(CIVIL_TIME):%H:%M}"


def _require_room(workshop: Workshop, item: AgendaItem) -> None:
    """Refuse an item that lies outside the workshop, or where another stands."""
    if item.after < 0 or item.lasts < 1 or item.after + item.lasts > workshop.length:
        raise Invalid(OUTSIDE, begins=_clock(workshop, 0), ends=_clock(workshop, workshop.length))
    other = agenda.in_the_way(item, workshop.agenda.exclude(pk=item.pk))
    if other is not None:
        begins, ends = _clock(workshop, other.after), _clock(workshop, other.after + other.lasts)
        raise Conflict(IN_THE_WAY, begins=begins, ends=ends, title=other.title)


def _item(workshop: Workshop, number: int) -> AgendaItem:
    found = workshop.agenda.filter(pk=number).first()
    if found is None:
        raise NotFound(NO_ITEM)
    return found


def require_fits(workshop: Workshop, minutes: int) -> None:
    """Refuse to shorten a workshop below its agenda."""
    needs = max((_end(one) for one in workshop.agenda.all()), default=0)
    if needs > minutes:
        raise Invalid(TOO_LONG, needs=needs, has=minutes)


@transaction.atomic
def put_item(actor: Actor, workshop: Workshop, item: Item, number: int | None = None) -> AgendaItem:
    """Add an item, or change one; it has to lie within the workshop, and not where another stands."""
    one = locked(workshop)
    found = _item(one, number) if number is not None else AgendaItem(workshop=one)
    before = {"title": found.title_de, "after": found.after, "lasts": found.lasts} if number is not None else None
    found.title_de, found.title_en = item.title.de, item.title.en
    found.minutes_de, found.minutes_en = (item.discussed.de, item.discussed.en) if item.discussed else ("", "")
    for name in COPIED:
        if not name.startswith("title"):
            setattr(found, name, getattr(item, name))
    _require_room(one, found)
    found.save()
    after = {"workshop": one.pk, "title": found.title_de, "after": found.after, "lasts": found.lasts}
    record(actor, "participation.agenda_set", one.process, before=before, after=after)
    return found


@transaction.atomic
def drop_item(actor: Actor, workshop: Workshop, number: int) -> None:
    """Take an item out, with what the minutes say of it; what was heard there stays with the workshop."""
    one = locked(workshop)
    found = _item(one, number)
    before = {"title": found.title_de, "minutes": found.minutes_de}
    found.delete()
    record(actor, "participation.agenda_item_dropped", one.process, before=before, after={"workshop": one.pk})


@transaction.atomic
def move_item(actor: Actor, workshop: Workshop, number: int, *, up: bool) -> None:
    """Let an item change places with the one before or after it; each keeps how long it lasts."""
    one = locked(workshop)
    items = list(one.agenda.all())
    found = _item(one, number)
    earlier: AgendaItem | None = found
    later: AgendaItem | None = found
    if up:
        earlier = max((row for row in items if _end(row) <= found.after), key=_end, default=None)
    else:
        later = min((row for row in items if row.after >= _end(found)), key=_begin, default=None)
    if earlier is None or later is None:
        return
    earlier.after, later.after = agenda.swapped(earlier, later)
    rest = [row for row in items if row.pk not in (earlier.pk, later.pk)]
    blocking = agenda.in_the_way(earlier, rest) or agenda.in_the_way(later, rest)
    if blocking is not None:
        begins, ends = _clock(one, blocking.after), _clock(one, blocking.after + blocking.lasts)
        raise Conflict(IN_THE_WAY, begins=begins, ends=ends, title=blocking.title)
    for row in (earlier, later):
        row.save(update_fields=["after"])
    record(actor, "participation.agenda_set", one.process, after={"workshop": one.pk, "title": found.title_de})


def _end(row: AgendaItem) -> int:
    return row.after + row.lasts


def _begin(row: AgendaItem) -> int:
    return row.after


@transaction.atomic
def copy_agenda(actor: Actor, workshop: Workshop, source: Workshop) -> int:
    """Begin with the agenda of another workshop, as long after the beginning; give how many items there are."""
    one = locked(workshop)
    if one.agenda.exists():
        raise Conflict(NOT_EMPTY)
    require_fits(source, one.length)
    rows = list(source.agenda.all())
    AgendaItem.objects.bulk_create(
        AgendaItem(workshop=one, **{name: getattr(row, name) for name in COPIED}) for row in rows
    )
    record(actor, "participation.agenda_set", one.process, after={"workshop": one.pk, "items": len(rows)})
    return len(rows)


@transaction.atomic
def sum_up(actor: Actor, workshop: Workshop, said: Text, follows: Text | None, now: dt.datetime) -> None:
    """Publish what was said at a workshop and what follows; what was published before stays in the trail."""
    one = locked(workshop)
    if now < one.begins:
        raise Conflict(NOT_OVER)
    before = {"said": one.said_de, "follows": one.follows_de}
    one.said_de, one.said_en = said.de, said.en
    one.follows_de, one.follows_en = (follows.de, follows.en) if follows else ("", "")
    one.summed_up = now
    one.save(update_fields=["said_de", "said_en", "follows_de", "follows_en", "summed_up"])
    after = {"workshop": one.pk, "said": one.said_de, "follows": one.follows_de}
    record(actor, "participation.workshop_summed_up", one.process, before=before, after=after)
