"""Searches that addresses keep: they are told of what has newly appeared and fits."""

from collections.abc import Sequence

from django.db.models import BooleanField, Value
from django.db.models import Case as Choice
from django.db.models import When as If

from allmende.participation.models import Contribution, Follower, Notice
from allmende.participation.queries import Wanted, fits, shown
from allmende.participation.search import Search, read

# So many different searches are asked in one query.
TOGETHER = 50


def wanted_of(search: Search, kind: str) -> Wanted:
    """Give the list that a search was kept of, in which new contributions are looked for."""
    return Wanted(
        kind=kind,
        category=search.category,
        group=search.group,
        tag=search.tag,
        words=search.words,
        near=search.point,
        radius=search.radius,
    )


def finding(one: Contribution, searches: Sequence[str]) -> set[str]:
    """Give the searches whose list shows a contribution."""
    kind, found = one.process.form.kind or "", set[str]()
    for start in range(0, len(searches), TOGETHER):
        together = searches[start : start + TOGETHER]
        asked = {f"search_{at}": fits(wanted_of(read(text), kind)) for at, text in enumerate(together)}
        answers = {
            name: Choice(If(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
            for name, condition in asked.items()
        }
        row = shown(one.process).filter(pk=one.pk).values(**answers).first() or {}
        found |= {text for at, text in enumerate(together) if row.get(f"search_{at}")}
    return found


def announce(one: Contribution) -> int:
    """Leave word of a contribution that has just appeared for all whose search finds it; each hears of it once."""
    received = one.steps.order_by("pk").first()
    rows = Follower.objects.filter(process=one.process, confirmed__isnull=False).exclude(search="")
    searches = finding(one, list(rows.order_by().values_list("search", flat=True).distinct()))
    keys = list(rows.filter(search__in=searches).values_list("pk", flat=True)) if searches else []
    notices = [Notice(follower_id=key, step=received) for key in keys]
    Notice.objects.bulk_create(notices, batch_size=2_000, ignore_conflicts=True)
    return len(keys)
