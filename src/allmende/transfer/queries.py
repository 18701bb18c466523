"""Reads of findings, each as it was published on a day."""

import datetime as dt

import msgspec
from django.db.models import Exists, OuterRef

from allmende.programme.models import Project, Source
from allmende.transfer.models import DRAFT, PUBLISHED, Adoption, Export, FindingVersion, Import
from allmende.transfer.package.form import Origin
from allmende.transfer.rules import FindingContent


class Finding(msgspec.Struct, frozen=True):
    """What a project taught on a day."""

    version: FindingVersion
    content: FindingContent

    @property
    def project(self) -> Project:
        """Give the project."""
        return self.version.project


def findings_on(day: dt.date, *, phase: str = "", topic: str = "", text: str = "") -> list[Finding]:
    """Give of each project what was published last up to a day, narrowed by phase, topic and words."""
    published = FindingVersion.objects.filter(state=PUBLISHED, published_on__lte=day)
    later = published.filter(project=OuterRef("project"), number__gt=OuterRef("number"))
    rows = published.filter(~Exists(later)).select_related("project").order_by("-published_on", "project__position")
    words = text.casefold().split()
    return [one for one in (Finding(row, row.told) for row in rows) if _fits(one, phase, topic, words)]


def _fits(one: Finding, phase: str, topic: str, words: list[str]) -> bool:
    if (phase and one.content.phase != phase) or (topic and topic not in one.content.topics):
        return False
    if not words:
        return True
    searched = f"{one.project.title_de} {one.project.title_en} ".casefold() + one.content.words()
    return all(word in searched for word in words)


def finding_on(slug: str, day: dt.date) -> Finding | None:
    """Give what one project taught on a day; None where nothing was published."""
    rows = versions_of(slug, day)
    return Finding(rows[0], rows[0].told) if rows else None


def versions_of(slug: str, day: dt.date) -> list[FindingVersion]:
    """Give the published versions of a project's finding up to a day, newest first."""
    rows = FindingVersion.objects.filter(project__slug=slug, state=PUBLISHED, published_on__lte=day)
    return list(rows.select_related("project").order_by("-number"))


def draft_of(project: Project) -> FindingVersion | None:
    """Give the draft of a project, if there is one."""
    return FindingVersion.objects.filter(project=project, state=DRAFT).select_related("project").first()


def newest_of(project: Project) -> FindingVersion | None:
    """Give the newest version of a project, draft or published."""
    return FindingVersion.objects.filter(project=project).order_by("-number").first()


def newest_by_project() -> dict[int, list[FindingVersion]]:
    """Give all versions by project, newest first, for the staff's list."""
    found: dict[int, list[FindingVersion]] = {}
    for row in FindingVersion.objects.order_by("project", "-number").defer("content"):
        found.setdefault(row.project_id, []).append(row)
    return found


def sources_of(content: FindingContent) -> list[Source]:
    """Give the sources that a finding names, in its order."""
    known = {row.slug: row for row in Source.objects.filter(slug__in=content.sources)}
    return [known[name] for name in content.sources if name in known]


class Lineage(msgspec.Struct, frozen=True):
    """Where a project came from, and who took it over."""

    came: Import | None
    given: tuple[Export, ...]
    adopted: tuple[Adoption, ...]

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Give the cities that it came from, the nearest first."""
        return self.came.origins if self.came else ()

    @property
    def offered(self) -> Export | None:
        """Give the newest package that everybody may fetch."""
        return next((one for one in self.given if one.published_on is not None), None)


def lineage_of(project: Project, day: dt.date) -> Lineage | None:
    """Give what was known of it on a day; None where a project neither came nor went."""
    came = Import.objects.filter(project=project, undone_on__isnull=True, day__lte=day).first()
    given = tuple(Export.objects.filter(project=project, day__lte=day))
    adopted = tuple(Adoption.objects.filter(export__project=project, day__lte=day).select_related("export"))
    return Lineage(came, given, adopted) if came or given else None


def offered_package(slug: str) -> Export | None:
    """Give the newest package of a project that everybody may fetch."""
    return Export.objects.filter(project__slug=slug, published_on__isnull=False).first()


def imports() -> list[Import]:
    """Give all imports, newest first."""
    return list(Import.objects.select_related("project").prefetch_related("items"))


def exports() -> list[Export]:
    """Give all exports, newest first."""
    return list(Export.objects.select_related("project").prefetch_related("adoptions"))
