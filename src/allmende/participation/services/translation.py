"""Machine translation by the city's own server, which speaks as LibreTranslate does; never by anybody else's.

Contract: POST /translate with q, source, target, format and, where asked for, api_key; the reply is an object with
translatedText, or with error. Source: https://docs.libretranslate.com
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable

import httpx
import msgspec
from django.db import transaction

from allmende.gate.door import Gate
from allmende.kernel.errors import Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation import permission
from allmende.participation.models import Contribution, Translation

MOST_SIGNS, MOST_REPLY = 10_000, 200_000
NOT_TRANSLATED = ErrorCode(
    "participation.not_translated",
    Text(
        "Der Übersetzungsserver antwortet nicht wie erwartet: {why}.",
        "The translation server does not answer as expected: {why}.",
    ),
    Text("Versuchen Sie es später noch einmal; das Original steht da.", "Try again later; the original is there."),
)
NOT_WANTED = ErrorCode(
    "participation.translation_refused",
    Text("Der Übersetzungsserver lehnt ab: {why}.", "The translation server refuses: {why}."),
    Text("Wählen Sie eine andere Sprache.", "Choose another language."),
)
TOO_LONG = ErrorCode(
    "participation.translation_too_long",
    Text(
        "Der Text ist für die Übersetzung zu lang ({signs} Zeichen, höchstens {limit}).",
        "The text is too long to be translated ({signs} characters, at most {limit}).",
    ),
    Text("Lesen Sie das Original.", "Read the original."),
)
UNREADABLE = Text("die Antwort ist nicht zu lesen", "the reply cannot be read")
EMPTY = Text("die Antwort ist leer", "the reply is empty")
# Puts the words of a language, by its tag, into those of another.
Translate = Callable[[str, str, str], str]
# Sends JSON to the path /translate; gives the status and the body of the reply.
Post = Callable[[bytes], tuple[int, bytes]]


class _Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    q: str
    source: str
    target: str
    # Without it the words come back as HTML.
    format: str
    api_key: str = ""


class _Reply(msgspec.Struct, frozen=True):
    text: str = msgspec.field(default="", name="translatedText")
    error: str = ""


def translator(post: Post, key: str) -> Translate:
    """Give what translates by a server."""

    def translate(words: str, source: str, target: str) -> str:
        if not words.strip():
            return ""
        if len(words) > MOST_SIGNS:
            raise Invalid(TOO_LONG, signs=len(words), limit=MOST_SIGNS)
        asked = _Asked(q=words, source=source, target=target, format="text", api_key=key)
        try:
            status, body = post(msgspec.json.encode(asked))
        except httpx.HTTPError as error:
            raise Busy(NOT_TRANSLATED, why=str(error) or type(error).__name__) from error
        return _read(status, body)

    return translate


def _read(status: int, body: bytes) -> str:
    try:
        found = msgspec.json.decode(body, type=_Reply)
    except msgspec.MsgspecError:
        found = None
    if status == httpx.codes.BAD_REQUEST and found is not None and found.error:
        raise Invalid(NOT_WANTED, why=found.error[:200])
    if status != httpx.codes.OK:
        raise Busy(NOT_TRANSLATED, why=f"HTTP {status}")
    if found is None:
        raise Busy(NOT_TRANSLATED, why=UNREADABLE)
    # PostgreSQL keeps no U+0000.
    words = found.text.replace("\0", "")
    if not words.strip():
        raise Busy(NOT_TRANSLATED, why=EMPTY)
    return words


def require_translating(gate: Gate, one: Contribution, *, outside: bool) -> None:
    """Ask whether a contribution that is shown may be translated, and what comes of it be shown.

    A server of the administration uses the data; one outside its network, which is named by its host, gets it.
    """
    purpose, data = one.process.purpose_slug, permission.CONTRIBUTIONS
    permission.use(gate, purpose, data)
    if outside:
        permission.pass_on(gate, purpose, data)
    permission.show(gate, purpose, data)


def digest_of(one: Contribution) -> str:
    """Hash the words of a contribution."""
    return hashlib.sha256(f"{one.language}\n{one.title}\n{one.body}".encode()).hexdigest()


def translation_of(one: Contribution, language: str) -> Translation | None:
    """Give what a machine made of the words that stand there now; None where it has not been asked."""
    return one.translations.filter(language=language, digest=digest_of(one)).first()


def translate_contribution(one: Contribution, language: str, translate: Translate, now: dt.datetime) -> Translation:
    """Translate a contribution, once for everybody who reads that language.

    The server is asked outside any transaction. What was taken back or hidden meanwhile leaves no translation.
    """
    known = translation_of(one, language)
    if known is not None:
        return known
    digest = digest_of(one)
    title, body = translate(one.title, one.language, language), translate(one.body, one.language, language)
    with transaction.atomic():
        current = Contribution.objects.select_for_update().get(pk=one.pk)
        values = {"digest": digest, "title": title, "body": body, "at": now}
        if current.visibility != "shown" or digest_of(current) != digest:
            return Translation(contribution=one, language=language, **values)
        found, _ = Translation.objects.update_or_create(contribution=current, language=language, defaults=values)
    return found


def forget_translations(contributions: Iterable[int]) -> None:
    """Delete what a machine made of contributions that are not shown any more."""
    Translation.objects.filter(contribution__in=list(contributions)).delete()
