"""What this city shows to others: gathered from what is published, signed when it changes, kept byte for byte."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.catalog.entries import Entry
from allmende.effects.content import Computed
from allmende.effects.models import Definition
from allmende.effects.queries import IndicatorView, Known, Version, indicators_on
from allmende.effects.rules import Point
from allmende.federation.documents import (
    DATASETS,
    FINDINGS,
    FOLDER,
    MOST_DATASETS,
    MOST_FINDINGS,
    MOST_INDICATORS,
    MOST_VALUES,
    WITNESSED,
    Aim,
    City,
    Dataset,
    Datasets,
    Document,
    Figure,
    File,
    Finding,
    Findings,
    Shared,
    Step,
    Value,
    Witnessed,
)
from allmende.federation.models import Offer, Peer
from allmende.federation.rules import encoded, sealed
from allmende.gate.ledger import Ledger
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.ledger.files import CHECKPOINT
from allmende.ledger.note import Key, Signer
from allmende.packs.read import CityFacts, CityFigure
from allmende.programme.queries import programme
from allmende.transfer.queries import findings_on

# A document that says nothing new is signed anew after this time, so that others see that we are alive.
RENEWED = dt.timedelta(hours=20)
LINKS = {
    "portal": "/",
    "findings": "/erkenntnisse/",
    "feed": "/erkenntnisse.atom",
    "findings-json": "/erkenntnisse.json",
    "catalogue": "/catalog",
    "indicators": "/wirkung/",
    "ledger": "/ledger",
    "witnessed": FOLDER + WITNESSED,
}
NOT_OFFERED = ErrorCode(
    "federation.not_offered",
    Text("Diese Stadt zeigt sich anderen Städten nicht.", "This city does not show itself to other cities."),
    Text("Wer das ändern will, fragt das Programmbüro.", "Who wants to change that asks the programme office."),
)


class Own(msgspec.Struct, frozen=True):
    """The city as others see it: who it is, its catalogue, and the keys by which it signs."""

    city: City
    entries: Sequence[Entry]
    signer: Signer
    witness: Key


def city_of(facts: CityFacts, pack: str) -> City:
    """Give this city as others see it: its name from the programme, figures from its pack."""
    found = programme()
    return City(
        name=found.city if found else pack,
        ags=facts.ags,
        inhabitants=_figure(facts.inhabitants),
        area=_figure(facts.area),
        notice=found.notice if found else None,
    )


def _figure(known: CityFigure | None) -> Figure | None:
    if known is None:
        return None
    return Figure(value=known.value, day=known.day, source=known.source, source_url=known.source_url)


def is_offered() -> bool:
    """Tell whether this city shows itself."""
    return Offer.objects.filter(on=True).exists()


def offer() -> Offer:
    """Give what is shown; raise where nothing is."""
    row = Offer.objects.filter(on=True, sequence__gt=0).first()
    if row is None:
        raise NotFound(NOT_OFFERED)
    return row


@transaction.atomic
def switch(actor: Actor, *, on: bool) -> None:
    """Begin or end to show this city to others; what others took they have."""
    row, _ = Offer.objects.select_for_update().get_or_create(pk=1)
    if row.on != on:
        Offer.objects.filter(pk=1).update(on=on)
        record(actor, "federation.offered" if on else "federation.withdrawn", "offer", after={"on": on})


def publish(own: Own, ledger: Ledger, *, day: dt.date, now: dt.datetime) -> bool:
    """Sign a new document where there is something new to say, and where it is wanted; tell whether it was."""
    if not is_offered():
        return False
    findings, datasets = encoded(_findings(day)), encoded(_datasets(own.entries))
    files = {"findings": _file(FINDINGS, findings), "datasets": _file(DATASETS, datasets)}
    plain = Document(
        format=1,
        sequence=1,
        issued=now.replace(microsecond=0),
        key=str(own.signer.key),
        witness=str(own.witness),
        city=own.city,
        links=LINKS,
        files=files,
        indicators=tuple(shared(indicators_on(day), day)),
    )
    said = encoded(msgspec.structs.replace(plain, issued=dt.datetime(1970, 1, 1, tzinfo=dt.UTC)))
    return _put(plain, hashlib.sha256(said).hexdigest(), (findings, datasets), own.signer, ledger)


@transaction.atomic
def _put(plain: Document, digest: str, files: tuple[bytes, bytes], signer: Signer, ledger: Ledger) -> bool:
    row = Offer.objects.select_for_update().get(pk=1)
    fresh = row.issued is not None and plain.issued - row.issued < RENEWED
    if not row.on or (row.content_digest == digest and fresh):
        return False
    checkpoint = (ledger.read(CHECKPOINT) or b"").decode()
    document = msgspec.structs.replace(plain, sequence=row.sequence + 1, checkpoint=checkpoint)
    row.sequence, row.issued, row.content_digest = document.sequence, document.issued, digest
    row.document, row.findings, row.datasets = sealed(document, signer), *files
    row.save()
    return True


def _file(name: str, raw: bytes) -> File:
    return File(path=FOLDER + name, size=len(raw), sha256=hashlib.sha256(raw).hexdigest())


def _findings(day: dt.date) -> Findings:
    found = [
        Finding(
            project=one.project.slug,
            title=one.project.title,
            version=one.version.number,
            published=one.version.published_on or day,
            path=f"/erkenntnisse/{one.project.slug}/",
            content=msgspec.structs.replace(one.content, sources=()),
        )
        for one in findings_on(day)[:MOST_FINDINGS]
    ]
    return Findings(format=1, findings=tuple(found))


def _datasets(entries: Sequence[Entry]) -> Datasets:
    found = [
        Dataset(
            name=one.name,
            title=one.title,
            description=one.description,
            publisher=one.publisher[:300],
            licence=one.licence[:300],
            path=one.page,
            simulated=one.simulated,
            changed=one.changed,
        )
        for one in entries[:MOST_DATASETS]
    ]
    return Datasets(format=1, datasets=tuple(found))


def shared(views: Iterable[IndicatorView], day: dt.date) -> list[Shared]:
    """Give the public indicators as others see them: the newest version of each, and former ones that have values."""
    found = [
        _shared(view, version, day, current=version is view.current)
        for view in views
        for version in view.versions
        if version is view.current or version.values
    ]
    return found[:MOST_INDICATORS]


def _shared(view: IndicatorView, version: Version, day: dt.date, *, current: bool) -> Shared:
    definition, path = version.definition, version.path
    direction: Any = definition.direction
    period: Any = definition.period
    return Shared(
        slug=view.indicator.slug,
        version=definition.number,
        since=definition.since,
        title=view.indicator.title,
        unit=definition.unit,
        digits=definition.digits,
        direction=direction,
        period=period,
        method=definition.method,
        current=current,
        rule=_rule(definition),
        steps=tuple(Step(value=one.value, name=one.name) for one in definition.steps),
        caveat=definition.caveat,
        baseline=_aim(path.baseline),
        target=_aim(path.target),
        values=tuple(_value(one) for one in version.values if one.last < day)[-MOST_VALUES:],
    )


def _rule(definition: Definition) -> str:
    """Name a computation without the places at which it was done; for other sources the method's words count."""
    source = definition.origin
    if not isinstance(source, Computed):
        return ""
    observed, threshold = ",".join(sorted(source.observed)), source.threshold
    return f"{source.method}/{source.part} {observed} {'' if threshold is None else threshold}".strip()


def _aim(point: Point | None) -> Aim | None:
    return None if point is None else Aim(day=point.day, low=_plain(point.low), high=_plain(point.high))


def _plain(value: Decimal) -> Decimal:
    """Write a number without needless zeros, so that the same value has the same bytes."""
    return Decimal(f"{value.normalize():f}")


def _value(one: Known) -> Value:
    return Value(
        first=one.first,
        last=one.last,
        value=_plain(one.value),
        known_since=one.known_since,
        quality=one.quality,
        simulated=one.simulated,
        used=one.used,
        left_out=one.left_out,
    )


def witnessed() -> bytes:
    """Give the checkpoints of others that we co-signed."""
    offer()
    notes = Peer.objects.exclude(cosigned="").values_list("cosigned", flat=True)
    return encoded(Witnessed(format=1, notes=tuple(notes)))
