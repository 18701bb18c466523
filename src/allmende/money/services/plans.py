"""Writes of plans: a draft from an old plan, its positions, and a version that two people stand for."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Sum

from allmende.accounts.models import AuditEntry, Person
from allmende.accounts.queries import subject_of
from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.models import CostType, FundingSource, Plan, PlanPosition
from allmende.money.models.grants import CITY, FEDERAL, THIRD
from allmende.money.models.plans import DISCARDED, DRAFT, PUBLISHED
from allmende.money.rules import Slot, canonical, digest_of, plan_faults
from allmende.programme.models import Project

NO_DRAFT = ErrorCode(
    "money.no_draft",
    Text("Dieser Plan ist kein Entwurf mehr.", "This plan is no draft any more."),
    Text("Legen Sie aus ihm eine neue Fassung an.", "Make a new version from it."),
)
DRAFT_MOVED = ErrorCode(
    "money.draft_moved",
    Text(
        "Jemand hat den Entwurf geändert, seit Sie ihn gesehen haben; nichts wurde gespeichert.",
        "Somebody changed the draft since you saw it; nothing was saved.",
    ),
    Text("Sehen Sie ihn noch einmal an, und entscheiden Sie dann.", "Look at it again, then decide."),
)
SECOND_PERSON = ErrorCode(
    "money.second_person",
    Text("Wer daran gearbeitet hat, gibt es nicht frei.", "Who worked on it does not release it."),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)
NO_DECISION = ErrorCode(
    "money.no_decision",
    Text("Zum Veröffentlichen fehlt der Beschluss.", "Publishing needs a decision."),
    Text("Nennen Sie Gremium und Tag.", "Name the body and the day."),
)
FUTURE = ErrorCode(
    "money.future_day",
    Text("Der {day} liegt in der Zukunft.", "{day} lies in the future."),
    Text("Tragen Sie ein, was geschehen ist, wenn es geschehen ist.", "Enter what happened when it has happened."),
)
ONE_A_DAY = ErrorCode(
    "money.plan_of_today",
    Text("Heute gilt schon eine neue Fassung.", "A new version came in force today already."),
    Text("Veröffentlichen Sie die nächste morgen.", "Publish the next one tomorrow."),
)
UNKNOWN_NAME = ErrorCode(
    "money.unknown_name",
    Text("„{name}“ gibt es unter {kind} nicht.", "“{name}” is not among {kind}."),
    Text("Berichtigen Sie den Namen.", "Correct the name."),
)


def require_past(day: dt.date | None) -> None:
    """Refuse a day that has not come."""
    if day is not None and day > today():
        raise Invalid(FUTURE, day=day.isoformat())


def names(model: type[Project] | type[CostType] | type[FundingSource]) -> dict[str, int]:
    """Give the numbers of rows by their slugs."""
    return dict(model._default_manager.values_list("slug", "pk"))


def _draft(number: int, edits: int | None) -> Plan:
    plan = Plan.objects.select_for_update().filter(pk=number).first()
    if plan is None:
        raise NotFound(UNKNOWN_NAME, name=number, kind=Text("Plänen", "plans"))
    if plan.state != DRAFT:
        raise Conflict(NO_DRAFT)
    if edits is not None and plan.edits != edits:
        raise Conflict(DRAFT_MOVED)
    return plan


def _touch(actor: Actor, plan: Plan) -> None:
    plan.edits += 1
    plan.editor = actor if isinstance(actor, Person) else None
    plan.save()


@transaction.atomic
def draft_plan(actor: Actor, *, title_de: str, title_en: str, reason: str, base: Plan | None) -> Plan:
    """Begin a new version, with all positions of an old one."""
    editor = actor if isinstance(actor, Person) else None
    plan = Plan.objects.create(title_de=title_de, title_en=title_en, reason=reason, base=base, editor=editor)
    old = base.positions.all() if base else []
    PlanPosition.objects.bulk_create(
        PlanPosition(
            plan=plan,
            project_id=row.project_id,
            cost_type_id=row.cost_type_id,
            year=row.year,
            source_id=row.source_id,
            cents=row.cents,
        )
        for row in old
    )
    record(actor, "money.plan_drafted", plan, after={"base": str(base) if base else None, "reason": reason})
    return plan


@transaction.atomic
def set_slots(
    actor: Actor, *, plan: int, edits: int | None, slots: Mapping[Slot, Mapping[str, int]], whole: bool = False
) -> Plan:
    """Set the shares of positions of a draft; ``whole`` replaces all that it had."""
    draft = _draft(plan, edits)
    before = queries.slots_of(draft)
    projects, types, sources = names(Project), names(CostType), names(FundingSource)
    for slot in slots:
        _require(slot.project, projects, Text("Projekten", "projects"))
        _require(slot.cost_type, types, Text("Kostenarten", "cost types"))
    if whole:
        draft.positions.all().delete()
    else:
        for slot in slots:
            draft.positions.filter(
                project=projects[slot.project], cost_type=types[slot.cost_type], year=slot.year
            ).delete()
    rows = []
    for slot, shares in slots.items():
        for source, cents in shares.items():
            _require(source, sources, Text("Mittelgebern", "funding sources"))
            if cents:
                place = {"project_id": projects[slot.project], "cost_type_id": types[slot.cost_type]}
                rows.append(PlanPosition(plan=draft, year=slot.year, source_id=sources[source], cents=cents, **place))
    PlanPosition.objects.bulk_create(rows, batch_size=2000)
    _touch(actor, draft)
    changed = {slot for slot in {*before, *slots} if before.get(slot) != slots.get(slot)} if whole else set(slots)
    after = {"positions": len(changed)} if len(changed) > 20 else _written(slots, changed)
    old = None if len(changed) > 20 else _written(before, changed)
    record(actor, "money.plan_positions_set", draft, before=old, after=after)
    return draft


def _written(slots: Mapping[Slot, Mapping[str, int]], chosen: set[Slot]) -> dict[str, object]:
    return {f"{s.project}/{s.cost_type}/{s.year}": dict(slots[s]) for s in sorted(chosen) if s in slots}


def _require(name: str, known: Mapping[str, int], kind: Text) -> None:
    if name not in known:
        raise Invalid(UNKNOWN_NAME, name=name, kind=kind)


def check_plan(plan: Plan) -> None:
    """Refuse a plan that breaks a rule of the funding, with the first of what it breaks."""
    sources = list(FundingSource.objects.all())
    faults = plan_faults(
        queries.slots_of(plan),
        federal={source.slug for source in sources if source.kind == FEDERAL},
        public={source.slug for source in sources if source.public and source.kind != FEDERAL},
        terms=[view.terms for view in queries.awards_on(today())],
    )
    if faults:
        raise Invalid(faults[0].code, **faults[0].params)


@transaction.atomic
def publish_plan(actor: Person, *, plan: int, edits: int, decision: str, decided: dt.date) -> Plan:
    """Make a draft the version that counts from today; whoever worked on it cannot do that."""
    draft = _draft(plan, edits)
    if AuditEntry.objects.filter(subject=subject_of(draft), person=actor).exists():
        raise Denied(SECOND_PERSON)
    if not decision.strip():
        raise Invalid(NO_DECISION)
    require_past(decided)
    if Plan.objects.filter(day=today()).exists():
        raise Conflict(ONE_A_DAY)
    check_plan(draft)
    draft.decision = f"{decision.strip()}, {decided.isoformat()}"
    draft.publisher = actor
    return _put_in_force(actor, draft, today())


def _put_in_force(actor: Actor, draft: Plan, day: dt.date) -> Plan:
    draft.state, draft.day = PUBLISHED, day
    slots = queries.slots_of(draft)
    draft.digest = digest_of(canonical(_written(slots, set(slots))))
    sums = dict(draft.positions.order_by().values_list("source__kind").annotate(Sum("cents")))
    draft.federal_cents, draft.city_cents, draft.third_cents = (sums.get(kind, 0) for kind in (FEDERAL, CITY, THIRD))
    draft.save()
    record(actor, "money.plan_published", draft, after={"day": day.isoformat(), "digest": draft.digest})
    return draft


@transaction.atomic
def bring_plan(
    actor: Actor, *, title: Text, reason: str, decision: str, day: dt.date, slots: Mapping[Slot, Mapping[str, int]]
) -> Plan:
    """Bring a plan that a pack says was in force since a day; its shares are checked like any other."""
    base = queries.plan_in_force(day)
    draft = Plan.objects.create(title_de=title.de, title_en=title.en, reason=reason, decision=decision, base=base)
    set_slots(actor, plan=draft.pk, edits=None, slots=slots, whole=True)
    draft.refresh_from_db()
    check_plan(draft)
    return _put_in_force(actor, draft, day)


@transaction.atomic
def discard_plan(actor: Actor, *, plan: int, edits: int) -> None:
    """Give a draft up; it stays readable in the audit trail."""
    draft = _draft(plan, edits)
    draft.state = DISCARDED
    draft.save()
    record(actor, "money.plan_discarded", draft)
