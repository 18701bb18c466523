"""Processes and contributions with the names that DIPAS gives them (PDS), so that its navigator can read ours."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse

from allmende.kernel.clock import UTC
from allmende.participation.models import Contribution, Process
from allmende.participation.queries import PUBLIC_STATES

CHUNK = 2_000
Feature = dict[str, Any]


def _link(name: str, word: str) -> str:
    return f"{settings.ALLMENDE.public_url.rstrip('/')}{reverse(name, args=[word])}"


def _instant(at: dt.datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _feature(geometry: dict[str, Any] | None, about: dict[str, Any]) -> Feature:
    """Write a feature; what has no place has no geometry, never a made-up one."""
    return {"type": "Feature", "geometry": geometry, "properties": about}


def projects() -> Iterator[Feature]:
    """Give the public processes as DIPAS lists its projects."""
    shown = Count("contributions", filter=Q(contributions__visibility="shown"))
    rows = Process.objects.filter(state__in=PUBLIC_STATES).prefetch_related("phases", "topics").annotate(n=shown)
    for one in rows.order_by("pk"):
        phases = sorted(one.phases.all(), key=lambda phase: phase.since)
        yield _feature(
            None,
            {
                "id": one.slug,
                "nameFull": one.title_de,
                "description": one.purpose_de,
                "dateStart": _instant(phases[0].since) if phases else None,
                "dateEnd": _instant(phases[-1].until) if phases else None,
                "website": _link("process", one.slug),
                "owner": one.office_de,
                "standardCategories": [topic.title_de for topic in one.topics.all() if topic.kind == "category"],
                "projectContributionType": [topic.title_de for topic in one.topics.all() if topic.kind == "group"],
                "referenceSystem": "4326",
                "contributionsNumber": one.n,
                "demonstration": one.demonstration,
            },
        )


def contributions() -> Iterator[Feature]:
    """Give the shown contributions as DIPAS lists them; nobody votes against one here, so that is unknown.

    So is how many vote for it while they are fewer than ten.
    """
    said = Count("comments", filter=Q(comments__visibility="shown"))
    rows = Contribution.objects.filter(visibility="shown", process__state__in=PUBLIC_STATES).annotate(said=said)
    for one in rows.select_related("process", "category", "group").order_by("pk").iterator(CHUNK):
        yield _feature(
            one.geojson,
            {
                "id": one.number,
                "dateCreated": _instant(one.received),
                "link": _link("contribution", one.number),
                "title": one.title,
                "contributionType": one.group.title_de if one.group else "none",
                "contributionContent": one.body,
                "commentsNumber": one.said,
                "category": one.category.title_de if one.category else "none",
                "votingPro": one.supported,
                "votingContra": None,
                "belongToProject": one.process.slug,
                "dipasLocated": one.point is not None,
                "demonstration": one.process.demonstration,
            },
        )


SOURCES = {"dipas-projects": projects, "dipas-contributions": contributions}


def write(path: Path, features: Iterator[Feature]) -> int:
    """Write features one by one; give their number."""
    count, encode = 0, msgspec.json.Encoder().encode
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[')
        for feature in features:
            file.write((b",\n" if count else b"\n") + encode(feature))
            count += 1
        file.write(b"\n]}\n")
    return count
