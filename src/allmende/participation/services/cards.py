"""Photos of pinned cards: kept for the staff alone, worked through card by card, deleted on the day named."""

import datetime as dt
import hashlib
import io
import secrets
from typing import BinaryIO

import msgspec
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, QuerySet

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.participation.models import AgendaItem, CardPhoto, Contribution, Workshop
from allmende.participation.photos import redrawn
from allmende.participation.services import authors, contributions
from allmende.participation.services.agenda import locked
from allmende.register.around import Point

# A board has to stay readable: more points than a photo that is shown, and room for what telephones make of it.
MOST_BYTES, SIDE, MOST_PHOTOS, LITTLE = 50 * 1024 * 1024, 2800, 200, 360
FORGOTTEN = ErrorCode(
    "participation.card_photos_forgotten",
    Text(
        "Der Löschtag dieser Werkstatt ist vorbei; Fotos von Karten werden nicht mehr angenommen.",
        "The day of deletion of this workshop is over; photos of cards are no longer taken.",
    ),
    Text("Tippen Sie die Karten ohne Foto ab.", "Type the cards without a photo."),
)
SENT_TWICE = ErrorCode(
    "participation.card_photo_twice",
    Text("Dieses Foto ist schon da, als Foto {number}.", "This photo is there already, as photo {number}."),
    Text("Es wurde nicht noch einmal gespeichert.", "It was not kept again."),
)
TOO_MANY = ErrorCode(
    "participation.card_photos_too_many",
    Text("Diese Werkstatt hat schon {limit} Fotos.", "This workshop has {limit} photos already."),
    Text("Löschen Sie, was erledigt ist.", "Delete what is done."),
)
NO_PHOTO = ErrorCode(
    "participation.unknown_card_photo",
    Text("Dieses Foto gibt es nicht mehr.", "This photo exists no more."),
    Text("Jemand hat es gelöscht, oder sein Löschtag ist vorbei.", "Somebody deleted it, or its day is over."),
)
TYPED_TWICE = ErrorCode(
    "participation.card_typed_twice",
    Text("Diese Karte ist von diesem Foto schon aufgenommen: {number}.", "This card was taken up already: {number}."),
    Text(
        "Hängt sie zweimal am Brett, schreiben Sie das in den Text.",
        "If it is on the board twice, say so in the text.",
    ),
)
TOO_LATE = ErrorCode(
    "participation.card_stays",
    Text("Diese Karte kann nicht mehr zurückgenommen werden.", "This card cannot be taken back any more."),
    Text(
        "Das geht eine Stunde lang, solange niemand etwas dazu gesagt hat.",
        "That goes for an hour, as long as nobody has said anything about it.",
    ),
)
MISTYPED = Text("Beim Abschreiben vertippt und zurückgenommen.", "Mistyped when it was written down, and taken back.")


class TypedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card as it was read from a photo; ``alt`` is there where the photo is to be shown with it, and says what."""

    title: str
    body: str = ""
    topic: str = ""
    item: AgendaItem | None = None
    point: Point | None = None
    place: str = ""
    alt: str = ""
    alt_en: str = ""


@transaction.atomic
def keep_photo(actor: Actor, workshop: Workshop, file: BinaryIO, size: int, now: dt.datetime) -> CardPhoto:
    """Keep the pixels of a photo and nothing else, under a name that nobody guesses."""
    one = locked(workshop)
    if one.forgotten is not None or one.forget_on <= now.date():
        raise Conflict(FORGOTTEN)
    if one.card_photos.count() >= MOST_PHOTOS:
        raise Conflict(TOO_MANY, limit=MOST_PHOTOS)
    picture = redrawn(file, size, most_bytes=MOST_BYTES, side=SIDE)
    digest = hashlib.sha256(picture).hexdigest()
    same = one.card_photos.filter(digest=digest).first()
    if same is not None:
        raise Conflict(SENT_TWICE, number=same.number)
    number = (one.card_photos.aggregate(last=Max("number"))["last"] or 0) + 1
    name = f"workshop-cards/{one.pk}/{secrets.token_urlsafe(16)}.jpg"
    photo = CardPhoto.objects.create(workshop=one, number=number, file=name, digest=digest, received=now)
    record(actor, "participation.card_photo_kept", one.process, after={"workshop": one.pk, "number": number})
    default_storage.save(name, ContentFile(picture))
    return photo


def photo_of(workshop: Workshop, number: int) -> CardPhoto:
    """Give a photo of a workshop by its number."""
    found = workshop.card_photos.select_related("workshop__process").filter(number=number).first()
    if found is None:
        raise NotFound(NO_PHOTO)
    return found


@transaction.atomic
def take_card(actor: Actor, photo: CardPhoto, card: TypedCard, now: dt.datetime) -> Contribution:
    """Make a contribution of a card, heard at the workshop; with the photo only where its words are given, too."""
    one = locked(photo.workshop)
    picture = b""
    if card.alt:
        with default_storage.open(photo.file) as kept:
            picture = redrawn(io.BytesIO(kept.read()), 0)
    draft = contributions.Draft(
        kind=one.process.form.kind or "idea",
        title=card.title,
        body=card.body,
        category=card.topic,
        point=card.point,
        place=card.place,
        photo=picture,
        photo_alt=card.alt,
        photo_alt_en=card.alt_en,
        channel="onsite",
        workshop=one,
        item=card.item,
        card_photo=photo,
    )
    same = typed_from(photo).filter(text_digest=draft.digest).first()
    if same is not None:
        raise Conflict(TYPED_TWICE, number=same.number)
    return contributions.submit(actor, one.process, draft, proven=True, confirmed=True, now=now).contribution


def typed_from(photo: CardPhoto) -> QuerySet[Contribution]:
    """Give the contributions that came from a photo, but for those that were taken back."""
    return Contribution.objects.filter(heard_at__photo=photo).exclude(visibility="withdrawn").order_by("-id")


@transaction.atomic
def take_back(actor: Actor, photo: CardPhoto, number: str, now: dt.datetime) -> None:
    """Take a mistyped card back, while nobody has said anything about it."""
    one = typed_from(photo).select_related("process").filter(number=number).first()
    if one is None or not authors.may_change(one, now):
        raise Conflict(TOO_LATE)
    authors.withdraw(actor, number, now, MISTYPED)


@transaction.atomic
def unshow(actor: Actor, photo: CardPhoto, number: str) -> None:
    """Take the photo off a contribution, where it turns out that it tells too much."""
    one = typed_from(photo).select_for_update(of=("self",)).filter(number=number).exclude(photo="").first()
    if one is None:
        raise NotFound(NO_PHOTO)
    default_storage.delete(one.photo)
    one.photo = one.photo_alt = one.photo_alt_en = ""
    one.save(update_fields=["photo", "photo_alt", "photo_alt_en"])
    record(actor, "participation.photo_taken_off", one)


@transaction.atomic
def set_done(actor: Actor, photo: CardPhoto, now: dt.datetime | None) -> None:
    """Mark a photo as worked through, or as open again."""
    photo.done = now
    photo.save(update_fields=["done"])
    after = {"workshop": photo.workshop_id, "number": photo.number, "done": now is not None}
    record(actor, "participation.card_photo_marked", photo.workshop.process, after=after)


@transaction.atomic
def drop_photo(actor: Actor, photo: CardPhoto) -> None:
    """Delete a photo; what was typed from it stays."""
    process, after = photo.workshop.process, {"workshop": photo.workshop_id, "number": photo.number}
    forget_photos(CardPhoto.objects.filter(pk=photo.pk))
    record(actor, "participation.card_photo_deleted", process, after=after)


def forget_photos(photos: QuerySet[CardPhoto]) -> int:
    """Delete photos; give how many.

    The files go first: should something fail in between, a row is left that leads nowhere and goes the next time,
    and no picture that nobody knows of.
    """
    for name in photos.values_list("file", flat=True):
        default_storage.delete(name)
    return photos.delete()[1].get("participation.CardPhoto", 0)
