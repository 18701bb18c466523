"""Decisions of moderation: shown or hidden, with a reason that the author and the public see."""

import datetime as dt
import hmac

from django.db import transaction

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation.models import Case, Contribution, Follower
from allmende.participation.rules import REASONS, SAME_PERSON, digest
from allmende.participation.services.notices import post

DECIDED = ErrorCode(
    "participation.case_closed",
    Text("Darüber ist schon entschieden.", "This is decided already."),
    Text("Nehmen Sie den nächsten Fall.", "Take the next case."),
)
NO_APPEAL = ErrorCode(
    "participation.no_appeal",
    Text("Gegen {number} ist kein Einspruch möglich.", "No appeal is possible about {number}."),
    Text(
        "Nur Verborgenes lässt sich anfechten, und nur einmal.", "Only what is hidden can be contested, and only once."
    ),
)
SUBJECT = {"de": "Ihr Beitrag {number} wurde verborgen", "en": "Your contribution {number} was hidden"}
BODY = {
    "de": "Grund: {reason}.\n\nMit Nummer und Schlüssel können Sie auf der Seite Ihres Beitrags Einspruch einlegen. "
    "Darüber entscheidet eine andere Person.\n",
    "en": "Reason: {reason}.\n\nWith number and key you can appeal on the page of your contribution. "
    "Another person decides about it.\n",
}


def name_of(actor: Actor) -> str:
    """Name who acts, as cases keep it."""
    return actor.email if isinstance(actor, Person) else actor.name


@transaction.atomic
def decide(actor: Actor, *, case: int, keep: bool, reason: str, now: dt.datetime) -> Case:
    """Close a case and all others about the same thing; who hid something does not decide about the appeal."""
    found = (
        Case.objects.select_for_update(of=("self",)).select_related("process", "contribution", "comment").get(pk=case)
    )
    if found.closed is not None:
        raise Conflict(DECIDED)
    thing = found.thing
    about = {"contribution": found.contribution, "comment": found.comment}
    hidden_by = Case.objects.filter(**about, decision="hidden").values_list("decided_by", flat=True)
    if found.cause == "appeal" and name_of(actor) in set(hidden_by):
        raise Conflict(SAME_PERSON)
    before, thing.visibility = thing.visibility, "shown" if keep else "hidden"
    thing.save(update_fields=["visibility"])
    said = "" if keep else reason
    decision = {"closed": now, "decision": "shown" if keep else "hidden", "reason": said, "decided_by": name_of(actor)}
    Case.objects.filter(**about, closed__isnull=True).update(**decision)
    if not keep and isinstance(thing, Contribution):
        _tell_author(thing, said, now)
    record(actor, "participation.moderated", thing, before={"visibility": before}, after={"keep": keep, "reason": said})
    return found


def _tell_author(one: Contribution, reason: str, now: dt.datetime) -> None:
    """Write to who handed it in, where they left a confirmed address; they asked first, so theirs is the oldest."""
    author = Follower.objects.filter(contribution=one, confirmed__isnull=False, asked__lte=one.received).first()
    if author is not None:
        subject = SUBJECT[author.language].format(number=one.number)
        post(author.email, subject, BODY[author.language].format(reason=REASONS[reason].within(author.language)), now)


def owns(one: Contribution, key: str) -> bool:
    """Tell whether somebody has the key of what they wrote; keys are destroyed with the process's memory."""
    return bool(one.key_digest) and hmac.compare_digest(one.key_digest, digest(key.strip()))


@transaction.atomic
def appeal(actor: Actor, one: Contribution, words: str, now: dt.datetime) -> None:
    """Contest that something was hidden; once."""
    if one.visibility != "hidden" or Case.objects.filter(contribution=one, cause="appeal").exists():
        raise Conflict(NO_APPEAL, number=one.number)
    Case.objects.create(process=one.process, contribution=one, cause="appeal", words=words, opened=now)
    record(actor, "participation.appealed", one)
