"""The proof of use: a frozen snapshot of the bookings as known on a day, made by one person, approved by another."""

import datetime as dt
from collections.abc import Generator
from typing import Any, TypeVar

import msgspec
import zstandard
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from allmende.accounts.models import Person
from allmende.accounts.services import record
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.models import Award, Booking, CostType, FundingSource, Proof
from allmende.money.models.claims import APPROVED, DRAFT
from allmende.money.models.grants import FEDERAL
from allmende.money.rules import canonical, digest_of, federal_of, spread, summed
from allmende.money.services.plans import SECOND_PERSON
from allmende.programme.models import Project

TOO_EARLY = ErrorCode(
    "money.proof_of_today",
    Text("Ein Nachweis spricht von einem abgeschlossenen Tag.", "A proof speaks of a day that is over."),
    Text("Nennen Sie gestern oder einen früheren Tag.", "Name yesterday or an earlier day."),
)
NO_TERMS = ErrorCode(
    "money.no_terms",
    Text(
        "An diesem Tag waren keine Bedingungen der Zuwendung bekannt.", "No terms of the award were known on that day."
    ),
    Text("Nennen Sie einen späteren Tag.", "Name a later day."),
)
NOT_REPRODUCED = ErrorCode(
    "money.proof_differs",
    Text(
        "Aus den Buchungen entsteht heute ein anderer Nachweis als der gespeicherte.",
        "The bookings now give another proof than the stored one.",
    ),
    Text("Klären Sie den Unterschied, und erstellen Sie ihn neu.", "Clear up the difference, and make it anew."),
)
NO_DRAFT = ErrorCode(
    "money.proof_approved",
    Text("Dieser Nachweis ist schon freigegeben.", "This proof is approved already."),
    Text(
        "Er bleibt, wie er ist; erstellen Sie bei Bedarf einen neuen.", "It stays as it is; make a new one if needed."
    ),
)
FORMAT, AT_ONCE, LEVEL = 1, 5_000, 6
COLUMNS = (
    *("booking", "supplier", "invoice", "invoice_day", "paid", "project", "cost_type", "year", "own_source"),
    *("cents", "eligible_cents", "reason", "reverses", "draw_down"),
)
T = TypeVar("T")
Steps = Generator[int, None, T]
Row = tuple[Any, ...]


