"""Searches that addresses keep: they are told of what has newly appeared and fits."""

from allmende.participation.models import Contribution, Follower, Notice
from allmende.participation.search import Found, read


def found_of(one: Contribution) -> Found:
    """Give what a search looks at."""
    return Found(
        text=f"{one.title} {one.body}",
        category=one.category.slug if one.category else "",
        group=one.group.slug if one.group else "",
        point=one.point,
    )


def announce(one: Contribution) -> int:
    """Leave word of a contribution that has just appeared for all whose search finds it; each hears of it once."""
    received, found = one.steps.order_by("pk").first(), found_of(one)
    rows = Follower.objects.filter(process=one.process, confirmed__isnull=False).exclude(search="")
    keys = [key for key, search in rows.values_list("pk", "search").iterator() if read(search).finds(found)]
    notices = [Notice(follower_id=key, step=received) for key in keys]
    Notice.objects.bulk_create(notices, batch_size=2_000, ignore_conflicts=True)
    return len(keys)
