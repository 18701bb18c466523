"""What people can see of what we keep about them, and delete themselves, without an account."""

import datetime as dt
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import F

from allmende.accounts.services import Actor, record
from allmende.participation import survey_queries
from allmende.participation.ballot_queries import on_paper
from allmende.participation.models import (
    Ballot,
    Comment,
    Contribution,
    Follower,
    PairJudgement,
    Process,
    RankingBallot,
    Registration,
    Support,
    Vote,
    Voter,
)
from allmende.participation.rules import COUNTED, allowed_now
from allmende.participation.services import notices, surveys, workshops

SALT, SECONDS = "participation.address", 86_400


def word_of(email: str) -> str:
    """Give the word that shows for a day what we keep about an address; it is sent to that address only."""
    return signing.dumps(email.lower(), salt=SALT)


def address_of(word: str) -> str | None:
    """Give the address of a word; None where it is not ours, or too old."""
    try:
        return str(signing.loads(word, salt=SALT, max_age=SECONDS))
    except signing.BadSignature:
        return None


def followed(email: str) -> list[Follower]:
    """Give what an address follows."""
    rows = Follower.objects.filter(email=email).select_related("process", "contribution")
    return list(rows.order_by("asked", "pk"))


def registered(email: str) -> list[Registration]:
    """Give for which workshops an address is registered."""
    return list(Registration.objects.filter(email=email).select_related("workshop__process").order_by("pk"))


def about_address(email: str) -> dict[str, Any]:
    """Give everything that is kept about an address, as it is written into a file."""
    follows = [
        {
            "process": one.process.slug,
            "contribution": one.contribution.number if one.contribution else None,
            "search": one.search or None,
            "language": one.language,
            "asked": one.asked.isoformat(),
            "confirmed": one.confirmed.isoformat() if one.confirmed else None,
        }
        for one in followed(email)
    ]
    registrations = [
        {
            "process": one.workshop.process.slug,
            "workshop": one.workshop.title_de,
            "name": one.name,
            "needs": one.needs,
            "language": one.language,
            "state": one.state,
            "deleted_on": one.workshop.forget_on.isoformat(),
        }
        for one in registered(email)
    ]
    return {"email": email, "follows": follows, "registrations": registrations}


@transaction.atomic
def forget_address(email: str, now: dt.datetime, *, promotes: bool) -> None:
    """Delete an address from everything that it follows and from all workshops."""
    notices.forget_followers(Follower.objects.filter(email=email))
    for one in registered(email):
        workshops.give_back(one, now, promotes=promotes)


def about_contribution(one: Contribution) -> dict[str, Any]:
    """Give everything that is kept about a contribution, as it is written into a file for its author."""
    names = ("number", "kind", "title", "body", "proposed", "language", "tag", "longitude", "latitude", "geometry")
    told = ("place", "photo_alt", "photo_alt_en", "author", "channel", "state", "outcome", "visibility")
    return {
        **{name: getattr(one, name) for name in (*names, *told)},
        "process": one.process.slug,
        "category": one.category.slug if one.category else None,
        "group": one.group.slug if one.group else None,
        "received": one.received.isoformat(),
        "photo": bool(one.photo),
        "machine_translations": list(one.translations.values("language", "title", "body")),
        "name_and_key_deleted": one.process.forgotten.isoformat() if one.process.forgotten else None,
        "days_until_then_after_the_end": one.process.keep_days,
    }


@transaction.atomic
def forget_author(actor: Actor, one: Contribution | Comment) -> None:
    """Take the name off something that somebody wrote."""
    one.author = ""
    one.save(update_fields=["author"])
    record(actor, "participation.name_deleted", one if isinstance(one, Contribution) else one.process)


@transaction.atomic
def withdraw(actor: Actor, one: Comment) -> None:
    """Delete a comment of one's own."""
    one.body, one.author, one.visibility = "", "", "withdrawn"
    one.save(update_fields=["body", "author", "visibility"])
    one.cases.filter(closed=None).delete()
    record(actor, "participation.comment_withdrawn", one.process)


def about_pseudonym(process: Process, pseudonym: str) -> dict[str, Any]:
    """Give everything that somebody judged, supported and chose with a pass, as it is written into a file."""
    voted = Vote.objects.filter(statement__process=process, pseudonym=pseudonym).order_by("statement__number")
    group = Voter.objects.filter(process=process, pseudonym=pseudonym, group__isnull=False)
    # What came on paper is shown to nobody who has its code.
    if on_paper(process.voters.all(), pseudonym):
        voted, group = voted.none(), group.none()
    liked = Support.objects.filter(contribution__process=process, pseudonym=pseudonym).order_by("pk")
    online = {"process": process, "pseudonym": pseudonym, "channel": "online"}
    pairs = PairJudgement.objects.filter(process=process, pseudonym=pseudonym).order_by("pk")
    ballot, order = Ballot.objects.filter(**online), RankingBallot.objects.filter(**online)
    return {
        "process": process.slug,
        "votes": dict(voted.values_list("statement__number", "value")),
        "group": group.values_list("group__slug", flat=True).first(),
        "supports": list(liked.values_list("contribution__number", flat=True)),
        "ballot": ballot.values_list("choice", flat=True).first(),
        "ranking": order.values_list("order", flat=True).first(),
        "pairs": list(pairs.values("first", "second", "value")),
        "survey": _sheet(process, pseudonym),
    }


def _sheet(process: Process, pseudonym: str) -> dict[str, Any] | None:
    """Give what somebody answered, and their own words; None where they sent no sheet."""
    answers = survey_queries.answers_of(process, pseudonym)
    if answers is None:
        return None
    return {"answers": answers, "words": survey_queries.words_of(process, pseudonym)}


@transaction.atomic
def forget_votes(process: Process, pseudonym: str, now: dt.datetime) -> set[str]:
    """Delete what a pass holder did where the phase still allows it; give for which actions that was.

    No entry is kept: it could tell who had voted.
    """
    open_now = allowed_now(process.spans, now) if process.state == "open" else set()
    mine = {"process": process, "pseudonym": pseudonym}
    if "vote" in open_now and not on_paper(process.voters.all(), pseudonym):
        Vote.objects.filter(statement__process=process, pseudonym=pseudonym).delete()
        Voter.objects.filter(**mine).delete()
    if "support" in open_now:
        _forget_supports(process, pseudonym)
    online = {
        "ballot": Ballot.objects.filter(**mine, channel="online"),
        "rank": RankingBallot.objects.filter(**mine, channel="online"),
        "compare": PairJudgement.objects.filter(**mine),
    }
    for action in open_now & online.keys():
        online[action].delete()
    if "answer" in open_now:
        surveys.forget_sheet(process, pseudonym)
    return open_now & COUNTED


def _forget_supports(process: Process, pseudonym: str) -> None:
    for one in Support.objects.select_for_update().filter(contribution__process=process, pseudonym=pseudonym):
        if one.delete()[0]:
            Contribution.objects.filter(pk=one.contribution_id).update(supports=F("supports") - 1)
