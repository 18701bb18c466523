"""Reads of workshops: how many places are left, and what was heard; people only for the staff."""

import msgspec
from django.db.models import Count, F

from allmende.participation.methods.least import enough, told
from allmende.participation.models import Contribution, Process, Registration, Workshop
from allmende.participation.queries import TOLD


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
    rows = Workshop.objects.filter(process=process).select_related("process").annotate(n=Count("heard"))
    return [Seats(one, counts.get(one.pk, 0), one.__dict__["n"]) for one in rows]


def workshop(process: Process, number: int) -> Seats | None:
    """Give a workshop of a process."""
    return next((one for one in workshops_of(process) if one.workshop.pk == number), None)


def heard_at(one: Workshop) -> list[Contribution]:
    """Give the shown contributions that were heard at a workshop."""
    return list(Contribution.objects.filter(heard_at__workshop=one, visibility="shown").order_by("id"))


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
