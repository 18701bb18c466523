"""Writes of findings: drafted by one person, published by another."""

import msgspec
from django.db import transaction

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.programme.models import Project, Source
from allmende.transfer.content import FindingEntry, FindingsContent
from allmende.transfer.models import DRAFT, PUBLISHED, FindingVersion
from allmende.transfer.queries import draft_of, newest_of
from allmende.transfer.rules import FindingContent, hindrance

NO_DRAFT = ErrorCode(
    "transfer.no_draft",
    Text("Zu diesem Projekt gibt es keinen Entwurf.", "There is no draft for this project."),
    Text("Legen Sie zuerst einen an.", "Make one first."),
)
CHANGED = ErrorCode(
    "transfer.edited_meanwhile",
    Text("Inzwischen hat jemand anderes diesen Entwurf geändert.", "Somebody else changed this draft meanwhile."),
    Text("Laden Sie die Seite neu, und lesen Sie die neue Fassung.", "Reload, and read the new version."),
)
SECOND = ErrorCode(
    "transfer.second_person",
    Text(
        "Wer an der Erkenntnis gearbeitet hat, veröffentlicht sie nicht.",
        "Who worked on the finding does not publish it.",
    ),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)
UNKNOWN = ErrorCode(
    "transfer.unknown_name",
    Text("Erkenntnis zu {project}: „{name}“ gibt es nicht.", "Finding of {project}: there is no “{name}”."),
    Text("Berichtigen Sie den Namen, oder legen Sie den Eintrag an.", "Correct the name, or add the entry."),
)


def builtin(content: FindingContent) -> dict[str, object]:
    """Give a content as JSON keeps it, without what is unknown."""
    plain: dict[str, object] = msgspec.to_builtins(content)
    return {name: value for name, value in plain.items() if value not in (None, [], ())}


@transaction.atomic
def write_finding(actor: Actor, *, project: Project, content: FindingContent, edits: int | None) -> FindingVersion:
    """Write the draft of a project, or begin one; ``edits`` tells which state the writer saw, None that there was none.

    The next version begins as a draft beside the published one, which stays what everybody reads.
    """
    _require_sources(project.slug, content)
    row = FindingVersion.objects.select_for_update().filter(project=project, state=DRAFT).first()
    if (row.edits if row else None) != edits:
        raise Conflict(CHANGED)
    before = row.content if row else None
    if row is None:
        newest = newest_of(project)
        row = FindingVersion(project=project, number=newest.number + 1 if newest else 1)
    row.content, row.edits = builtin(content), (edits or 0) + 1
    row.save()
    if isinstance(actor, Person):
        row.editors.add(actor)
    record(actor, "transfer.finding_edited", row, before=_words(before), after=_words(row.content))
    return row


def _words(content: dict[str, object] | None) -> dict[str, object] | None:
    """Give the German wording and the plain values, as the trail shows them."""
    if content is None:
        return None
    return {name: value["de"] if isinstance(value, dict) else value for name, value in content.items()}


def _require_sources(project: str, content: FindingContent) -> None:
    known = set(Source.objects.filter(slug__in=content.sources).values_list("slug", flat=True))
    for name in content.sources:
        if name not in known:
            raise Invalid(UNKNOWN, project=project, name=name)


@transaction.atomic
def publish_finding(actor: Person, *, project: Project, edits: int) -> FindingVersion:
    """Publish the draft that was seen; refuses who worked on it, and what teaches nothing."""
    row = FindingVersion.objects.select_for_update().filter(project=project, state=DRAFT).first()
    if row is None:
        raise NotFound(NO_DRAFT)
    if row.edits != edits:
        raise Conflict(CHANGED)
    if row.editors.filter(pk=actor.pk).exists():
        raise Denied(SECOND)
    if fault := hindrance(row.told):
        raise Invalid(fault[0], **fault[1])
    row.state, row.published_on, row.published_by = PUBLISHED, today(), actor
    row.save(update_fields=["state", "published_on", "published_by"])
    record(actor, "transfer.finding_published", row, after={"version": row.number})
    return row


@transaction.atomic
def discard_finding(actor: Person, *, project: Project) -> None:
    """Drop the draft of a project; the published versions stay."""
    row = draft_of(project)
    if row is None:
        raise NotFound(NO_DRAFT)
    record(actor, "transfer.finding_discarded", row, before=_words(row.content))
    row.delete()


@transaction.atomic
def load_findings(actor: Actor, *, content: FindingsContent) -> int:
    """Bring a pack's findings, each version with its own day; projects that have some already are left as they are."""
    new = [entry for entry in content.findings if not FindingVersion.objects.filter(project__slug=entry.project)]
    for entry in new:
        _load(entry)
    if new:
        record(actor, "transfer.findings_loaded", "findings", after={"projects": [entry.project for entry in new]})
    return len(new)


def _load(entry: FindingEntry) -> None:
    project = Project.objects.filter(slug=entry.project).first()
    if project is None:
        raise Invalid(UNKNOWN, project=entry.project, name=entry.project)
    for number, version in enumerate(entry.versions, 1):
        _require_sources(entry.project, version.content)
        if fault := hindrance(version.content):
            raise Invalid(fault[0], **fault[1])
        FindingVersion.objects.create(
            project=project,
            number=number,
            state=PUBLISHED,
            content=builtin(version.content),
            published_on=version.since,
        )
