"""Reads of workshops: how many places are left, and what was heard; people only for the staff."""

import msgspec
from django.db.models import Count, F, Q

from allmende.participation.methods.least import enough, told
from allmende.participation.models import AgendaItem, CardPhoto, Contribution, Process, Registration, Workshop
from allmende.participation.queries import TOLD
from allmende.participation.rules import CHANNELS

SHOWN = Q(heard__contribution__visibility="shown")


class Seats(msgspec.Struct, frozen=True):
    """A workshop, how many have a place, how many contributions were heard there."""

    workshop: Workshop
    taken: int
    heard: int

    @property
    def left(self) -> int:
        """Count the free places, for the staff."""
        return max(0, self.workshop.places - self.taken)

    @property
    def free(self) -> int | None:
        """Count the free places in public; None where that tells of one to nine people, unless all are taken."""
        return self.left if enough(self.taken) or not self.left else None

    @property
    def came(self) -> int | None:
        """Tell how many came."""
        return told(self.workshop.came)


def workshops_of(process: Process) -> list[Seats]:
    """Give the workshops of a process."""
    taken = Registration.objects.filter(workshop__process=process, state="placed").order_by()
    counts = dict(taken.values_list("workshop").annotate(n=Count("pk")))
    rows = Workshop.objects.filter(process=process).select_related("process").annotate(n=Count("heard", filter=SHOWN))
    return [Seats(one, counts.get(one.pk, 0), one.__dict__["n"]) for one in rows]


def workshop(process: Process, number: int) -> Seats | None:
    """Give a workshop of a process."""
    return next((one for one in workshops_of(process) if one.workshop.pk == number), None)


class HeardCount(msgspec.Struct, frozen=True):
    """How many contributions came from a workshop, by way, and how many of them are answered."""

    onsite: int
    paper: int
    answered: int


def heard_at(one: Workshop) -> dict[int | None, list[Contribution]]:
    """Give the shown contributions that were heard at a workshop, by item; None for those of no item."""
    rows = Contribution.objects.filter(heard_at__workshop=one, visibility="shown").select_related("heard_at")
    found: dict[int | None, list[Contribution]] = {}
    for row in rows.order_by("id"):
        found.setdefault(row.heard_at.item_id, []).append(row)
    return found


def counted(heard: dict[int | None, list[Contribution]]) -> HeardCount:
    """Count what was heard; questions asked by telephone in the room were on site, too."""
    every = [one for rows in heard.values() for one in rows]
    ways = {way: sum(one.channel == way for one in every) for way in CHANNELS}
    return HeardCount(ways["onsite"], ways["paper"], sum(one.answered is not None for one in every))


def agenda_of(one: Workshop) -> list[AgendaItem]:
    """Give the items of a workshop by time."""
    return list(one.agenda.select_related("workshop"))


class Pinned(msgspec.Struct, frozen=True):
    """A photo of cards, and how many contributions came from it, but for those that were taken back."""

    photo: CardPhoto
    typed: int


def card_photos(one: Workshop) -> list[Pinned]:
    """Give the photos of cards of a workshop, for the staff."""
    there = ~Q(heard__contribution__visibility="withdrawn")
    rows = one.card_photos.annotate(n=Count("heard", filter=there))
    return [Pinned(row, row.__dict__["n"]) for row in rows]


def questions(one: Workshop) -> list[Contribution]:
    """Give the shown questions of a workshop: open ones first, then what most want to know, as far as it is told."""
    rows = Contribution.objects.filter(heard_at__workshop=one, kind="question", visibility="shown")
    return list(rows.annotate(told=TOLD).order_by(F("answered").asc(nulls_first=True), "-told", "id"))


def registrations(one: Workshop) -> list[Registration]:
    """Give who wants to come, for the staff."""
    return list(one.registrations.all())


def topics_of(process: Process) -> dict[str, str]:
    """Give the short names of the subjects by all that may be written for them."""
    rows = [topic for topic in process.topics.all() if topic.kind == "category"]
    return {name.casefold(): one.slug for one in rows for name in (one.slug, one.title_de, one.title_en)}
