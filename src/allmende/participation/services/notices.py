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

from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.participation.models import Contribution, Follower, Mail, Notice, Process, Step
from allmende.participation.permission import CONTRIBUTIONS, shut
from allmende.participation.queries import digest_rows, followers_of
from allmende.participation.services.contributions import PUBLIC

log = structlog.get_logger("allmende.participation")
MOST_ATTEMPTS, DAY = 8, dt.timedelta(hours=20)
SALT, CONFIRM_SECONDS = "participation.follower", 14 * 86_400


class Words(msgspec.Struct, frozen=True):
    """What a digest says in a language."""

    subject: str
    greeting: str
    why: str
    stop: str


WORDS = {
    "de": Words(
        "Neues zu Beiträgen, denen Sie folgen",
        "Das ist geschehen:",
        "Sie bekommen diese Mail, weil Sie es bestätigt haben.",
        "Nichts mehr hierzu",
    ),
    "en": Words(
        "News about contributions that you follow",
        "This has happened:",
        "You get this mail because you confirmed it.",
        "Nothing more about this",
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
    process: Process, contribution: Contribution | None, *, email: str, language: str, now: dt.datetime
) -> Follower:
    """Keep an address that wants to know; nothing is sent to it before it has confirmed."""
    found, _ = Follower.objects.get_or_create(
        process=process, contribution=contribution, email=email.lower(), defaults={"asked": now, "language": language}
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
    record(PUBLIC, "participation.follower_stopped", found.contribution or found.process)
    found.delete()
    return True


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


def digest(email: str, notices: list[Notice], address: Callable[[str, str], str]) -> EmailMessage:
    """Write a digest, with the head by which mail programs stop it at one click (RFC 8058)."""
    language = notices[0].follower.language
    words = WORDS[language]
    token = token_of(notices[0].follower)
    stop_at = address("follow-stop", token)
    body = "\n\n".join([words.greeting, *_lines(notices, language, address), words.why, f"{words.stop}: {stop_at}"])
    headers = {"List-Unsubscribe": f"<{stop_at}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return EmailMessage(words.subject, body + "\n", to=[email], headers=headers)


def _lines(notices: list[Notice], language: str, address: Callable[[str, str], str]) -> Iterable[str]:
    for notice in notices:
        step, one = notice.step, notice.step.contribution
        note = step.note.within(language) if step.note else ""
        head = f"{one.number} – {one.title}: {step.state_text.within(language)} ({step.office.within(language)})"
        yield "\n".join(filter(None, [head, note, address("contribution", one.number)]))
