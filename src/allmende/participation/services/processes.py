"""The life of a process: founded from a format, published, closed, archived, and made to forget."""

import datetime as dt

import msgspec
from django.core.files.storage import default_storage
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.kernel.text import Text
from allmende.participation import closing_queries
from allmende.participation.formats import BudgetFrame, format_of
from allmende.participation.models import (
    AnswerSheet,
    Budget,
    CardPhoto,
    Case,
    CoAuthor,
    Code,
    Comment,
    Contribution,
    Follower,
    FreeWords,
    Panel,
    Phase,
    PoolPerson,
    Process,
    Registration,
    Statement,
    Topic,
    Workshop,
)
from allmende.participation.models.processes import new_key, preview_key
from allmende.participation.rules import require_declared, require_move
from allmende.participation.services import survey_questions
from allmende.participation.services.cards import forget_photos
from allmende.participation.services.translation import forget_translations

DECLARED = {
    "purpose_de": Text("Zweck", "purpose"),
    "audience_de": Text("wer gefragt ist", "who is asked"),
    "office_de": Text("wer antwortet", "who answers"),
    "weight": Text("was das Ergebnis zählt", "what the result counts"),
}
RETENTION, CLOSING = SystemActor("system:retention"), SystemActor("system:participation")


@transaction.atomic
def found(actor: Actor, process: Process, *, first_day: dt.datetime) -> Process:
    """Keep a new process with the phases of its format, one after the other from a day on."""
    process.save(force_insert=True)
    since = first_day
    for position, phase in enumerate(format_of(process.format).phases):
        until = since + dt.timedelta(days=phase.days)
        Phase.objects.create(
            process=process,
            slug=phase.slug,
            position=position,
            title_de=phase.title.de,
            title_en=phase.title.en,
            about_de=phase.about.de,
            about_en=phase.about.en,
            since=since,
            until=until,
        )
        since = until
    frame = format_of(process.format).budget
    if frame is not None:
        Budget.objects.create(process=process, **msgspec.structs.asdict(frame))
    lots = format_of(process.format).panel
    if lots is not None:
        Panel.objects.create(process=process, size=lots.size, quotas=msgspec.to_builtins(lots.quotas))
    record(actor, "participation.process_founded", process, after={"slug": process.slug, "format": process.format})
    return process


@transaction.atomic
def change(actor: Actor, process: Process, fields: list[str]) -> None:
    """Keep changed declarations; what was said before stays in the trail, as people relied on it."""
    before = Process.objects.filter(pk=process.pk).values(*fields).get()
    process.save(update_fields=fields)
    after = {name: getattr(process, name) for name in fields}
    record(actor, "participation.process_changed", process, before=before, after=after)


@transaction.atomic
def set_phase(actor: Actor, phase: Phase, *, since: dt.datetime, until: dt.datetime) -> None:
    """Move a phase in time."""
    before = {"since": phase.since.isoformat(), "until": phase.until.isoformat()}
    phase.since, phase.until = since, until
    phase.save(update_fields=["since", "until"])
    after = {"phase": phase.slug, "since": since.isoformat(), "until": until.isoformat()}
    record(actor, "participation.phase_set", phase.process, before=before, after=after)


@transaction.atomic
def move(actor: Actor, process: Process, to: str, now: dt.datetime) -> None:
    """Publish, close, archive or open again."""
    one = Process.objects.select_for_update().get(pk=process.pk)
    require_move(one.state, to)
    if to == "open":
        require_declared([text.de for name, text in DECLARED.items() if not getattr(one, name)])
    before = {"state": one.state, "close_days": one.close_days}
    one.state = to
    one.closed = now if to == "closed" else None if to == "open" else one.closed
    if to == "open" and one.closes is not None and one.closes <= now:
        # Whoever opens it now wants it open: it would close itself within a quarter of an hour.
        one.close_days = None
    one.save(update_fields=["state", "closed", "close_days"])
    after = {"state": to, "close_days": one.close_days}
    record(actor, f"participation.process_{to}", one, before=before, after=after)


@transaction.atomic
def add_topic(actor: Actor, process: Process, *, kind: str, slug: str, title: Text, people: int | None = None) -> Topic:
    """Add a category, or a group to choose; one of that name is only renamed and its size kept."""
    position = process.topics.filter(kind=kind).count()
    named = {"title_de": title.de, "title_en": title.en, "people": people}
    topic, _ = Topic.objects.update_or_create(
        process=process, kind=kind, slug=slug, defaults=named, create_defaults={**named, "position": position}
    )
    record(actor, "participation.topic_set", process, after={"kind": kind, "slug": slug, **named})
    return topic