def _finish(steps: Steps[T]) -> T:
    """Run steps to their end, and give what they lead to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def _names() -> dict[str, dict[str, list[str]]]:
    """Give slugs and titles as they are now; they are kept in the proof, so that renaming changes nothing in it."""
    found: dict[str, dict[str, list[str]]] = {}
    for kind, model in (("project", Project), ("cost_type", CostType), ("source", FundingSource)):
        rows = model._default_manager.values_list("pk", "slug", "title_de")
        found[kind] = {str(number): [slug, title] for number, slug, title in rows}
    return found


def _lines(award: Award, day: dt.date) -> Steps[list[Row]]:
    """Give the bookings under an award and, as not eligible, those within its period, in the order of entry.

    On the way it tells how many percent are read.
    """
    view = _view(award, day)
    within = Q(award__isnull=True, invoice__day__gte=view.terms.start, invoice__day__lte=view.terms.end)
    rows = Booking.objects.filter(Q(award=award) | within, known_since__lte=day, paid__lte=day).order_by("pk")
    found: list[Row] = []
    total = rows.count()
    values = rows.values_list(
        *("pk", "invoice__supplier", "invoice__number", "invoice__day", "paid", "project", "cost_type", "year"),
        *("own_source", "cents", "eligible_cents", "reason", "reverses", "line__draw_down__number"),
        "line__draw_down__known_since",
    )
    for index, row in enumerate(values.iterator(AT_ONCE), 1):
        claimed = row[13] if row[14] is not None and row[14] <= day else None
        found.append((*row[:13], claimed))
        if index % AT_ONCE == 0:
            yield 100 * index // total
    return found


def _view(award: Award, day: dt.date) -> queries.AwardView:
    for view in queries.awards_on(day):
        if view.award.pk == award.pk:
            return view
    raise Invalid(NO_TERMS)


def _planned(day: dt.date) -> tuple[dict[str, int], dict[str, int], dict[str, object]]:
    """Give the plan in force by cost type and by source, and which plan it is."""
    plan = queries.plan_in_force(day)
    if plan is None:
        return {}, {}, {}
    by_type = plan.positions.order_by().values_list("cost_type").annotate(Sum("cents"))
    by_source = plan.positions.order_by().values_list("source").annotate(Sum("cents"))
    about: dict[str, object] = {"day": plan.day, "digest": plan.digest}
    return _keyed(by_type), _keyed(by_source), about


def _keyed(rows: Any) -> dict[str, int]:
    return {str(key): cents for key, cents in rows}


def content_steps(award: Award, day: dt.date, names: dict[str, Any]) -> Steps[dict[str, Any]]:
    """Put a proof together from the bookings as known on a day; the same day gives the same content for ever."""
    view = _view(award, day)
    lines = yield from _lines(award, day)
    by_type, by_source, plan = _planned(day)
    eligible = sum(row[10] for row in lines)
    federal = federal_of(eligible, view.terms.rate, view.terms.ceiling)
    draw_downs = award.draw_downs.filter(known_since__lte=day).order_by("number")
    paid = [one for one in queries.payments(day) if one.draw_down.award_id == award.pk]
    return {
        "format": FORMAT,
        "day": day,
        "award": {
            **{"phase": award.phase, "awarded": award.awarded, "funder": award.funder, "reference": award.reference},
            **{"from": view.terms.start, "until": view.terms.end, "ceiling_cents": view.terms.ceiling},
            **{"rate": [view.row.rate_numerator, view.row.rate_denominator], "proof_due": view.proof_due},
        },
        "plan": plan,
        "expenditure": _expenditure(lines, by_type),
        "financing": _financing(lines, by_source, federal),
        "projects": _projects(lines, federal),
        "draw_downs": [
            [one.number, one.until, one.known_since, one.eligible_cents, one.federal_cents] for one in draw_downs
        ],
        "payments": [[one.draw_down.number, one.day, one.cents] for one in paid],
        "totals": {
            **{"cents": sum(row[9] for row in lines), "eligible_cents": eligible, "federal_cents": federal},
            **{"paid_out_cents": sum(one.cents for one in paid), "bookings": len(lines)},
        },
        "names": names,
        "columns": COLUMNS,
        "bookings": lines,
    }


def _expenditure(lines: list[Row], planned: dict[str, int]) -> dict[str, list[int]]:
    """Give planned, paid and eligible cost by cost type."""
    paid = summed((str(row[6]), row[9]) for row in lines)
    eligible = summed((str(row[6]), row[10]) for row in lines)
    return {key: [planned.get(key, 0), paid.get(key, 0), eligible.get(key, 0)] for key in {**planned, **paid}}


def _financing(lines: list[Row], planned: dict[str, int], federal: int) -> dict[str, list[int]]:
    """Give planned and actual money by source; the federal part of eligible cost is taken off to the cent."""
    weights = summed((row[8], row[10]) for row in lines)
    taken = spread(federal, weights)
    own = summed((row[8], row[9]) for row in lines)
    source = FundingSource.objects.filter(kind=FEDERAL).values_list("pk", flat=True).first()
    actual = {str(key): cents - taken.get(key, 0) for key, cents in own.items()} | {str(source): federal}
    return {key: [planned.get(key, 0), actual.get(key, 0)] for key in {**planned, **actual}}


def _projects(lines: list[Row], federal: int) -> dict[str, list[int]]:
    """Give paid, eligible and federal money by project."""
    paid = summed((row[5], row[9]) for row in lines)
    eligible = summed((row[5], row[10]) for row in lines)
    taken = spread(federal, eligible)
    return {str(key): [paid[key], eligible[key], taken[key]] for key in paid}


def proof_steps(actor: Person, *, award: Award, day: dt.date) -> Steps[Proof]:
    """Freeze a proof, telling on the way how many percent are read; it counts when a second person has approved it."""
    if day >= today():
        raise Invalid(TOO_EARLY)
    content = yield from content_steps(award, day, _names())
    return _freeze(actor, award, day, canonical(content))


@transaction.atomic
def _freeze(actor: Person, award: Award, day: dt.date, content: bytes) -> Proof:
    packed = zstandard.ZstdCompressor(LEVEL).compress(content)
    row = Proof.objects.create(award=award, day=day, content=packed, digest=digest_of(content), made_by=actor)
    record(actor, "money.proof_drafted", row, after={"day": day.isoformat(), "digest": row.digest})
    return row


def draft_proof(actor: Person, *, award: Award, day: dt.date) -> Proof:
    """Freeze a proof without telling how far it is."""
    return _finish(proof_steps(actor, award=award, day=day))


def bytes_on(award: Award, day: dt.date) -> bytes:
    """Give what a proof made now for a day would freeze, without making one."""
    return canonical(_finish(content_steps(award, day, _names())))


def bytes_of(proof: Proof) -> bytes:
    """Give a proof's content, byte for byte as it was frozen."""
    return zstandard.ZstdDecompressor().decompress(bytes(proof.content))


def read(proof: Proof) -> dict[str, Any]:
    """Give a proof's content."""
    found: dict[str, Any] = msgspec.json.decode(bytes_of(proof))
    return found


def reproduced(proof: Proof) -> bool:
    """Tell whether the bookings, as known on the proof's day, still give the same bytes."""
    stored = bytes_of(proof)
    steps = content_steps(proof.award, proof.day, msgspec.json.decode(stored)["names"])
    return digest_of(stored) == proof.digest and canonical(_finish(steps)) == stored


@transaction.atomic
def approve_proof(actor: Person, *, proof: int, ledger: Ledger) -> Proof:
    """Approve a proof that somebody else made, if the bookings still give the same bytes; the ledger gets its hash."""
    row = Proof.objects.select_for_update().select_related("award").get(pk=proof)
    if row.state != DRAFT:
        raise Conflict(NO_DRAFT)
    if row.made_by_id == actor.pk:
        raise Denied(SECOND_PERSON)
    if not reproduced(row):
        raise Conflict(NOT_REPRODUCED)
    row.state, row.approved_by, row.approved_at = APPROVED, actor, timezone.now()
    row.save(update_fields=["state", "approved_by", "approved_at"])
    record(actor, "money.proof_approved", row, after={"digest": row.digest})
    ledger.tell_document(f"proof/{row.award.slug}/{row.day.isoformat()}/{row.pk}", row.digest, actor.email)
    return row
