"""The way to the city's own translation server, where one is set: within its network, in time, one after the other."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import httpx
import msgspec
from django.conf import settings
from django.http import HttpRequest

from allmende.kernel.errors import Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.languages import LANGUAGES, OF_PAGES, Language
from allmende.participation.models import Contribution, Translation
from allmende.participation.services.translation import (
    MOST_REPLY,
    NOT_TRANSLATED,
    Translate,
    translation_of,
    translator,
)
from allmende.portal.participation_frame import language
from allmende.sources.fetch import directed, own_address, trusted

# A resident waits less long than somebody who wants a whole edition.
READER_SECONDS, STAFF_SECONDS = 12.0, 60.0
PIECE = 16_384
NO_TRANSLATOR = ErrorCode(
    "participation.no_translator",
    Text("Ein Übersetzungsserver ist nicht angeschlossen.", "No translation server is connected."),
    Text("Nennen Sie ihn in ALLMENDE_TRANSLATION_URL.", "Name it in ALLMENDE_TRANSLATION_URL."),
)
OCCUPIED = ErrorCode(
    "participation.translator_occupied",
    Text("Gerade wird etwas anderes übersetzt.", "Something else is being translated right now."),
    Text("Versuchen Sie es in ein paar Sekunden noch einmal.", "Try again in a few seconds."),
)
SLOW = Text("sie kam nicht rechtzeitig", "it did not come in time")
LARGE = Text("sie ist zu groß", "it is too large")
# The pages have few threads; a slow server must not hold them all.
_free = BoundedSemaphore(1)


def is_set() -> bool:
    """Tell whether the city has a translation server."""
    return bool(settings.ALLMENDE.translation_url)


def outside() -> str:
    """Name that server where the settings let it in from outside the city's own network; empty otherwise."""
    host = httpx.URL(settings.ALLMENDE.translation_url).host
    return host if host in settings.ALLMENDE.translation_hosts else ""


@contextmanager
def translating(seconds: float) -> Iterator[Translate]:
    """Give what translates, to one at a time; all of it takes no longer than so many seconds."""
    if not is_set():
        raise Invalid(NO_TRANSLATOR)
    if not _free.acquire(blocking=False):
        raise Busy(OCCUPIED)
    until = time.monotonic() + seconds
    try:
        yield translator(lambda body: _post(body, until), settings.ALLMENDE.translation_key)
    finally:
        _free.release()


def _post(body: bytes, until: float) -> tuple[int, bytes]:
    url = f"{settings.ALLMENDE.translation_url.rstrip('/')}/translate"
    left = until - time.monotonic()
    if left <= 0:
        raise Busy(NOT_TRANSLATED, why=SLOW)
    with httpx.Client(timeout=left, trust_env=False, verify=trusted()) as client:
        request = directed(
            client,
            "POST",
            url,
            settings.ALLMENDE.translation_hosts,
            look_up=own_address,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            content=body,
        )
        reply = client.send(request, stream=True, follow_redirects=False)
        try:
            return reply.status_code, b"".join(_pieces(reply, until))
        finally:
            reply.close()


def _pieces(reply: httpx.Response, until: float) -> Iterator[bytes]:
    size = 0
    for piece in reply.iter_bytes(PIECE):
        size += len(piece)
        if size > MOST_REPLY:
            raise Busy(NOT_TRANSLATED, why=LARGE)
        if time.monotonic() > until:
            raise Busy(NOT_TRANSLATED, why=SLOW)
        yield piece


def into(one: Contribution) -> list[Language]:
    """Give the languages into which a reader may have a contribution translated: the page's, and of its editions."""
    if not is_set():
        return []
    tags = {language(): OF_PAGES[language()]}
    for edition in one.process.public_editions:
        about = LANGUAGES.get(edition.language)
        if about is not None and about.machine:
            tags[about.tag] = about
    tags.pop(one.language, None)
    return list(tags.values())


class Translated(msgspec.Struct, frozen=True):
    """A translation, and the language in which it is."""

    words: Translation
    about: Language


def asked_for(request: HttpRequest, one: Contribution) -> Translated | None:
    """Give the translation that the address of a page names, if it was made and its language is offered."""
    tag = request.GET.get("uebersetzt", "")
    about = next((language for language in into(one) if language.tag == tag), None)
    words = translation_of(one, tag) if about and one.visibility == "shown" else None
    return Translated(words, about) if words and about else None