@transaction.atomic
def clone(actor: Actor, process: Process, *, slug: str, title: Text, first_day: dt.datetime) -> Process:
    """Make a draft like a process: its declarations, topics, statements, questions; nothing of what people brought."""
    copy = Process.objects.get(pk=process.pk)
    copy.pk, copy.state, copy.slug = None, "draft", slug
    copy.title_de, copy.title_en = title.de, title.en
    copy.key, copy.preview = new_key(), preview_key()
    copy.closed = copy.forgotten = copy.result_at = None
    copy.forgot = {}
    copy.result_de = copy.result_en = ""
    copy.demonstration = False
    copy._state.adding = True
    found(actor, copy, first_day=first_day)
    _time_like(copy, process, first_day)
    for topic in process.topics.all():
        Topic.objects.create(
            process=copy,
            kind=topic.kind,
            slug=topic.slug,
            position=topic.position,
            title_de=topic.title_de,
            title_en=topic.title_en,
            people=topic.people,
        )
    _set_like(copy, process)
    for one in process.statements.filter(contribution__isnull=True, visibility="shown"):
        Statement.objects.create(process=copy, number=one.number, text_de=one.text_de, text_en=one.text_en)
    survey_questions.copy(process, copy)
    return copy


def _time_like(copy: Process, process: Process, first_day: dt.datetime) -> None:
    """Give the phases of a copy the distances of those that it was made from."""
    known = {phase.slug: phase for phase in process.phases.all()}
    begin = min((phase.since for phase in known.values()), default=first_day)
    for phase in copy.phases.all():
        like = known.get(phase.slug)
        if like is not None:
            phase.since, phase.until = first_day + (like.since - begin), first_day + (like.until - begin)
            phase.save(update_fields=["since", "until"])


def _set_like(copy: Process, process: Process) -> None:
    """Give a copy the rules of the budget and of the panel."""
    money = Budget.objects.filter(process=process).values(*BudgetFrame.__struct_fields__).first()
    if money is not None:
        Budget.objects.filter(process=copy).update(**money)
    lots = Panel.objects.filter(process=process).values("size", "quotas", "lots").first()
    if lots is not None:
        Panel.objects.filter(process=copy).update(**lots)


@transaction.atomic
def publish_result(actor: Actor, process: Process, result: Text, now: dt.datetime) -> None:
    """Say what came out and what follows from it."""
    before = {"de": process.result_de}
    process.result_de, process.result_en, process.result_at = result.de, result.en, now
    process.save(update_fields=["result_de", "result_en", "result_at"])
    record(actor, "participation.result_published", process, before=before, after={"de": result.de, "en": result.en})


def close_ended(now: dt.datetime) -> list[str]:
    """Close the processes whose declared day has come and in which nothing waits; give their names."""
    closed = closing_queries.due(now)
    for one in closed:
        move(CLOSING, one, "closed", now)
    return [one.slug for one in closed]


def forget_ended(now: dt.datetime) -> list[str]:
    """Carry out the deletion plans that have come due; give the names of the processes that forgot."""
    due = Process.objects.filter(closed__isnull=False, forgotten__isnull=True)
    ended = [one for one in due if one.closed and one.closed + dt.timedelta(days=one.keep_days) <= now]
    for one in ended:
        forget(one, now)
    return [one.slug for one in ended]


@transaction.atomic
def forget(process: Process, now: dt.datetime) -> dict[str, int]:
    """Delete addresses, names, keys, codes, hidden words, sheets of surveys; what was public stays without its author.

    Other votes stay for the counts. Their pseudonyms cannot be traced any more, as the key that made them is gone.
    """
    mine = Contribution.objects.filter(process=process)
    hidden = mine.exclude(visibility__in=("shown", "merged"))
    for name in hidden.exclude(photo="").values_list("photo", flat=True):
        default_storage.delete(name)
    forget_translations(hidden.values_list("pk", flat=True))
    said = Comment.objects.filter(contribution__process=process) | Comment.objects.filter(paragraph__process=process)
    report = {
        "coauthors": CoAuthor.objects.filter(contribution__process=process)
        .delete()[1]
        .get("participation.CoAuthor", 0),
        "followers": Follower.objects.filter(process=process).delete()[1].get("participation.Follower", 0),
        "codes": Code.objects.filter(process=process).delete()[0],
        "hidden": hidden.update(
            **dict.fromkeys(("body", "proposed", "photo", "photo_alt", "photo_alt_en", "place"), ""),
            **dict.fromkeys(("longitude", "latitude", "geometry")),
            title="–",
        ),
        "pools": PoolPerson.objects.filter(panel__process=process).delete()[1].get("participation.PoolPerson", 0),
        "registrations": Registration.objects.filter(workshop__process=process).delete()[0],
        "card_photos": forget_photos(CardPhoto.objects.filter(workshop__process=process)),
        "sheets": AnswerSheet.objects.filter(process=process).delete()[0],
        "words": FreeWords.objects.filter(question__process=process).delete()[0],
        "authors": mine.update(author="", key_digest=""),
    }
    report["comments"] = said.exclude(visibility="shown").update(body="")
    report["commenters"] = said.update(author="", key_digest="")
    Case.objects.filter(process=process).update(words="")
    Panel.objects.filter(process=process, pool_deleted__isnull=True).update(pool_deleted=now)
    Workshop.objects.filter(process=process, forgotten__isnull=True).update(forgotten=now)
    process.key, process.forgotten, process.forgot = None, now, report
    process.save(update_fields=["key", "forgotten", "forgot"])
    record(RETENTION, "participation.forgotten", process, after=report)
    return report
