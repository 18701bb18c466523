"""What authors do with their own contribution, by its key: change it, take it back, name who wrote along."""

import datetime as dt

from django.core import signing
from django.core.files.storage import default_storage
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.text import Text
from allmende.participation import rules
from allmende.participation.models import CoAuthor, Contribution, Follower, TitleGram
from allmende.participation.queries import comments_of
from allmende.participation.services.contributions import Draft, hold, title_grams, topic_of, where
from allmende.participation.services.journey import News, locked, told

SALT, AGREE_SECONDS = "participation.coauthor", 14 * 86_400
WITHDRAWN = Text("Von der Person zurückgezogen, die es einreichte.", "Taken back by the person who handed it in.")


def may_change(one: Contribution, now: dt.datetime) -> bool:
    """Tell whether its author may still change the words; nobody's answer is to stand under other words."""
    return one.process.state == "open" and rules.is_editable(
        one.received, one.state, one.visibility, said=comments_of(one).exists(), now=now
    )


@transaction.atomic
def change(actor: Actor, number: str, draft: Draft, *, proven: bool, now: dt.datetime) -> tuple[str, ...]:
    """Keep the author's new words, which the page says; give why they wait for moderation, where they do."""
    one = locked(number)
    rules.require_editable(may_change(one, now))
    causes = rules.causes_to_hold(draft.words, proven=proven, repeated=False, before=one.process.strict)
    fields = {
        "title": draft.title,
        "body": draft.body,
        "proposed": draft.proposed,
        "category": topic_of(one.process, "category", draft.category),
        "group": topic_of(one.process, "group", draft.group),
        "tag": draft.tag,
        **where(draft.point, draft.shape, draft.place),
        "photo_alt": draft.photo_alt,
        "author": draft.author,
        "text_digest": draft.digest,
        "gram_count": len(rules.grams(draft.title)),
        "visibility": "held" if causes else one.visibility,
        "edited": now,
    }
    for name, value in fields.items():
        setattr(one, name, value)
    one.save(update_fields=list(fields))
    one.translations.all().delete()
    one.grams.all().delete()
    TitleGram.objects.bulk_create(title_grams(one))
    waiting = set(one.cases.filter(closed__isnull=True).values_list("cause", flat=True))
    hold(one.process, [cause for cause in causes if cause not in waiting], now, contribution=one)
    record(actor, "participation.edited", one, after={"causes": causes})
    return tuple(causes)


@transaction.atomic
def withdraw(actor: Actor, number: str, now: dt.datetime, note: Text = WITHDRAWN) -> None:
    """Delete the words, the photo and the names of a contribution; its number and its journey stay."""
    one = locked(number)
    rules.require_withdrawable(one.visibility)
    if one.photo:
        transaction.on_commit(lambda name=one.photo: default_storage.delete(name))  # type: ignore[misc]
    emptied = dict.fromkeys(("body", "proposed", "photo", "photo_alt", "photo_alt_en", "author"), "")
    gone = {**emptied, **where(None, None, ""), "title": "–", "visibility": "withdrawn", "supports": 0}
    for name, value in gone.items():
        setattr(one, name, value)
    one.save(update_fields=list(gone))
    one.translations.all().delete()
    one.grams.all().delete()
    one.supporters.all().delete()
    one.coauthors.all().delete()
    one.cases.filter(closed__isnull=True).delete()
    told(one, News(state=one.state, outcome=one.outcome, note=note), now)
    record(actor, "participation.withdrawn", one)


@transaction.atomic
def name_coauthor(actor: Actor, one: Contribution, name: str, follower: Follower) -> str:
    """Name who wrote along; give the word by which they agree, and before which the name is not shown."""
    rules.require_few_coauthors(one.coauthors.count())
    found, _ = CoAuthor.objects.get_or_create(contribution=one, follower=follower, defaults={"name": name})
    record(actor, "participation.coauthor_named", one)
    return signing.dumps(found.pk, salt=SALT)


def coauthor_by(token: str) -> CoAuthor | None:
    """Give who is to be named; None where the word is not ours, or too old."""
    try:
        number = signing.loads(token, salt=SALT, max_age=AGREE_SECONDS)
    except signing.BadSignature:
        return None
    return CoAuthor.objects.select_related("contribution__process", "follower").filter(pk=number).first()


@transaction.atomic
def agree(actor: Actor, found: CoAuthor, now: dt.datetime) -> None:
    """Show the name from now on, and let them follow."""
    if found.agreed is None:
        found.agreed = now
        found.save(update_fields=["agreed"])
        if found.follower is not None and found.follower.confirmed is None:
            found.follower.confirmed = now
            found.follower.save(update_fields=["confirmed"])
        record(actor, "participation.coauthor_agreed", found.contribution)
