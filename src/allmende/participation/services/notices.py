"""Who is told: followers by a digest, those who asked for something by a mail at once."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import cache
from itertools import groupby
from smtplib import SMTPException

import msgspec
import structlog
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet

from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.kernel.text import Text
from allmende.participation.models import Contribution, Follower, Mail, Notice, Process, Step
from allmende.participation.permission import CONTRIBUTIONS, shut
from allmende.participation.queries import digest_rows, followers_of
from allmende.participation.rules import TAGS
from allmende.participation.search import Search, read, written
from allmende.participation.services.contributions import PUBLIC

log = structlog.get_logger("allmende.participation")
MOST_ATTEMPTS, DAY = 8, dt.timedelta(hours=20)
SALT, ADDRESS_SALT, CONFIRM_SECONDS = "participation.follower", "participation.followers", 14 * 86_400


class Words(msgspec.Struct, frozen=True):
    """What a digest says in a language."""

    subject: str
    greeting: str
    why: str
    stop: str
    stop_all: str


WORDS = {
    "de": Words(
        "Neues zu Beiträgen, denen Sie folgen",
        "Das ist geschehen:",
        "Sie bekommen diese Mail, weil Sie es bestätigt haben.",
        "Nichts mehr zu {what}",
        "Gar keine dieser Mails mehr",
    ),
    "en": Words(
        "News about contributions that you follow",
        "This has happened:",
        "You get this mail because you confirmed it.",
        "Nothing more about {what}",
        "None of these mails any more",
    ),
}


def token_of(follower: Follower) -> str:
    """Give the word by which a follower confirms and stops."""
    return signing.dumps(follower.pk, salt=SALT)


def follower_by(token: str, *, max_age: int | None = None) -> Follower | None:
    """Give the follower of a word; None where it is not ours, or too old."""
    try:
        number = signing.loads(token, salt=SALT, max_age=max_age)
    except signing.BadSignature:
        return None
    return Follower.objects.select_related("process", "contribution").filter(pk=number).first()


@transaction.atomic
def follow(
    process: Process,
    contribution: Contribution | None,
    *,
    email: str,
    language: str,
    now: dt.datetime,
    search: Search | None = None,
) -> Follower:
    """Keep an address that wants to know; nothing is sent to it before it has confirmed."""
    found, _ = Follower.objects.get_or_create(
        process=process,
        contribution=contribution,
        email=email.lower(),
        search=written(search) if search else "",
        defaults={"asked": now, "language": language},
    )
    return found


@transaction.atomic
def confirm(token: str, now: dt.datetime) -> Follower | None:
    """Take a follower at their word."""
    found = follower_by(token, max_age=CONFIRM_SECONDS)
    if found is not None and found.confirmed is None:
        found.confirmed = now
        found.save(update_fields=["confirmed"])
        record(PUBLIC, "participation.follower_confirmed", found.contribution or found.process)
    return found


@transaction.atomic
def stop(token: str) -> bool:
    """Forget a follower at once; tell whether there was one."""
    found = follower_by(token)
    if found is None:
        return False
    return forget_followers(Follower.objects.filter(pk=found.pk)) == 1


@transaction.atomic
def stop_all(word: str) -> int:
    """Forget all that an address follows, at once; ``word`` stands in each of its digests."""
    try:
        email = signing.loads(word, salt=ADDRESS_SALT)
    except signing.BadSignature:
        return 0
    return forget_followers(Follower.objects.filter(email=email))


def forget_followers(followers: QuerySet[Follower]) -> int:
    """Delete addresses that followed something; give how many."""
    for found in followers.select_related("process", "contribution"):
        record(PUBLIC, "participation.follower_stopped", found.contribution or found.process)
    return int(followers.delete()[1].get("participation.Follower", 0))


def tell(step: Step) -> int:
    """Leave word of a step for all who follow; inside the transaction of the step."""
    followers = followers_of(step.contribution)
    rows = [Notice(follower_id=key, step=step) for key in followers.values_list("pk", flat=True).iterator()]
    Notice.objects.bulk_create(rows, batch_size=2_000, ignore_conflicts=True)
    return len(rows)


def post(to: str, subject: str, body: str, now: dt.datetime) -> None:
    """Leave a mail to be sent, in the transaction of what it tells."""
    Mail.objects.create(to=to, subject=subject[:200], body=body, due=now)


def send_mails(now: dt.datetime) -> int:
    """Send the mails that are due; give how many went out. One that fails is tried again, later and later."""
    sent = 0
    for mail in Mail.objects.filter(due__lte=now).order_by("pk")[:500]:
        try:
            EmailMessage(mail.subject, mail.body, to=[mail.to]).send()
        except (OSError, SMTPException) as error:
            mail.attempts += 1
            log.warning("a mail was not sent", error=str(error)[:200])
            if mail.attempts >= MOST_ATTEMPTS:
                mail.delete()
            else:
                mail.due = now + dt.timedelta(minutes=2**mail.attempts)
                mail.save(update_fields=["attempts", "due"])
            continue
        mail.delete()
        sent += 1
    return sent


def send_digests(now: dt.datetime, address: Callable[[str, str], str], gate: Gate) -> int:
    """Send each address at most one mail a day with all that is new; ``address`` makes a link of a path's name.

    Whoever has nothing new costs nothing: one query gives all that is to be sent. What may not be published waits.
    """
    sent = 0
    shown = cache(lambda purpose: shut(gate, purpose, CONTRIBUTIONS) is None)
    rows = digest_rows(now - DAY)
    for email, found in groupby(rows.iterator(chunk_size=2_000), key=lambda notice: notice.follower.email):
        notices = [notice for notice in found if shown(notice.follower.process.purpose_slug)]
        if not notices:
            continue
        try:
            digest(email, notices, address).send()
        except (OSError, SMTPException) as error:
            log.warning("a digest was not sent", error=str(error)[:200])
            continue
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(sent=now)
        sent += 1
    return sent


def described(one: Follower) -> Text:
    """Say in words what an address looks for."""
    search = read(one.search)
    topics = {topic.slug: topic.title for topic in one.process.topics.all()}
    named = [topics.get(slug, Text(slug, slug)) for slug in (search.category, search.group) if slug]
    named += [TAGS[search.tag]] if search.tag in TAGS else []
    words = [Text(f"„{search.words}“", f"“{search.words}”")] if search.words else []
    where = search.place or (search.point.written if search.point else "")
    around = [Text(f"{search.radius} m um {where}", f"{search.radius} m around {where}")] if search.point else []
    every = [*words, *named, *around] or [Text("alles Neue", "everything new")]
    return Text(", ".join(part.de for part in every), ", ".join(part.en for part in every))


def digest(email: str, notices: list[Notice], address: Callable[[str, str], str]) -> EmailMessage:
    """Write a digest, with the head by which mail programs stop it at one click (RFC 8058)."""
    language = notices[0].follower.language
    words = WORDS[language]
    stop_at = address("follow-stop-all", signing.dumps(email, salt=ADDRESS_SALT))
    followers = {notice.follower_id: notice.follower for notice in notices}.values()
    stops = [(words.stop.format(what=_what(one, language)), address("follow-stop", token_of(one))) for one in followers]
    ends = "\n".join([words.why, *(f"{what}: {at}" for what, at in [*stops, (words.stop_all, stop_at)])])
    body = "\n\n".join([words.greeting, *_lines(notices, language, address), ends])
    headers = {"List-Unsubscribe": f"<{stop_at}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return EmailMessage(words.subject, body + "\n", to=[email], headers=headers)


def _what(one: Follower, language: str) -> str:
    if one.contribution:
        return one.contribution.number
    title = one.process.title.within(language)
    return f"{title} ({described(one).within(language)})" if one.search else title


def _lines(notices: list[Notice], language: str, address: Callable[[str, str], str]) -> Iterable[str]:
    # Whoever follows a contribution and its process hears of a step once.
    for step in {notice.step_id: notice.step for notice in notices}.values():
        one = step.contribution
        note = step.note.within(language) if step.note else ""
        head = f"{one.number} – {one.title}: {step.state_text.within(language)} ({step.office.within(language)})"
        yield "\n".join(filter(None, [head, note, address("contribution", one.number)]))
