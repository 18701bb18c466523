"""Reads of the council's papers, for whoever links one to a decision."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from allmende.council.models import AgendaItem, CouncilSystem, Paper


def papers(search: str = "") -> QuerySet[Paper]:
    """Give the papers, newest first; those whose name, number or kind holds the words. Withdrawn ones stay out."""
    found = Paper.objects.filter(deleted=False)
    for word in search.split():
        found = found.filter(Q(name__icontains=word) | Q(reference__icontains=word) | Q(kind__icontains=word))
    return found


def paper(url: str) -> Paper | None:
    """Give a paper, also a withdrawn one, by an address that a decision may name: its own, its page's, its file's."""
    return Paper.objects.filter(Q(url=url) | Q(web=url) | Q(file=url)).exclude(url="").first() if url else None


def dealt_with(several: Sequence[Paper]) -> dict[int, list[AgendaItem]]:
    """Give the items of agendas at which papers were dealt with, in order of time."""
    named = {url for one in several for url in (*one.items, *one.consultations)}
    rows = AgendaItem.objects.filter(Q(url__in=named) | Q(consultation__in=named))
    found: dict[int, list[AgendaItem]] = {one.pk: [] for one in several}
    for row in rows:
        for one in several:
            if row.url in one.items or (row.consultation and row.consultation in one.consultations):
                found[one.pk].append(row)
    return found


def systems() -> list[CouncilSystem]:
    """Give the systems that are asked, or were."""
    return list(CouncilSystem.objects.all())


def due(now: dt.datetime) -> list[CouncilSystem]:
    """Give the systems that are to be asked now."""
    active = CouncilSystem.objects.filter(active=True)
    return [one for one in active if one.last_run is None or one.last_run + dt.timedelta(hours=one.every_hours) <= now]
