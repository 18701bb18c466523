"""What a process says of itself in further languages, in easy words and in signs: put up, changed, taken down."""

import datetime as dt
import hashlib

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.participation.models import Edition, Process


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
