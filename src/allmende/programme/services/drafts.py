"""Projects that another city's package brings: ideas, until somebody here decides."""

import msgspec
from django.db import transaction
from django.db.models import ProtectedError

from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.programme.models import Project, ProjectEvent, Source
from allmende.programme.services.words import pairs

TAKEN = ErrorCode(
    "programme.project_taken",
    Text("Ein Projekt „{slug}“ gibt es hier schon.", "There is a project “{slug}” here already."),
    Text("Wählen Sie einen anderen Kurznamen.", "Choose another short name."),
)
MOVED_ON = ErrorCode(
    "programme.project_moved_on",
    Text("Über „{slug}“ wurde schon entschieden.", "Something was decided about “{slug}” already."),
    Text("Führen Sie das Projekt als beendet oder gestrichen weiter.", "Take the project on as ended or dropped."),
)


class DraftProject(msgspec.Struct, frozen=True, kw_only=True):
    """What a new project says of itself, and the source that it comes from."""

    slug: str
    title: Text
    sentence: Text
    purpose: Text
    contact: Text | None
    data_use: str
    reason: Text
    source: str
    source_title: str
    publisher: str
    url: str


@transaction.atomic
def add_draft(actor: Actor, *, draft: DraftProject) -> Project:
    """Add a project as an idea with its source."""
    if Project.objects.filter(slug=draft.slug).exists():
        raise Conflict(TAKEN, slug=draft.slug)
    source = Source.objects.create(
        slug=draft.source, title=draft.source_title, publisher=draft.publisher, url=draft.url, day=today()
    )
    words = pairs(title=draft.title, sentence=draft.sentence, purpose=draft.purpose, contact=draft.contact)
    position = Project.objects.count()
    project = Project.objects.create(slug=draft.slug, data_use=draft.data_use, position=position, **words)
    project.sources.add(source)
    ProjectEvent.objects.create(project=project, state="idea", day=today(), source=source, **pairs(text=draft.reason))
    record(actor, "programme.project_created", project, after={"slug": draft.slug, "source": draft.source})
    return project


@transaction.atomic
def drop_draft(actor: Actor, *, project: Project, source: str) -> None:
    """Remove such a project with its source, as long as it is nothing but the idea that came."""
    rows = (project.events.count(), project.targets.count(), project.partners.count(), project.leads.count())
    if rows != (1, 0, 0, 0) or project.milestones.exists():
        raise Conflict(MOVED_ON, slug=project.slug)
    record(actor, "programme.project_deleted", project, before={"slug": project.slug})
    project.events.all().delete()
    try:
        project.delete()
        Source.objects.filter(slug=source).delete()
    except ProtectedError as error:
        raise Conflict(MOVED_ON, slug=project.slug) from error
