"""What a process says of itself in further languages, in easy words and in signs: put up, changed, taken down."""

import datetime as dt
import hashlib

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation.languages import LANGUAGES
from allmende.participation.models import Edition, Process
from allmende.participation.services.translation import Translate

IS_THERE = ErrorCode(
    "participation.edition_is_there",
    Text("Eine Fassung gibt es schon: {language}.", "There is an edition already: {language}."),
    Text(
        "Ändern Sie sie, oder löschen Sie sie zuerst; überschrieben wird nichts.",
        "Change it, or delete it first; nothing is overwritten.",
    ),
)


class Words(msgspec.Struct, frozen=True):
    """A title and a text in a language, or a film, and who vouches for them."""

    title: str
    body: str
    video: str
    made_by: str


def said_in_german(process: Process) -> str:
    """Hash what the German text says, so that an edition knows whether that has changed since."""
    words = (process.title_de, process.purpose_de, process.audience_de, process.office_de, process.weight_de)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def draft_by_machine(actor: Actor, process: Process, language: str, translate: Translate, day: dt.date) -> Edition:
    """Let a machine write the draft of an edition from the German declarations; nobody but the staff sees it yet.

    What it says goes out first and is kept afterwards: no transaction waits for a server.
    """
    if process.editions.filter(language=language).exists():
        raise Conflict(IS_THERE, language=LANGUAGES[language].name)
    title, body = translate(process.title_de, "de", language), translate(german_words(process), "de", language)
    return _keep_draft(actor, process, language, Words(title=title[:200], body=body, video="", made_by=""), day)


@transaction.atomic
def _keep_draft(actor: Actor, process: Process, language: str, words: Words, day: dt.date) -> Edition:
    values = {**msgspec.structs.asdict(words), "at": day, "translates": said_in_german(process)}
    values |= {"machine": True, "public": False}
    found, made = Edition.objects.get_or_create(process=process, language=language, defaults=values)
    if not made:
        raise Conflict(IS_THERE, language=LANGUAGES[language].name)
    record(actor, "participation.edition_drafted", process, after={"language": language, "title": words.title})
    return found


def german_words(process: Process) -> str:
    """Give what the German declarations say, as an edition tells it."""
    parts = (
        process.purpose_de,
        f"Wer ist gefragt? {process.audience_de}",
        f"Was geschieht mit dem Ergebnis? {process.weight_de}" if process.weight_de else "",
        f"Wer antwortet? {process.office_de}, innerhalb von {process.answer_days} Tagen.",
    )
    return "\n\n".join(part for part in parts if part)


@transaction.atomic
def publish(actor: Actor, process: Process, language: str) -> None:
    """Show a draft to everybody; what a machine wrote stays labelled as such."""
    Edition.objects.filter(process=process, language=language).update(public=True)
    record(actor, "participation.edition_published", process, after={"language": language})


@transaction.atomic
def check(actor: Actor, process: Process, language: str, checked_by: str, day: dt.date) -> None:
    """Take the label of the machine off: somebody read it and vouches for it by name."""
    rows = Edition.objects.filter(process=process, language=language, machine=True)
    if rows.update(machine=False, made_by=checked_by, at=day):
        after = {"language": language, "checked_by": checked_by}
        record(actor, "participation.edition_checked", process, before={"machine": True}, after=after)


@transaction.atomic
def put_up(actor: Actor, process: Process, language: str, words: Words, day: dt.date) -> Edition:
    """Keep an edition in place of an earlier one in its language."""
    values = {**msgspec.structs.asdict(words), "at": day, "translates": said_in_german(process)}
    found, _ = Edition.objects.update_or_create(process=process, language=language, defaults=values)
    after = {"language": language, "title": words.title, "made_by": words.made_by}
    record(actor, "participation.edition_put_up", process, after=after)
    return found


@transaction.atomic
def take_down(actor: Actor, process: Process, language: str) -> None:
    """Delete an edition."""
    Edition.objects.filter(process=process, language=language).delete()
    record(actor, "participation.edition_taken_down", process, before={"language": language})
