"""Decisions of moderation: shown or hidden, with a reason that the author and the public see."""

import datetime as dt
import hmac

from django.db import transaction
from django.db.models import Q, QuerySet

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation.models import Case, Comment, Contribution, Follower
from allmende.participation.queries import Flood, waiting_flood
from allmende.participation.rules import REASONS, SAME_PERSON, digest
from allmende.participation.services.notices import post
from allmende.participation.services.searches import announce
from allmende.participation.services.translation import forget_translations

DECIDED = ErrorCode(
    "participation.case_closed",
    Text("Darüber ist schon entschieden.", "This is decided already."),
    Text("Nehmen Sie den nächsten Fall.", "Take the next case."),
)
NO_APPEAL = ErrorCode(
    "participation.no_appeal",
    Text("Kein Einspruch ist möglich: {what}.", "No appeal is possible: {what}."),
    Text(
        "Nur Verborgenes lässt sich anfechten, und nur einmal.", "Only what is hidden can be contested, and only once."
    ),
)
CONTRIBUTION = Text("Ihr Beitrag {number}", "Your contribution {number}")
COMMENT_ON = Text("Ihr Kommentar zu {about}", "Your comment on {about}")
BATCH = 1_000
SUBJECT = {"de": "{what} wurde verborgen", "en": "{what} was hidden"}
BODY = {
    "de": "Grund: {reason}.\n\nUnter der Adresse mit Ihrem Schlüssel, die Sie beim Absenden bekamen, können Sie "
    "Einspruch einlegen. Darüber entscheidet eine andere Person.\n",
    "en": "Reason: {reason}.\n\nAt the address with your key, which you got when you sent it, you can appeal. "
    "Another person decides about it.\n",
}


def name_of(actor: Actor) -> str:
    """Name who acts, as cases keep it."""
    return actor.email if isinstance(actor, Person) else actor.name


@transaction.atomic
def decide(actor: Actor, *, case: int, keep: bool, reason: str, now: dt.datetime) -> Case:
    """Close a case and all others about the same thing; who hid something does not decide about the appeal."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("process", "contribution", "comment")
    found = rows.filter(pk=case).first()
    if found is None or found.closed is not None:
        raise Conflict(DECIDED)
    thing = found.thing
    about = {"contribution": found.contribution, "comment": found.comment}
    hidden_by = Case.objects.filter(**about, decision="hidden").values_list("decided_by", flat=True)
    if found.cause == "appeal" and name_of(actor) in set(hidden_by):
        raise Conflict(SAME_PERSON)
    before, thing.visibility = thing.visibility, _kept(thing) if keep else "hidden"
    thing.save(update_fields=["visibility"])
    if isinstance(thing, Contribution) and thing.visibility == "shown" != before:
        announce(thing)
    said = "" if keep else reason
    decision = {"closed": now, "decision": "shown" if keep else "hidden", "reason": said, "decided_by": name_of(actor)}
    Case.objects.filter(**about, closed__isnull=True).update(**decision)
    if not keep:
        forget_translations([thing.pk] if isinstance(thing, Contribution) else [])
        _tell_author(thing, said, now)
    record(actor, "participation.moderated", thing, before={"visibility": before}, after={"keep": keep, "reason": said})
    return found


@transaction.atomic
def hide_flood(actor: Actor, flood: Flood, *, reason: str, now: dt.datetime) -> int:
    """Hide everything that still waits unread for one cause, up to the last case that somebody saw; give how many.

    Authors hear of it and can appeal as ever; what was shown, reported or contested is not touched.
    """
    decision = {"closed": now, "decision": "hidden", "reason": reason, "decided_by": name_of(actor)}
    hidden = 0
    while found := list(waiting_flood(flood)[:BATCH]):
        things: list[Contribution | Comment] = [case.thing for case in found]
        texts = {one.pk for one in things if isinstance(one, Contribution)}
        said = {one.pk for one in things if isinstance(one, Comment)}
        Contribution.objects.filter(pk__in=texts).update(visibility="hidden")
        forget_translations(texts)
        Comment.objects.filter(pk__in=said).update(visibility="hidden")
        open_cases = Case.objects.filter(closed__isnull=True)
        open_cases.filter(Q(contribution__in=texts) | Q(comment__in=said)).update(**decision)
        # Few in a flood leave an address that they confirm; the others cost nothing.
        known = set(_confirmed(texts))
        for thing in things:
            if thing.writer_id if isinstance(thing, Comment) else thing.pk in known:
                _tell_author(thing, reason, now)
        hidden += len(texts) + len(said)
    after = {"cause": flood.cause, "up_to_case": flood.upto, "reason": reason, "count": hidden}
    record(actor, "participation.flood_hidden", flood.process, after=after)
    return hidden


def _confirmed(contributions: set[int]) -> QuerySet[Follower, int | None]:
    rows = Follower.objects.filter(contribution__in=contributions, confirmed__isnull=False)
    return rows.values_list("contribution_id", flat=True)


def _kept(thing: Contribution | Comment) -> str:
    """Give how something is kept: shown, or waiting for the address that its process asks for."""
    if isinstance(thing, Comment) or thing.process.writing != "mail":
        return "shown"
    asked = Follower.objects.filter(contribution=thing, confirmed=None, asked=thing.received)
    return "unconfirmed" if asked.exists() else "shown"


def _author(thing: Contribution | Comment) -> Follower | None:
    """Give the confirmed address of who wrote something; of a contribution, who asked in the act of handing it in."""
    if isinstance(thing, Comment):
        return thing.writer if thing.writer is not None and thing.writer.confirmed else None
    return Follower.objects.filter(contribution=thing, confirmed__isnull=False, asked=thing.received).first()


def _tell_author(thing: Contribution | Comment, reason: str, now: dt.datetime) -> None:
    author = _author(thing)
    if author is not None:
        what = name_of_thing(thing)
        subject = SUBJECT[author.language].format(what=what.within(author.language))
        post(author.email, subject, BODY[author.language].format(reason=REASONS[reason].within(author.language)), now)


def name_of_thing(thing: Contribution | Comment) -> Text:
    """Name what was written, as its author knows it."""
    if isinstance(thing, Comment):
        return COMMENT_ON.filled(about=thing.contribution.number if thing.contribution else f"§ {_number(thing)}")
    return CONTRIBUTION.filled(number=thing.number)


def _number(thing: Comment) -> int:
    return thing.paragraph.number if thing.paragraph else 0


def owns(one: Contribution | Comment, key: str) -> bool:
    """Tell whether somebody has the key of what they wrote; keys are destroyed with the process's memory."""
    return bool(one.key_digest) and hmac.compare_digest(one.key_digest, digest(key.strip()))


@transaction.atomic
def appeal(actor: Actor, one: Contribution | Comment, words: str, now: dt.datetime) -> None:
    """Contest that something was hidden; once."""
    about = {"comment": one} if isinstance(one, Comment) else {"contribution": one}
    if one.visibility != "hidden" or Case.objects.filter(**about, cause="appeal").exists():
        raise Conflict(NO_APPEAL, what=name_of_thing(one))
    Case.objects.create(process=one.process, cause="appeal", words=words, opened=now, **about)
    record(actor, "participation.appealed", one)
