"""Writes of the council's papers: a run asks for what changed, and keeps all of it or nothing."""

import datetime as dt
from collections.abc import Iterator

import httpx
import msgspec
import structlog
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.council import rules
from allmende.council.models import AgendaItem, CouncilSystem, Paper
from allmende.council.queries import due
from allmende.kernel.clock import UTC
from allmende.kernel.errors import AllmendeError, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.fetch import Fetcher, same_host
from allmende.sources.recipe import Request

log = structlog.get_logger("allmende.council")
MOST_PAGES = 2_000
# A server may show a change a little later than it says it was made.
OVERLAP = dt.timedelta(hours=1)
ENDLESS = ErrorCode(
    "council.endless",
    Text("Nach {count} Seiten ist kein Ende zu sehen: {url}", "After {count} pages there is no end in sight: {url}"),
    Text("Nichts davon wurde gespeichert. Fragen Sie den Betreiber.", "Nothing of it was stored. Ask its operator."),
)


class Fetched(msgspec.Struct):
    """What a run found."""

    papers: dict[str, rules.Paper] = {}
    items: dict[str, rules.Item] = {}
    meetings: set[str] = set()
    newest: dt.datetime | None = None

    def see(self, tree: rules.Tree) -> None:
        """Note when the newest change was made."""
        at = rules.modified_of(tree)
        self.newest = max((one for one in (self.newest, at) if one is not None), default=None)


def import_due(actor: Actor, *, now: dt.datetime, allowed_hosts: tuple[str, ...], contact: str) -> int:
    """Ask the systems that are due; give how many were asked. One that fails holds no other up."""
    several = due(now)
    for one in several:
        try:
            import_papers(actor, system=one, now=now, allowed_hosts=allowed_hosts, contact=contact)
        except AllmendeError as error:
            log.warning("the council's papers were not fetched", system=one.url, error=str(error))
    return len(several)


def import_papers(
    actor: Actor, *, system: CouncilSystem, now: dt.datetime, allowed_hosts: tuple[str, ...], contact: str
) -> tuple[int, int]:
    """Fetch what changed since the last run; give how many papers and items came or changed."""
    fetcher = Fetcher(Request(url=system.url), allowed_hosts, contact)
    system.last_run = now
    try:
        found = _fetched(fetcher, system)
    except AllmendeError as error:
        system.error_de, system.error_en = (
            f"{error.what.within(one)} {error.next.within(one)}" for one in ("de", "en")
        )
        system.save()
        raise
    finally:
        fetcher.close()
    return _keep(actor, system, found, now)


def _fetched(fetcher: Fetcher, system: CouncilSystem) -> Fetched:
    found = Fetched()
    root = _tree(fetcher, system.url)
    for body in _objects(fetcher, same_host(system.url, rules.link(system.url, root, "body"))):
        url = str(body.get("id", ""))
        if body.get("deleted") is True:
            continue
        for one in _objects(fetcher, _since(same_host(system.url, rules.link(url, body, "paper")), system.cursor)):
            found.see(one)
            paper = rules.paper(one)
            if paper is not None:
                found.papers[paper.url] = paper
        for one in _objects(fetcher, _since(same_host(system.url, rules.link(url, body, "meeting")), system.cursor)):
            found.see(one)
            found.meetings.add(str(one.get("id", "")))
            found.items.update({item.url: item for item in rules.items(one)})
    return found


def _tree(fetcher: Fetcher, url: str) -> rules.Tree:
    return rules.tree_of(url, fetcher.get(url).body)


def _objects(fetcher: Fetcher, url: str) -> Iterator[rules.Tree]:
    """Give the objects of all pages of a list."""
    for _ in range(MOST_PAGES):
        found = rules.listed(url, _tree(fetcher, url))
        yield from found.objects
        if not found.following:
            return
        url = same_host(url, found.following)
    raise Invalid(ENDLESS, count=MOST_PAGES, url=url[:100])


def _since(url: str, cursor: dt.datetime | None) -> str:
    if cursor is None:
        return url
    since = (cursor - OVERLAP).astimezone(UTC).isoformat(timespec="seconds")
    return str(httpx.URL(url).copy_merge_params({"modified_since": since}))


@transaction.atomic
def _keep(actor: Actor, system: CouncilSystem, found: Fetched, now: dt.datetime) -> tuple[int, int]:
    papers = sum(_keep_paper(system, one) for one in found.papers.values())
    items = _keep_items(system, found)
    system.last_success, system.error_de, system.error_en = now, "", ""
    if found.newest is not None:
        # A server whose clock runs ahead must not hide what it changes until then.
        system.cursor = min(found.newest, now)
    system.save()
    if papers or items:
        record(actor, "council.imported", f"council:{system.pk}", after={"papers": papers, "items": items})
    return papers, items


def _keep_paper(system: CouncilSystem, one: rules.Paper) -> bool:
    """Put a paper in place; tells whether anything differed. Of a withdrawn one nothing but the address stays."""
    values = {name: value for name, value in msgspec.structs.asdict(one).items() if name != "url"}
    values |= {"consultations": list(one.consultations), "items": list(one.items)}
    row = Paper.objects.filter(url=one.url).first()
    if row is None and one.deleted:
        return False
    row = row or Paper(url=one.url, system=system)
    if row.system_id != system.pk or (row.pk and all(getattr(row, name) == value for name, value in values.items())):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return True


def _keep_items(system: CouncilSystem, found: Fetched) -> int:
    """Put the agendas of the meetings that changed in place of those before."""
    before = {one.url: one for one in AgendaItem.objects.filter(system=system, meeting__in=found.meetings)}
    kept = {url: item for url, item in found.items.items() if not item.deleted}
    gone = [one.pk for url, one in before.items() if url not in kept]
    AgendaItem.objects.filter(pk__in=gone).delete()
    changed = len(gone)
    for url, item in kept.items():
        values = {name: value for name, value in msgspec.structs.asdict(item).items() if name not in ("url", "deleted")}
        row = before.get(url)
        if row is None or any(getattr(row, name) != value for name, value in values.items()):
            AgendaItem.objects.update_or_create(url=url, defaults={**values, "system": system})
            changed += 1
    return changed
