"""Reads of processes and contributions; what is not shown does not appear, not even in a count."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import Case as When
from django.db.models import (
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models import When as If
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThanOrEqual

from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.ids import number_of
from allmende.participation.methods.least import LEAST_GROUP
from allmende.participation.models import (
    Case,
    Comment,
    Contribution,
    Follower,
    Notice,
    Process,
    Step,
    Support,
    TitleGram,
)
from allmende.participation.rules import CHANNELS, PAGE, grams, likeness
from allmende.programme.models import Milestone
from allmende.register.around import Point, metres

LIKE, NEAR_METRES, MOST_SIMILAR, MOST_WORDS = 0.3, 150.0, 5, 5
# A degree of latitude in metres, and the smallest cosine of a latitude in Germany: a box that holds the circle.
DEGREE, NARROWEST = 111_195.0, 0.57
# Fewer supporters than are told must not be told by an order, either.
TOLD = When(If(supports__gte=LEAST_GROUP, then=F("supports")), default=Value(0), output_field=IntegerField())
# Causes that a program found, and from how many on one decision about all of them is offered.
MACHINE_CAUSES, FLOOD = ("no-proof", "links", "repeated"), 25
PUBLIC_STATES = ("open", "closed", "archived")


class Tally(msgspec.Struct, frozen=True):
    """How many contributions there are, in public."""

    received: int = 0
    answered: int = 0
    overdue: int = 0
    late: int = 0
    online: int = 0
    onsite: int = 0
    paper: int = 0


class Wanted(msgspec.Struct, frozen=True):
    """Which contributions a page shows, in which order, from where on."""

    kind: str
    category: str = ""
    group: str = ""
    tag: str = ""
    state: str = ""
    words: str = ""
    near: Point | None = None
    radius: int | None = None
    order: str = "newest"
    after: str = ""


class Listing(msgspec.Struct, frozen=True):
    """A page of contributions, and where the next one begins; empty at the end."""

    rows: list[Contribution]
    after: str


def processes() -> QuerySet[Process]:
    """Give what the public sees, running ones first."""
    order = When(If(state="open", then=Value(0)), default=Value(1), output_field=IntegerField())
    return Process.objects.filter(state__in=PUBLIC_STATES).prefetch_related("phases").order_by(order, "-pk")


def every_process() -> QuerySet[Process]:
    """Give all processes, drafts too."""
    return Process.objects.prefetch_related("phases")


def process_of(slug: str, preview: str = "") -> Process | None:
    """Give a process to the public; a draft to who knows the word of its preview."""
    found = Process.objects.prefetch_related("phases", "topics").filter(slug=slug).first()
    if found is None or (found.state == "draft" and preview != found.preview):
        return None
    return found


def purpose_of(*, slug: str, number: str) -> str:
    """Give the purpose of a process by its name, or by the number of a contribution; empty where there is none."""
    rows = Process.objects.filter(slug=slug) if slug else Process.objects.filter(contributions__number=number)
    return rows.values_list("purpose_slug", flat=True).first() or ""


def shown(process: Process, kind: str = "") -> QuerySet[Contribution]:
    """Give what is shown of a process."""
    found = Contribution.objects.filter(process=process, visibility="shown")
    return found.filter(kind=kind) if kind else found


def contribution(number: str) -> Contribution | None:
    """Give a contribution by its number, in whichever state; the pages say what of it is shown."""
    every = Contribution.objects.select_related("process", "category", "group", "paragraph", "merged_into")
    return every.filter(number=number.strip()).exclude(process__state="draft").first()


def comments_of(thing: Contribution) -> QuerySet[Comment]:
    """Give the shown comments."""
    return thing.comments.filter(visibility="shown")


def tally(process: Process, now: dt.datetime, kind: str = "") -> Tally:
    """Count the contributions, or those of a kind, in one query."""
    every = shown(process, kind)
    late = Q(answered__isnull=True, due__lt=now) | Q(answered__gt=F("due"))
    # Names of their own: a sum named like a column would stand for it in the conditions of the others.
    found = every.aggregate(
        n_received=Count("pk"),
        n_answered=Count("pk", filter=Q(answered__isnull=False)),
        n_overdue=Count("pk", filter=Q(answered__isnull=True, due__lt=now)),
        n_late=Count("pk", filter=late),
        **{f"n_{channel}": Count("pk", filter=Q(channel=channel)) for channel in CHANNELS},
    )
    return Tally(**{name.removeprefix("n_"): count for name, count in found.items()})


def _narrowed(process: Process, wanted: Wanted) -> QuerySet[Contribution]:
    """Give what a list shows."""
    return shown(process).select_related("category", "group").filter(fits(wanted))


def fits(wanted: Wanted) -> Q:
    """Give the condition that a list and a kept search are made of: which contributions are looked for."""
    names = {
        "kind": wanted.kind,
        "category__slug": wanted.category,
        "group__slug": wanted.group,
        "tag": wanted.tag,
        "state": wanted.state,
    }
    found = Q(**{name: value for name, value in names.items() if value})
    for word in wanted.words.split()[:MOST_WORDS]:
        found &= _holds(word)
    return found & _within(wanted.near, wanted.radius) if wanted.near and wanted.radius else found


def _holds(word: str) -> Q:
    """Find a word in title or text in any case; SQLite alone knows capitals only of signs without marks."""
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    found = Q()
    for one in sorted(spellings):
        found |= Q(title__icontains=one) | Q(body__icontains=one)
    return found


def _within(point: Point, radius: int) -> Q:
    """Keep what lies in a circle; on a few kilometres the earth is flat."""
    north = (F("latitude") - point.latitude) * DEGREE
    east = (F("longitude") - point.longitude) * (DEGREE * math.cos(math.radians(point.latitude)))
    apart = ExpressionWrapper(north * north + east * east, output_field=FloatField())
    near: Any = LessThanOrEqual(apart, float(radius) ** 2)
    return Q(latitude__isnull=False, longitude__isnull=False) & Q(near)


def listing(process: Process, wanted: Wanted) -> Listing:
    """Give a page of contributions, found by its place and not by counting from the first."""
    rows = _narrowed(process, wanted)
    head, tail = (number_of(part) for part in wanted.after.partition("-")[::2])
    if wanted.order == "supported":
        rows = rows.annotate(told=TOLD).order_by("-told", "-id")
        if head is not None and tail is not None:
            rows = rows.filter(Q(told__lt=head) | Q(told=head, id__lt=tail))
    else:
        rows = rows.order_by("-id")
        if head is not None:
            rows = rows.filter(id__lt=head)
    found = list(_counted(rows)[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    after = "" if last is None else f"{last.supported or 0}-{last.pk}" if wanted.order == "supported" else str(last.pk)
    return Listing(found[:PAGE], after)


def _counted(rows: QuerySet[Contribution]) -> QuerySet[Contribution]:
    said = Comment.objects.filter(contribution=OuterRef("pk"), visibility="shown").order_by()
    count = said.values("contribution").annotate(n=Count("pk")).values("n")
    return rows.annotate(said=Coalesce(Subquery(count, output_field=IntegerField()), 0))


def every_shown(process: Process) -> QuerySet[Contribution]:
    """Give everything that is shown with its counts, oldest first, for files."""
    rows = shown(process).select_related("category", "group", "paragraph").order_by("id")
    return _counted(rows)


def similar(process: Process, title: str, point: Point | None) -> list[Contribution]:
    """Give what was said before: titles that are alike, and what lies within 150 metres."""
    wanted = grams(title)
    hits = (
        TitleGram.objects.filter(process=process, gram__in=wanted, contribution__visibility="shown")
        .values("contribution", "contribution__gram_count")
        .annotate(shared=Count("pk"))
        .order_by("-shared")[:50]
    )
    ranked = [
        (likeness(hit["shared"], hit["contribution__gram_count"], len(wanted)), hit["contribution"]) for hit in hits
    ]
    likely = [key for rank, key in sorted(ranked, reverse=True) if rank >= LIKE][:MOST_SIMILAR]
    likely += [key for key in _near(process, point) if key not in likely]
    found = Contribution.objects.in_bulk(likely[:MOST_SIMILAR])
    return [found[key] for key in likely[:MOST_SIMILAR]]


def _near(process: Process, point: Point | None) -> list[int]:
    if point is None:
        return []
    high, wide = NEAR_METRES / DEGREE, NEAR_METRES / DEGREE / NARROWEST
    rows = shown(process).filter(
        latitude__range=(point.latitude - high, point.latitude + high),
        longitude__range=(point.longitude - wide, point.longitude + wide),
    )
    found = [
        (metres(point, Point(longitude, latitude)), key)
        for key, longitude, latitude in rows.values_list("pk", "longitude", "latitude")[:500]
        if longitude is not None and latitude is not None
    ]
    return [key for distance, key in sorted(found) if distance <= NEAR_METRES]


def supported_by(thing: Contribution, pseudonym: str) -> bool:
    """Tell whether a pseudonym supports it."""
    return Support.objects.filter(contribution=thing, pseudonym=pseudonym).exists()


def repeated(process: Process, text_digest: str) -> bool:
    """Tell whether the same words came before."""
    return Contribution.objects.filter(process=process, text_digest=text_digest).exists()


def steps_of(process: Process) -> QuerySet[Step]:
    """Give what happened last in a process, newest first."""
    rows = Step.objects.filter(contribution__process=process, contribution__visibility="shown")
    return rows.select_related("contribution").order_by("-at", "-id")


def steps_in_project(slug: str, until: dt.date) -> QuerySet[Step]:
    """Give the steps that led contributions into a project or one of its milestones up to a day, newest first."""
    end = dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), CIVIL_TIME)
    milestones = Milestone.objects.filter(project__slug=slug).values("pk")
    return _linked(Q(project=slug) | Q(milestone__in=milestones)).filter(state="linked", at__lt=end)


def steps_with_papers() -> dict[str, list[Step]]:
    """Give the steps that name a paper of the council, by its address."""
    found: dict[str, list[Step]] = {}
    for step in _linked(~Q(paper="")):
        found.setdefault(step.paper, []).append(step)
    return found


def _linked(wanted: Q) -> QuerySet[Step]:
    rows = Step.objects.filter(wanted, contribution__visibility="shown").exclude(contribution__process__state="draft")
    return rows.select_related("contribution__process").order_by("-at", "-id")


def waiting_cases() -> QuerySet[Case]:
    """Give what moderation has to look at: appeals and reports first, then the oldest."""
    pressing = When(
        If(cause="appeal", then=Value(0)),
        If(cause="reported", then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = Case.objects.filter(closed__isnull=True).order_by(pressing, "opened", "id")
    return rows.select_related("process", "contribution", "contribution__paragraph", "comment__contribution")


class Flood(msgspec.Struct, frozen=True):
    """What came to a process in masses and waits for one cause; ``upto`` is the last case that was looked at."""

    process: Process
    cause: str
    upto: int


def floods() -> list[tuple[Process, str, int, int]]:
    """Give the causes for which many wait unread: process, cause, how many, the last case."""
    rows = _unread().values("process", "cause").annotate(n=Count("pk"), last=Max("pk")).filter(n__gte=FLOOD)
    known = Process.objects.in_bulk([row["process"] for row in rows])
    return [(known[row["process"]], row["cause"], row["n"], row["last"]) for row in rows.order_by("-n")]


def waiting_flood(flood: Flood) -> QuerySet[Case]:
    """Give its cases, the oldest first."""
    rows = _unread().filter(process=flood.process, cause=flood.cause, pk__lte=flood.upto)
    return rows.order_by("pk").select_related("process", "contribution", "comment__contribution", "comment__paragraph")


def _unread() -> QuerySet[Case]:
    held = Q(contribution__visibility="held") | Q(comment__visibility="held")
    return Case.objects.filter(held, closed__isnull=True, cause__in=MACHINE_CAUSES).order_by()


def closed_cases() -> QuerySet[Case]:
    """Give what moderation decided, newest first; without words and names."""
    kind = When(
        If(comment__isnull=True, then=F("contribution__kind")), default=Value("comment"), output_field=CharField()
    )
    rows = Case.objects.filter(closed__isnull=False).exclude(process__state="draft")
    return rows.annotate(kind=kind).select_related("process").order_by("-closed", "-id")


def moderation_counts() -> list[dict[str, Any]]:
    """Count the decisions by cause, decision and reason."""
    rows = closed_cases().order_by().values("cause", "decision", "reason").annotate(n=Count("pk"))
    return [dict(row) for row in rows.order_by("-n")]


def waiting_contributions(process: Process) -> QuerySet[Contribution]:
    """Give what waits for an answer, the earliest promise first."""
    return shown(process).filter(answered__isnull=True).order_by("due", "id")


def followers_of(thing: Contribution) -> QuerySet[Follower]:
    """Give who is to be told of a step: confirmed followers of the contribution and of the whole process."""
    about = Q(contribution=thing) | Q(contribution__isnull=True, process=thing.process, search="")
    return Follower.objects.filter(about, confirmed__isnull=False)


def digest_rows(before: dt.datetime) -> QuerySet[Notice]:
    """Give, in one query, all notices of addresses that got no digest since an instant, by address."""
    recent = Notice.objects.filter(follower__email=OuterRef("follower__email"), sent__gt=before)
    rows = Notice.objects.filter(sent__isnull=True).exclude(Exists(recent))
    rows = rows.select_related("follower__process", "follower__contribution", "step__contribution__process")
    return rows.order_by("follower__email", "step_id")


def merged_of(things: Sequence[int]) -> QuerySet[Contribution]:
    """Give what was merged into some contributions."""
    return Contribution.objects.filter(merged_into__in=things)
