"""Reads of panels: the rules, what was published, and what of the pool may be told."""

import msgspec

from allmende.participation.methods.panels.ceremony import Ceremony
from allmende.participation.methods.panels.pool import Person, Pool, Quota
from allmende.participation.methods.panels.published import Lottery
from allmende.participation.models import Panel, PoolPerson, Process, Seat


def panel_of(process: Process) -> Panel | None:
    """Give the panel of a process that has one."""
    return Panel.objects.filter(process=process).first()


def quotas_of(panel: Panel) -> list[Quota]:
    """Give the quotas."""
    return msgspec.convert(panel.quotas, list[Quota])


def pool_of(panel: Panel) -> Pool:
    """Give the people who are willing, without their contacts."""
    rows = PoolPerson.objects.filter(panel=panel).order_by("number")
    people = (Person(row.number, row.features, row.household or None) for row in rows.iterator(5_000))
    return Pool.of(panel.size, quotas_of(panel), people)


def lottery_of(panel: Panel) -> Lottery | None:
    """Give the published table of lots."""
    return msgspec.json.decode(panel.lottery, type=Lottery) if panel.lottery else None


def ceremony_of(panel: Panel) -> Ceremony | None:
    """Give the published draw."""
    return msgspec.json.decode(panel.draw, type=Ceremony) if panel.draw else None


def seats_of(panel: Panel) -> list[Seat]:
    """Give who was drawn or follows, with the answers."""
    return list(panel.seats.all())
