"""Working on texts: new versions that overwrite nobody, answers to suggestions, sealed wholes in the public log."""

import datetime as dt
import hashlib

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Max

from allmende.accounts.services import Actor, record
from allmende.gate.door import Gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import UTC
from allmende.kernel.errors import Conflict
from allmende.kernel.text import Text
from allmende.participation.models import Contribution, Origin, Paragraph, ParagraphVersion, Process, SealedText
from allmende.participation.rules import TEXT_MOVED, require_version
from allmende.participation.text_queries import newest


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """The new words of a paragraph, and why; the English ones are a translation and may be missing."""

    text_de: str
    text_en: str = ""
    reason: Text
    suggestion: Contribution | None = None


@transaction.atomic
def add_paragraph(actor: Actor, process: Process, *, heading: Text, wording: Wording, now: dt.datetime) -> Paragraph:
    """Put a paragraph at the end; numbers are never given twice."""
    last = process.paragraphs.aggregate(last=Max("number"))["last"] or 0
    found = Paragraph.objects.create(process=process, number=last + 1, heading_de=heading.de, heading_en=heading.en)
    _version(found, 1, wording, now)
    record(actor, "participation.paragraph_added", found, after={"process": process.slug, "number": found.number})
    return found


def _version(paragraph: Paragraph, version: int, wording: Wording, now: dt.datetime) -> ParagraphVersion:
    return ParagraphVersion.objects.create(
        paragraph=paragraph,
        version=version,
        text_de=wording.text_de,
        text_en=wording.text_en,
        reason_de=wording.reason.de[:500],
        reason_en=wording.reason.en[:500],
        at=now,
        suggestion=wording.suggestion,
    )


@transaction.atomic
def reword(actor: Actor, paragraph: Paragraph, *, base: int, wording: Wording, now: dt.datetime) -> ParagraphVersion:
    """Write the next version, if the one that it is based on is still the newest."""
    Paragraph.objects.select_for_update().get(pk=paragraph.pk)
    before = newest(paragraph)
    require_version(before.version, base)
    try:
        with transaction.atomic():
            found = _version(paragraph, base + 1, wording, now)
    except IntegrityError as error:
        raise Conflict(TEXT_MOVED, version=base + 1) from error
    after = {"version": found.version, "text": found.text_de}
    record(actor, "participation.paragraph_reworded", paragraph, before={"text": before.text_de}, after=after)
    return found


@transaction.atomic
def relate(actor: Actor, paragraph: Paragraph, *, numbers: list[str], project: str) -> None:
    """Say from which contributions a paragraph grew, and which project carries it out."""
    found = list(Contribution.objects.filter(process=paragraph.process, number__in=numbers))
    paragraph.origins.exclude(contribution__in=found).delete()
    Origin.objects.bulk_create([Origin(paragraph=paragraph, contribution=one) for one in found], ignore_conflicts=True)
    paragraph.project = project
    paragraph.save(update_fields=["project"])
    record(actor, "participation.paragraph_related", paragraph, after={"from": numbers, "project": project})


def whole(process: Process, now: dt.datetime, occasion: Text) -> bytes:
    """Write a text as the bytes that are hashed: JSON, members by name, no space, UTF-8."""
    paragraphs = []
    for paragraph in process.paragraphs.all():
        version = newest(paragraph)
        paragraphs.append(
            {
                "number": paragraph.number,
                "heading": {"de": paragraph.heading_de, "en": paragraph.heading_en},
                "version": version.version,
                "text": {"de": version.text_de, "en": version.text_en},
            }
        )
    body = {
        "process": process.slug,
        "title": {"de": process.title_de, "en": process.title_en},
        "code": process.code,
        "at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "occasion": {"de": occasion.de, "en": occasion.en},
        "demonstration": process.demonstration,
        "paragraphs": paragraphs,
    }
    return msgspec.json.encode(body, order="sorted")


@transaction.atomic
def seal(actor: Actor, process: Process, *, gate: Gate, occasion: Text, now: dt.datetime) -> SealedText:
    """Keep the text as it stands, and put its hash into the public log of the city."""
    locked = Process.objects.select_for_update().get(pk=process.pk)
    last = locked.seals.aggregate(last=Max("number"))["last"] or 0
    content = whole(locked, now, occasion)
    found = SealedText.objects.create(
        process=locked,
        number=last + 1,
        at=now,
        occasion_de=occasion.de,
        occasion_en=occasion.en,
        content=content.decode(),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    record(actor, "participation.text_sealed", locked, after={"number": found.number, "sha256": found.sha256})
    Ledger(gate).tell_text(f"{locked.slug}/{found.number}", found.sha256)
    return found
