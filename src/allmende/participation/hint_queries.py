"""Reads for the hint of moderation: decisions to learn from, what was learned, and which waiting case it hints at."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

import msgspec
import numpy as np
from django.db.models import QuerySet

from allmende.participation.methods.hints import LIMIT, Example, Quality, Weights, missing
from allmende.participation.models import Case, Comment, Contribution, Learned
from allmende.participation.models.hints import ONLY

# Reasons that say nothing of the words: what is off one subject belongs to another, and what stands here already is
# no worse for it.
NOT_OF_THE_WORDS = ("off-topic", "repeated")
State = Literal["off", "new", "few", "poor", "works"]


class Facts(msgspec.Struct, frozen=True):
    """What was learned from: how many different texts, decided from when to when; and what it is worth."""

    kept: int
    hidden: int
    since: dt.date | None = None
    until: dt.date | None = None
    quality: Quality | None = None


class Standing(msgspec.Struct, frozen=True):
    """Whether there is a hint, and why not; ``lacks_*`` are decisions that are still missing."""

    state: State
    looked: dt.datetime | None = None
    facts: Facts | None = None
    lacks_kept: int = 0
    lacks_hidden: int = 0


class Decided(msgspec.Struct, frozen=True):
    """A text, what was decided about it last, and on which day."""

    example: Example
    day: dt.date


def words_of(thing: Contribution | Comment) -> str:
    """Give all that somebody wrote."""
    if isinstance(thing, Comment):
        return thing.body
    return "\n".join(part for part in (thing.title, thing.body, thing.proposed) if part)


def purposes() -> set[str]:
    """Give the purposes of the processes in which something was decided."""
    return set(_closed().order_by().values_list("process__purpose_slug", flat=True).distinct())


def decided(allowed: Collection[str]) -> Iterator[Decided]:
    """Give what was decided in processes of allowed purposes, the last decision about each text, newest first.

    Words that were deleted are not there any more; what is made up for a demonstration teaches nothing.
    """
    seen: set[tuple[int | None, int | None]] = set()
    rows = _closed().filter(process__purpose_slug__in=allowed).order_by("-closed", "-id")
    for case in rows.select_related("contribution", "comment").iterator(2_000):
        mark = (case.contribution_id, case.comment_id)
        if mark not in seen and case.closed is not None and case.reason not in NOT_OF_THE_WORDS:
            yield Decided(Example(words_of(case.thing), case.decision == "hidden"), case.closed.date())
        seen.add(mark)


def _closed() -> QuerySet[Case]:
    return Case.objects.filter(closed__isnull=False, process__demonstration=False)


def standing() -> Standing:
    """Tell whether there is a hint, what it was learned from, and otherwise why there is none."""
    row = Learned.objects.filter(pk=ONLY).defer("weights").first()
    if row is None or not row.looked:
        return Standing("new" if row is None or row.wanted else "off")
    if not row.wanted:
        return Standing("off", row.looked)
    facts = msgspec.json.decode(row.facts, type=Facts)
    if facts.quality is not None:
        return Standing("works" if facts.quality.suffices else "poor", row.looked, facts)
    lacks = missing(kept=facts.kept, hidden=facts.hidden)
    return Standing("few", row.looked, facts, *lacks)


def weights() -> Weights | None:
    """Give what was learned, if it helps and is wanted."""
    row = Learned.objects.filter(pk=ONLY, wanted=True, weights__isnull=False).first()
    if row is None or row.weights is None:
        return None
    return Weights(np.frombuffer(bytes(row.weights), np.float32), row.bias)


def hints(cases: Iterable[Case]) -> dict[int, float]:
    """Give the cases to which the hint points, with how like what was hidden their texts are; appeals get none.

    Whoever decides about an appeal is to look with fresh eyes.
    """
    learned = weights()
    if learned is None:
        return {}
    rated = ((case.pk, learned.rate(words_of(case.thing))) for case in cases if case.cause != "appeal")
    return {key: value for key, value in rated if value >= LIMIT}
