"""Reads of the register, the rules that run included."""

import datetime as dt
import hashlib
from collections.abc import Sequence

import msgspec
from django.db.models import QuerySet

from allmende.accounts.models import AuditEntry
from allmende.accounts.queries import subject_of
from allmende.ethics import model as ethics
from allmende.ethics.sheets import Sheet
from allmende.ethics.wording import VERB_WORDS
from allmende.gate.door import Ask, Gate
from allmende.gate.query import Query, Record
from allmende.kernel.clock import CIVIL_TIME, today
from allmende.kernel.text import Text
from allmende.register.around import Point
from allmende.register.models import (
    Algorithm,
    Category,
    DataUse,
    DataUseEvent,
    Principle,
    Purpose,
    RecipientClass,
    Rule,
    RulebookPublication,
)
from allmende.register.rules import Draft

GROUND_VERBS = r"^register\.(purpose|category|recipient_class|principle)_(created|changed|deleted)$"
SHEET_VERBS = ("register.data_use_created", "register.data_use_changed")
ABOUT_PERSONS = ("pseudonymous", "personal", "special")
VERB_TITLES = {"*": Text("alle", "all"), **VERB_WORDS}


class SensorEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that measures, with its place, its data sheet and the rules that run for its data."""

    slug: str
    name: str
    kind: str
    simulated: bool
    measures: tuple[str, ...]
    categories: tuple[str, ...]
    data_uses: tuple[DataUse, ...]
    rules: tuple[ethics.Rule, ...]
    point: Point | None
    exact: bool


def principles() -> QuerySet[Principle]:
    """Give the principles in their order."""
    return Principle.objects.all()


def purpose_tree() -> list[tuple[int, Purpose]]:
    """Give all purposes with their depth, children behind their parent."""
    children: dict[int | None, list[Purpose]] = {}
    for purpose in Purpose.objects.order_by("slug"):
        children.setdefault(purpose.parent_id, []).append(purpose)

    def walk(parent: int | None, depth: int) -> list[tuple[int, Purpose]]:
        found = []
        for purpose in children.get(parent, []):
            found += [(depth, purpose), *walk(purpose.pk, depth + 1)]
        return found

    return walk(None, 0)


def data_uses() -> QuerySet[DataUse]:
    """Give all data sheets."""
    return DataUse.objects.select_related("purpose", "category").prefetch_related("recipients")


def data_use(slug: str) -> DataUse | None:
    """Give one data sheet."""
    return data_uses().filter(slug=slug).first()


def algorithms() -> QuerySet[Algorithm]:
    """Give all sheets of algorithms."""
    return Algorithm.objects.prefetch_related("data_uses")


def events_of(use: DataUse) -> QuerySet[DataUseEvent]:
    """Give what happened to a data use, oldest first."""
    return DataUseEvent.objects.filter(data_use=use).select_related("person").order_by("pk")


def workers_on(use: DataUse) -> frozenset[int]:
    """Give who wrote the sheet of a data use since it was last decided, or ever."""
    entries = AuditEntry.objects.filter(subject=subject_of(use), verb__in=SHEET_VERBS, person__isnull=False)
    decided = events_of(use).filter(state__in=("decided", "ended")).last()
    if decided is not None and use.state not in ("idea", "checked"):
        entries = entries.filter(at__gt=decided.at)
    return frozenset(number for number in entries.values_list("person_id", flat=True) if number is not None)


def draft_of(use: DataUse) -> Draft:
    """Give a data use as the rules of its life need it."""
    return Draft(
        title=use.title,
        state=use.state,  # type: ignore[arg-type]
        announced=use.announced,
        until=use.until,
        answers=use.answers,
        assessment=use.assessment,
        risk=use.part("risk"),
        legal_basis=use.part("legal_basis"),
        about_persons=use.category.personal in ABOUT_PERSONS,
        workers=workers_on(use),
    )


def sheets_from_tables() -> tuple[Sheet, ...]:
    """Give every data use as the gate knows it."""
    last = {event.data_use_id: event for event in DataUseEvent.objects.order_by("pk")}
    return tuple(_sheet(use, last.get(use.pk)) for use in DataUse.objects.all())


def _sheet(use: DataUse, event: DataUseEvent | None) -> Sheet:
    return Sheet(
        slug=use.slug,
        title=use.title,
        state=use.state,  # type: ignore[arg-type]
        since=event.at.astimezone(CIVIL_TIME).date() if event else today(),
        until=use.until,
        reason=event.reason if event else None,
        objection=event.objection if event else "",
        retention_days=use.retention_days,
    )


def newest_rules() -> list[Rule]:
    """Give the newest version of each rule, drafts too, in order."""
    found: dict[str, Rule] = {}
    for rule in Rule.objects.select_related("published_in", "edited_by").order_by("version"):
        found[rule.slug] = rule
    return sorted(found.values(), key=lambda rule: (rule.position, rule.slug))


def drafts() -> list[Rule]:
    """Give the newest versions that are not published yet."""
    return [rule for rule in newest_rules() if rule.published_in_id is None]


def pending_editors() -> dict[str, set[int]]:
    """Map what the next publication would change to all who edited it: rules, and what rules are made of."""
    names = {subject_of(rule): rule.slug for rule in drafts()}
    edited = AuditEntry.objects.filter(subject__in=names, person__isnull=False)
    ground = AuditEntry.objects.filter(verb__regex=GROUND_VERBS, person__isnull=False)
    newest = RulebookPublication.objects.first()
    if newest is not None:
        ground = ground.filter(at__gt=newest.at)
    editors: dict[str, set[int]] = {}
    for entry in (*edited, *ground):
        if entry.person_id is not None:
            editors.setdefault(names.get(entry.subject, entry.label), set()).add(entry.person_id)
    return editors


def versions(slug: str) -> QuerySet[Rule]:
    """Give all versions of a rule, newest first."""
    return Rule.objects.filter(slug=slug).select_related("published_in", "edited_by").order_by("-version")


def publications() -> QuerySet[RulebookPublication]:
    """Give the published rule books, newest first."""
    return RulebookPublication.objects.select_related("published_by")


def rulebook_from_tables() -> ethics.Rulebook:
    """Put the newest versions of all rules together, withdrawn ones left out."""
    return ethics.Rulebook(
        purposes=tuple(
            ethics.Purpose(p.slug, p.title, p.description, p.parent.slug if p.parent else None, p.dpv, p.dtpr)
            for p in Purpose.objects.select_related("parent")
        ),
        categories=tuple(
            ethics.Category(c.slug, c.title, c.personal, tuple(c.arises_from))  # type: ignore[arg-type]
            for c in Category.objects.all()
        ),
        recipients=tuple(ethics.Recipient(r.slug, r.title) for r in RecipientClass.objects.all()),
        principles=tuple(
            ethics.Principle(p.slug, p.title, p.text, p.source, p.source_url, p.kept_by)
            for p in Principle.objects.all()
        ),
        rules=tuple(_plain(rule) for rule in newest_rules() if not rule.withdrawn),
    )


def digest_of(book: ethics.Rulebook) -> str:
    """Give a fingerprint of what a rule book says."""
    return hashlib.sha256(msgspec.json.encode(book)).hexdigest()


def _plain(rule: Rule) -> ethics.Rule:
    """Give a row as the pure rule that the gate compiles."""
    return msgspec.convert(
        {
            "slug": rule.slug,
            "effect": rule.effect,
            "verbs": rule.verbs,
            "categories": rule.categories,
            "purposes": rule.purposes,
            "recipients": rule.recipients,
            "duties": rule.duties,
            "since": rule.since,
            "until": rule.until,
            "title": {"de": rule.title_de, "en": rule.title_en},
            "reason": {"de": rule.reason_de, "en": rule.reason_en},
            "source": rule.source,
            "source_url": rule.source_url,
            "decision": rule.decision,
            "principles": rule.principles,
            "legal_basis": rule.legal_basis,
            "assessment": rule.assessment,
        },
        ethics.Rule,
    )


def register_entries(gate: Gate, ask: Ask, on: dt.date) -> list[SensorEntry]:
    """Give every thing that measures with its data sheets and the rules in force on a day, in order of name."""
    grant = gate.grant(ask)
    things = gate.page(grant, Query(kind="Things", top=10_000)).records
    ids = [thing.id for thing in things]
    streams = gate.related(grant, "Things", "Datastreams", ids)
    places = gate.related(grant, "Things", "Locations", ids)
    rules = [rule for rule in gate.rulebook(on).rules if rule.in_force(on)]
    sheets = {use.slug: use for use in data_uses()}
    entries = [
        _entry(thing, streams[thing.id], places[thing.id], sheets, rules) for thing in things if streams[thing.id]
    ]
    return sorted(entries, key=lambda entry: entry.name)


def _entry(
    thing: Record,
    streams: Sequence[Record],
    places: Sequence[Record],
    sheets: dict[str, DataUse],
    rules: Sequence[ethics.Rule],
) -> SensorEntry:
    categories = tuple(sorted({stream.value.category for stream in streams}))
    return SensorEntry(
        slug=str(thing.value.properties.get("slug", thing.id)),
        name=thing.value.name,
        kind=str(thing.value.properties.get("kind", "")),
        simulated=all(stream.value.simulated for stream in streams),
        measures=tuple(sorted({stream.value.properties.get("observed", stream.value.name) for stream in streams})),
        categories=categories,
        data_uses=tuple(sheets[slug] for slug in sorted({s.value.data_use for s in streams}) if slug in sheets),
        rules=tuple(rule for rule in rules if ethics.EVERY in rule.categories or {*categories} & {*rule.categories}),
        point=_point(places),
        exact=thing.value.properties.get("position", "measured") == "measured",
    )


def _point(places: Sequence[Record]) -> Point | None:
    """Give where something stands, if its place is a point."""
    found = places[0].value.location if places else {}
    if found.get("type") == "Feature":
        found = found.get("geometry") or {}
    return Point(*found["coordinates"][:2]) if found.get("type") == "Point" else None


def title_of_category(slug: str) -> Text | None:
    """Give the title of a category, if it is declared."""
    category = Category.objects.filter(slug=slug).first()
    return category.title if category else None


def titles(book: ethics.Rulebook) -> dict[str, Text]:
    """Map the slugs of purposes, categories, recipients and verbs to their titles."""
    found = {entry.slug: entry.title for entry in book.purposes}
    found |= {entry.slug: entry.title for entry in book.categories}
    found |= {entry.slug: entry.title for entry in book.recipients}
    return {**found, **VERB_TITLES}
