"""Writes of indicators: what is defined, decided or entered is added; nothing that was there is changed."""

from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.effects.content import (
    Computed,
    DefinitionEntry,
    IndicatorEntry,
    IndicatorsContent,
    LinkEntry,
    PathEntry,
    ValueEntry,
)
from allmende.effects.models import CausalLink, Definition, Indicator, Run, TargetPath, Value
from allmende.effects.queries import Known, current_values
from allmende.indicators.method import method
from allmende.indicators.registry import COMPUTES
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.kernel.units import unit_from_ucum

UNKNOWN = ErrorCode(
    "effects.unknown_indicator",
    Text("Einen Indikator „{slug}“ gibt es nicht.", "There is no indicator “{slug}”."),
    Text("Alle zeigt: allmende indicators list", "All are shown by: allmende indicators list"),
)
TAKEN = ErrorCode(
    "effects.indicator_taken",
    Text("Den Indikator „{slug}“ gibt es schon.", "The indicator “{slug}” is there already."),
    Text("Legen Sie eine neue Fassung seiner Definition an.", "Add a new version of its definition."),
)
NO_PART = ErrorCode(
    "effects.unknown_part",
    Text("Die Methode „{method}“ kennt „{part}“ nicht.", "The method “{method}” does not know “{part}”."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)
NO_REASON = ErrorCode(
    "effects.no_reason",
    Text("Hier fehlt die Begründung.", "A reason is missing here."),
    Text(
        "Schreiben Sie auf Deutsch und Englisch, warum sich etwas ändert.",
        "Write in German and English why something changes.",
    ),
)
NO_VERSION = ErrorCode(
    "effects.unknown_version",
    Text("„{slug}“ hat keine Fassung {number}.", "“{slug}” has no version {number}."),
    Text("Vorhanden sind: {known}.", "There are: {known}."),
)
NOT_BY_HAND = ErrorCode(
    "effects.not_by_hand",
    Text("„{slug}“ wird berechnet und nicht von Hand eingetragen.", "“{slug}” is computed and not entered by hand."),
    Text(
        "Rechnen Sie neu, oder legen Sie eine Fassung mit Handeingabe an.",
        "Compute again, or add a version with entry by hand.",
    ),
)
BAD_DAYS = ErrorCode(
    "effects.bad_days",
    Text(
        "Der Wert gilt von {first} bis {last}; das ist kein Zeitraum, der begonnen hat.",
        "The value holds from {first} to {last}; that is no period that has begun.",
    ),
    Text("Berichtigen Sie die Tage.", "Correct the days."),
)
OVERLAP = ErrorCode(
    "effects.overlap",
    Text(
        "Der Zeitraum überschneidet sich mit dem Wert für {first} bis {last}.",
        "The period overlaps with the value for {first} to {last}.",
    ),
    Text("Nehmen Sie dieselben Tage, um ihn zu berichtigen.", "Take the same days to correct it."),
)
NO_LEVEL = ErrorCode(
    "effects.no_level",
    Text("{value} ist keine Stufe dieser Skala.", "{value} is no step of this scale."),
    Text("Wählen Sie eine der Stufen.", "Choose one of the steps."),
)
IN_USE = ErrorCode(
    "effects.indicator_in_use",
    Text("Der Indikator „{slug}“ ist öffentlich oder hat Werte.", "The indicator “{slug}” is public or has values."),
    Text("Er bleibt, mit allem, was bekannt war.", "It stays, with all that was known."),
)
SAME_VALUE = ErrorCode(
    "effects.same_value",
    Text("Dieser Wert steht schon so da.", "This value stands there already."),
    Text("Es gibt nichts zu berichtigen.", "There is nothing to correct."),
)


def _pairs(**texts: Text | None) -> dict[str, str]:
    """Give the columns for texts; an unknown one is empty."""
    found: dict[str, str] = {}
    for name, text in texts.items():
        found |= {f"{name}_de": text.de if text else "", f"{name}_en": text.en if text else ""}
    return found


def indicator(slug: str) -> Indicator:
    """Give an indicator; raise ``effects.unknown_indicator``."""
    found = Indicator.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(UNKNOWN, slug=slug)
    return found


def check_definition(entry: DefinitionEntry) -> None:
    """Refuse a unit, a method or a figure that is not known."""
    unit_from_ucum(entry.unit)
    if isinstance(entry.source, Computed):
        written = method(entry.source.method)
        if written.part(entry.source.part) is None or written.id not in COMPUTES:
            known = ", ".join(part.id for part in written.kinds)
            raise Invalid(NO_PART, method=written.id, part=entry.source.part, known=known)


def check_entry(entry: IndicatorEntry) -> None:
    """Refuse an indicator whose versions, paths and values do not belong together."""
    numbers = [version.number for version in entry.versions]
    known = ", ".join(map(str, numbers))
    for version in entry.versions:
        check_definition(version)
        if version.number > 1 and version.reason is None:
            raise Invalid(NO_REASON)
    named = [path.version for path in entry.paths] + [value.version for value in entry.values]
    for number in named:
        if number not in numbers:
            raise Invalid(NO_VERSION, slug=entry.slug, number=number, known=known)


def _define(owner: Indicator, entry: DefinitionEntry) -> Definition:
    check_definition(entry)
    return Definition.objects.create(
        indicator=owner,
        number=entry.number,
        since=entry.since,
        unit=entry.unit,
        direction=entry.direction,
        period=entry.period,
        rhythm=entry.rhythm,
        digits=entry.digits,
        source=msgspec.to_builtins(entry.source),
        levels=msgspec.to_builtins(entry.levels),
        **_pairs(method=entry.method, caveat=entry.caveat, reason=entry.reason),
    )


def _create(entry: IndicatorEntry, position: int) -> Indicator:
    check_entry(entry)
    owner = Indicator.objects.create(
        slug=entry.slug,
        title_de=entry.title.de,
        title_en=entry.title.en,
        kind=entry.kind,
        target_image=entry.target_image,
        projects=list(entry.projects),
        public=entry.public,
        position=position,
        **_pairs(sentence=entry.sentence, goal=entry.goal),
    )
    versions = {version.number: _define(owner, version) for version in entry.versions}
    for path in entry.paths:
        definition = versions[path.version]
        TargetPath.objects.create(definition=definition, since=path.since, entry=msgspec.to_builtins(path))
    Value.objects.bulk_create(_row(versions[value.version], value) for value in entry.values)
    return owner


def _row(definition: Definition, entry: ValueEntry, author: Person | None = None) -> Value:
    return Value(
        definition=definition,
        first=entry.first,
        last=entry.last,
        value=entry.value,
        known_since=entry.known_since,
        quality=entry.quality,
        used=entry.used,
        left_out=entry.left_out,
        origin=entry.source,
        author=author,
        **_pairs(note=entry.note),
    )


@transaction.atomic
def load_indicators(actor: Actor, *, content: IndicatorsContent) -> int:
    """Add the indicators of a pack that are not there yet, with their links; those that are there stay as they are."""
    known = set(Indicator.objects.values_list("slug", flat=True))
    new = [entry for entry in content.indicators if entry.slug not in known]
    if not new:
        return 0
    for place, entry in enumerate(content.indicators):
        if entry.slug not in known:
            _create(entry, place)
    for link in content.links:
        _link(link)
    record(actor, "effects.loaded", "indicators", after={"indicators": [entry.slug for entry in new]})
    return len(new)


def _link(entry: LinkEntry) -> None:
    values = {"sign": entry.sign, "confidence": entry.confidence, "source": entry.source, **_pairs(reason=entry.reason)}
    CausalLink.objects.get_or_create(
        cause=indicator(entry.cause), effect=indicator(entry.effect), defaults=dict[str, Any](values)
    )


@transaction.atomic
def add_indicator(actor: Actor, *, entry: IndicatorEntry) -> Indicator:
    """Define a new indicator."""
    if Indicator.objects.filter(slug=entry.slug).exists():
        raise Conflict(TAKEN, slug=entry.slug)
    owner = _create(entry, Indicator.objects.count())
    record(actor, "effects.indicator_added", owner, after=msgspec.to_builtins(entry))
    return owner


@transaction.atomic
def drop_indicator(actor: Actor, *, slug: str) -> None:
    """Remove an indicator that is not public and has no value yet."""
    owner = indicator(slug)
    if owner.public or Value.objects.filter(definition__indicator=owner).exists():
        raise Conflict(IN_USE, slug=slug)
    record(actor, "effects.indicator_deleted", owner, before={"slug": slug})
    Run.objects.filter(definition__indicator=owner).delete()
    TargetPath.objects.filter(definition__indicator=owner).delete()
    owner.definitions.all().delete()
    owner.delete()


@transaction.atomic
def add_link(actor: Actor, *, entry: LinkEntry) -> None:
    """Say what one indicator is thought to do to another."""
    _link(entry)
    record(actor, "effects.link_added", indicator(entry.cause), after=msgspec.to_builtins(entry))


@transaction.atomic
def revise(actor: Actor, *, slug: str, entry: DefinitionEntry) -> Definition:
    """Add the next version of a definition, with the reason; values of the former one stay with it."""
    owner = indicator(slug)
    if entry.reason is None:
        raise Invalid(NO_REASON)
    last = owner.definitions.last()
    number = last.number + 1 if last else 1
    made = _define(owner, msgspec.structs.replace(entry, number=number))
    record(actor, "effects.definition_added", owner, after=msgspec.to_builtins(entry) | {"number": number})
    return made


@transaction.atomic
def set_path(actor: Actor, *, slug: str, entry: PathEntry) -> TargetPath:
    """Add a baseline and target; the former path stays readable."""
    owner = indicator(slug)
    definition = _version(owner, entry.version)
    before = definition.paths.last()
    if before is not None and entry.reason is None:
        raise Invalid(NO_REASON)
    made = TargetPath.objects.create(definition=definition, since=entry.since, entry=msgspec.to_builtins(entry))
    record(actor, "effects.path_set", owner, before=before.entry if before else None, after=made.entry)
    return made


def _version(owner: Indicator, number: int) -> Definition:
    found = owner.definitions.filter(number=number).first()
    if found is None:
        known = ", ".join(str(one.number) for one in owner.definitions.all())
        raise Invalid(NO_VERSION, slug=owner.slug, number=number, known=known)
    return found


@transaction.atomic
def enter_value(actor: Actor, *, slug: str, entry: ValueEntry) -> Value:
    """Enter a value by hand; for days that have one this is a correction, which needs a reason and keeps the old."""
    owner = indicator(slug)
    definition = _version(owner, entry.version)
    if definition.source.get("kind") != "hand":
        raise Invalid(NOT_BY_HAND, slug=slug)
    _check_value(definition, entry)
    before = _replaced(definition, entry)
    if before is not None:
        if entry.note is None:
            raise Invalid(NO_REASON)
        if (before.value, before.quality, before.note) == (entry.value, entry.quality, entry.note):
            raise Conflict(SAME_VALUE)
        corrected = before.quality != "provisional" and before.value != entry.value
        entry = msgspec.structs.replace(entry, quality="corrected" if corrected else entry.quality)
    made = _row(definition, entry, actor if isinstance(actor, Person) else None)
    made.save()
    was = None if before is None else {"value": f"{before.value:f}", "quality": before.quality}
    now = {"days": f"{entry.first}/{entry.last}", "value": f"{entry.value:f}", "quality": entry.quality}
    record(actor, "effects.value_entered", owner, before=was, after=now, note=entry.note.de if entry.note else "")
    return made


def _check_value(definition: Definition, entry: ValueEntry) -> None:
    if entry.first > entry.last or entry.first > today():
        raise Invalid(BAD_DAYS, first=entry.first, last=entry.last)
    if definition.levels and definition.level(entry.value) is None:
        raise Invalid(NO_LEVEL, value=entry.value)
    if definition.levels and entry.note is None:
        raise Invalid(NO_REASON)


def _replaced(definition: Definition, entry: ValueEntry) -> Known | None:
    """Give the value for the same days; refuse days that overlap with those of another value."""
    for value in current_values(definition, today()):
        if (value.first, value.last) == (entry.first, entry.last):
            return value
        if value.first <= entry.last and entry.first <= value.last:
            raise Conflict(OVERLAP, first=value.first, last=value.last)
    return None


def exact(value: float) -> Decimal:
    """Round a computed number to what the table keeps."""
    return round(Decimal(repr(float(value))), 6)
