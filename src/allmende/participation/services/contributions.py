"""Taking contributions, comments and support from people, without an account."""

import datetime as dt
import hashlib
from typing import Any, Literal

import msgspec
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.kernel.clock import CIVIL_TIME
from allmende.participation import rules
from allmende.participation.models import (
    AgendaItem,
    CardPhoto,
    Case,
    Comment,
    Contribution,
    Follower,
    Heard,
    Paragraph,
    Process,
    Proposal,
    Step,
    Support,
    TitleGram,
    Topic,
    Workshop,
)
from allmende.participation.queries import repeated
from allmende.participation.services.searches import announce
from allmende.participation.shapes import Shape
from allmende.register.around import Point

# Whoever takes part, without a name; the staff is not bound to phases.
PUBLIC = SystemActor("public")
Kind = Literal["idea", "need", "proposal", "suggestion", "question"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody hands in."""

    kind: Kind
    title: str
    body: str = ""
    language: str = "de"
    category: str = ""
    group: str = ""
    tag: str = ""
    point: Point | None = None
    shape: Shape | None = None
    place: str = ""
    photo: bytes = b""
    photo_alt: str = ""
    photo_alt_en: str = ""
    author: str = ""
    channel: str = "online"
    paragraph: Paragraph | None = None
    base_version: int | None = None
    proposed: str = ""
    cost: int = 0
    workshop: Workshop | None = None
    item: AgendaItem | None = None
    card_photo: CardPhoto | None = None

    @property
    def words(self) -> str:
        """Give everything that was written."""
        return "\n".join((self.title, self.body, self.proposed))

    @property
    def digest(self) -> str:
        """Give the mark by which the same words are known again."""
        paragraph = self.paragraph.pk if self.paragraph else ""
        return hashlib.sha256(f"{self.kind}|{paragraph}|{' '.join(self.words.casefold().split())}".encode()).hexdigest()


class Taken(msgspec.Struct, frozen=True):
    """A contribution with its key, which is told once, and why it waits, where it does."""

    contribution: Contribution
    key: str
    causes: tuple[str, ...]


class Said(msgspec.Struct, frozen=True):
    """A comment with its key, which is told once, and why it waits, where it does."""

    comment: Comment
    key: str
    causes: tuple[str, ...]


def topic_of(process: Process, kind: str, slug: str) -> Topic | None:
    """Give a subject or a group by its name."""
    return process.topics.filter(kind=kind, slug=slug).first() if slug else None


def where(point: Point | None, shape: Shape | None, place: str) -> dict[str, Any]:
    """Give the fields of a place; a line or an area has a point on it that stands for it."""
    at = shape.middle if shape else point
    return {
        "longitude": at.longitude if at else None,
        "latitude": at.latitude if at else None,
        "geometry": shape.geojson if shape else None,
        "place": place[:120],
    }


def require_open(process: Process, action: str, now: dt.datetime) -> None:
    """Refuse what the phase does not allow."""
    rules.require_action(process.state, process.spans, action, now)


@transaction.atomic
def submit(actor: Actor, process: Process, draft: Draft, *, proven: bool, confirmed: bool, now: dt.datetime) -> Taken:
    """Take a contribution: it is shown at once, or waits for its e-mail, or for moderation."""
    causes: list[str] = []
    if actor == PUBLIC:
        require_open(process, "suggest" if draft.kind == "suggestion" else "contribute", now)
        same = repeated(process, draft.digest)
        causes = rules.causes_to_hold(draft.words, proven=proven, repeated=same, before=process.strict)
    key = rules.new_secret()
    one = _created(process, draft, key, now)
    one.visibility = "held" if causes else "shown" if confirmed else "unconfirmed"
    one.number = rules.number_of(now.astimezone(CIVIL_TIME).year, one.pk)
    if draft.photo:
        one.photo = default_storage.save(f"participation/{one.pk}.jpg", ContentFile(draft.photo))
    one.save(update_fields=["number", "visibility", "photo"])
    Step.objects.create(
        contribution=one, at=now, state="received", office_de=process.office_de, office_en=process.office_en
    )
    if draft.workshop is not None:
        about = {"item": draft.item, "photo": draft.card_photo}
        Heard.objects.create(workshop=draft.workshop, contribution=one, **about)
    hold(process, causes, now, contribution=one)
    if one.visibility == "shown":
        announce(one)
    record(actor, "participation.received", one, after={"kind": one.kind, "channel": one.channel, "causes": causes})
    return Taken(one, key, tuple(causes))


def _created(process: Process, draft: Draft, key: str, now: dt.datetime) -> Contribution:
    one = Contribution.objects.create(
        process=process,
        number=key,
        kind=draft.kind,
        title=draft.title,
        body=draft.body,
        language=draft.language,
        category=topic_of(process, "category", draft.category),
        group=topic_of(process, "group", draft.group),
        tag=draft.tag,
        **where(draft.point, draft.shape, draft.place),
        photo_alt=draft.photo_alt,
        photo_alt_en=draft.photo_alt_en,
        author=draft.author,
        channel=draft.channel,
        received=now,
        due=now + dt.timedelta(days=process.answer_days),
        key_digest=rules.digest(key),
        text_digest=draft.digest,
        gram_count=len(rules.grams(draft.title)),
        paragraph=draft.paragraph,
        base_version=draft.base_version,
        proposed=draft.proposed,
    )
    TitleGram.objects.bulk_create(title_grams(one))
    if draft.kind == "proposal":
        Proposal.objects.create(process=process, contribution=one, asked=draft.cost)
    return one


def title_grams(one: Contribution) -> list[TitleGram]:
    """Give the trigrams by which a title is found again."""
    found = sorted(rules.grams(one.title))
    return [TitleGram(process_id=one.process_id, contribution=one, gram=gram) for gram in found]


def hold(
    process: Process,
    causes: list[str],
    now: dt.datetime,
    *,
    contribution: Contribution | None = None,
    comment: Comment | None = None,
) -> None:
    """Put something into the queue of moderation, once for each cause."""
    for cause in causes:
        Case.objects.create(process=process, contribution=contribution, comment=comment, cause=cause, opened=now)


@transaction.atomic
def show_confirmed(actor: Actor, number: int) -> bool:
    """Show a contribution whose e-mail was confirmed; tell whether it was waiting for that."""
    one = Contribution.objects.select_for_update().filter(pk=number, visibility="unconfirmed").first()
    if one is None:
        return False
    one.visibility = "shown"
    one.save(update_fields=["visibility"])
    announce(one)
    record(actor, "participation.confirmed", one)
    return True


@transaction.atomic
def comment(
    actor: Actor,
    thing: Contribution | Paragraph,
    *,
    stance: str,
    body: str,
    author: str,
    language: str,
    proven: bool,
    now: dt.datetime,
    writer: Follower | None = None,
) -> Said:
    """Take a reason for or against, or a question; ``writer`` is the address of who said it, if they left one."""
    process = thing.process
    require_open(process, "comment", now)
    causes = rules.causes_to_hold(body, proven=proven, repeated=False, before=process.strict)
    about = {"contribution": thing} if isinstance(thing, Contribution) else {"paragraph": thing}
    key = rules.new_secret()
    one = Comment.objects.create(
        **about,
        key_digest=rules.digest(key),
        writer=writer,
        stance=stance,
        body=body,
        author=author,
        language=language,
        at=now,
        visibility="held" if causes else "shown",
    )
    hold(process, causes, now, comment=one)
    record(actor, "participation.commented", thing, after={"stance": stance, "causes": causes})
    return Said(one, key, tuple(causes))


@transaction.atomic
def support(thing: Contribution, pseudonym: str, now: dt.datetime) -> bool:
    """Count that somebody wants this; once, however often they say it. No entry is kept of who did."""
    require_open(thing.process, "support", now)
    _, fresh = Support.objects.get_or_create(contribution=thing, pseudonym=pseudonym)
    if fresh:
        Contribution.objects.filter(pk=thing.pk).update(supports=F("supports") + 1)
    return fresh


@transaction.atomic
def report(actor: Actor, thing: Contribution | Comment, words: str, now: dt.datetime) -> None:
    """Ask moderation to look at something; it stays where it is meanwhile, and one open report is enough."""
    process = thing.process
    about = {"contribution": thing} if isinstance(thing, Contribution) else {"comment": thing}
    waiting = Case.objects.filter(**about, cause="reported", closed__isnull=True).exists()
    if not waiting:
        Case.objects.create(process=process, cause="reported", words=words, opened=now, **about)
        record(actor, "participation.reported", thing)
