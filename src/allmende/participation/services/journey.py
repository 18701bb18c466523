"""What the offices do with a contribution: each step is public, with its day, its office and its reason."""

import datetime as dt

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.participation.models import Contribution, Follower, Step, Support
from allmende.participation.rules import require_step
from allmende.participation.services.contributions import Draft, submit, where
from allmende.participation.services.notices import tell

NO_CONTRIBUTION = ErrorCode(
    "participation.unknown_contribution",
    Text("Einen Beitrag {number} gibt es nicht.", "There is no contribution {number}."),
    Text("Prüfen Sie die Nummer, etwa 2026-00042.", "Check the number, such as 2026-00042."),
)
NOT_MERGED = ErrorCode(
    "participation.cannot_merge",
    Text("{number} lässt sich nicht mit {into} zusammenführen.", "{number} cannot be merged with {into}."),
    Text("Beide müssen sichtbar sein und zu einem Verfahren gehören.", "Both must be shown and belong to one process."),
)
MERGED = Text("Zusammengeführt mit {number}; dort geht es weiter.", "Merged with {number}; it goes on there.")
TOOK_IN = Text("{number} wurde hiermit zusammengeführt.", "{number} was merged with this.")
SPLIT = Text("Geteilt; eigene Beiträge sind jetzt: {numbers}.", "Split; contributions of their own are now: {numbers}.")


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What is told: the new state, the outcome of an answer, why, into which project or milestone it led, and by which
    paper of the council (its address).
    """

    state: str
    outcome: str = ""
    note: Text | None = None
    office: Text | None = None
    project: str = ""
    milestone: int | None = None
    paper: str = ""


def locked(number: str) -> Contribution:
    """Give a contribution that nobody else changes meanwhile."""
    one = Contribution.objects.select_for_update(of=("self",)).select_related("process").filter(number=number).first()
    if one is None:
        raise NotFound(NO_CONTRIBUTION, number=number)
    return one


@transaction.atomic
def advance(actor: Actor, *, number: str, news: News, now: dt.datetime) -> Step:
    """Tell a step of the journey, and all who follow."""
    one = locked(number)
    outcome = news.outcome if news.state == "answered" else one.outcome
    require_step(one.number, one.state, outcome, news.state)
    before, one.state, one.outcome = one.state, news.state, outcome
    if news.state == "answered" and one.answered is None:
        one.answered = now
    one.save(update_fields=["state", "outcome", "answered"])
    step = told(one, news, now)
    after = {
        "state": news.state,
        "outcome": news.outcome,
        "project": news.project,
        "paper": news.paper,
        "note": step.note_de,
    }
    record(actor, "participation.advanced", one, before={"state": before}, after=after)
    return step


def told(one: Contribution, news: News, now: dt.datetime) -> Step:
    """Keep a step, and leave word of it for all who follow."""
    office = news.office or one.process.office
    step = Step.objects.create(
        contribution=one,
        at=now,
        state=news.state,
        outcome=news.outcome if news.state == "answered" else "",
        office_de=office.de,
        office_en=office.en,
        note_de=news.note.de if news.note else "",
        note_en=news.note.en if news.note else "",
        project=news.project,
        milestone=news.milestone,
        paper=news.paper,
    )
    tell(step)
    return step


@transaction.atomic
def merge(actor: Actor, *, number: str, into: str, now: dt.datetime) -> None:
    """Put a contribution into another that says the same; its words stay readable there, and nobody counts twice."""
    one, other = locked(number), locked(into)
    if one == other or one.process_id != other.process_id or {one.visibility, other.visibility} != {"shown"}:
        raise Conflict(NOT_MERGED, number=number, into=into)
    told(one, News(state=one.state, note=MERGED.filled(number=other.number)), now)
    _take_along(one, other)
    one.visibility, one.merged_into = "merged", other
    one.save(update_fields=["visibility", "merged_into"])
    told(other, News(state=other.state, note=TOOK_IN.filled(number=one.number)), now)
    record(actor, "participation.merged", one, after={"into": other.number})


def _take_along(one: Contribution, other: Contribution) -> None:
    """Lead to another contribution all that hangs on one: support, followers, reasons, and what grew from it.

    Its place, too, where the other has none.
    """
    if other.point is None:
        for name, value in where(one.point, one.shape, one.place).items():
            setattr(other, name, value)
    known = set(other.supporters.values_list("pseudonym", flat=True))
    fresh = [row.pseudonym for row in one.supporters.all() if row.pseudonym not in known]
    Support.objects.bulk_create([Support(contribution=other, pseudonym=name) for name in fresh])
    other.supports += len(fresh)
    other.save(update_fields=["supports", "longitude", "latitude", "geometry", "place"])
    addresses = set(other.followers.values_list("email", flat=True))
    one.followers.exclude(email__in=addresses).update(contribution=other)
    one.comments.update(contribution=other)
    one.statements.update(contribution=other)
    one.merged.update(merged_into=other)
    grown = set(other.paragraphs.values_list("paragraph", flat=True))
    one.paragraphs.exclude(paragraph__in=grown).update(contribution=other)


@transaction.atomic
def split(actor: Actor, *, number: str, parts: list[tuple[str, str]], now: dt.datetime) -> list[Contribution]:
    """Make contributions of their own of parts (title, text) of one; the first stays as it was handed in."""
    one = locked(number)
    made = []
    for title, body in parts:
        draft = Draft(
            kind="need" if one.kind == "need" else "idea",
            title=title,
            body=body,
            language=one.language,
            category=one.category.slug if one.category else "",
            group=one.group.slug if one.group else "",
            tag=one.tag,
            point=one.point,
            shape=one.shape,
            place=one.place,
            channel=one.channel,
        )
        part = submit(actor, one.process, draft, proven=True, confirmed=True, now=now).contribution
        part.split_from = one
        part.save(update_fields=["split_from"])
        rows = [
            Follower(
                process=one.process,
                contribution=part,
                email=row.email,
                language=row.language,
                asked=row.asked,
                confirmed=row.confirmed,
            )
            for row in one.followers.all()
        ]
        Follower.objects.bulk_create(rows)
        made.append(part)
    told(one, News(state=one.state, note=SPLIT.filled(numbers=", ".join(part.number for part in made))), now)
    record(actor, "participation.split", one, after={"parts": [part.number for part in made]})
    return made
