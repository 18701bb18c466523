"""What of a project goes into a package, and what keeps it from going."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from allmende.catalog.models import Dataset
from allmende.effects.content import DefinitionEntry, IndicatorEntry, PathEntry, ValueEntry
from allmende.effects.models import TargetPath
from allmende.effects.queries import IndicatorView, indicators_of_project
from allmende.ethics.model import Rule
from allmende.gate.door import Ask, Gate, Grant
from allmende.gate.query import Query, Record
from allmende.kernel.clock import today
from allmende.kernel.errors import Denied, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.packs.read import read_places
from allmende.programme.models import Project
from allmende.programme.queries import programme, project_on
from allmende.register.content import DataUseEntry
from allmende.register.models import DataUse
from allmende.register.queries import data_use
from allmende.sources.definition import Connector
from allmende.transfer.package import form, tables
from allmende.transfer.package.form import Facts, Origin, Package, Parameter, Parameters, Recipe, SourceEntry
from allmende.transfer.package.names import used, with_places
from allmende.transfer.package.software import bill_of_materials, publiccode
from allmende.transfer.queries import finding_on, sources_of
from allmende.transfer.recipes import plain_of, stations_of
from allmende.transfer.rules import SECTIONS, FindingContent

OPEN_LICENCES = frozenset(
    {"CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "CC-BY-SA-4.0", "DL-DE-ZERO-2.0", "DL-DE-BY-2.0", "ODBL-1.0", "PDDL-1.0"}
)
PACKAGE_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
ABOUT_PERSONS = ("pseudonymous", "personal", "special")
MOST_STREAMS, END = 10_000, 1 << 62
OFFICES = ("responsible", "provider", "contact", "location")
SHEET_TEXTS = ("title", "what", "how", "technology", "personal", "legal_basis", "retention", "risk")

NOT_OPEN = ErrorCode(
    "transfer.licence_not_open",
    Text(
        "{what} steht unter {licence}; das ist keine offene Lizenz.",
        "{what} has the licence {licence}, which is not open.",
    ),
    Text(
        "Lassen Sie es aus der Datennutzung, oder klären Sie die Lizenz.",
        "Take it out of the data use, or have the licence settled.",
    ),
)
PERSONAL = ErrorCode(
    "transfer.personal_data",
    Text(
        "Zu dieser Datennutzung gehören Daten über Menschen ({category}); sie gehen in kein Paket.",
        "Data about persons ({category}) belongs to this data use; it goes into no package.",
    ),
    Text("Geben Sie das Projekt ohne diese Daten weiter.", "Hand the project on without this data."),
)
T = TypeVar("T")


class City(msgspec.Struct, frozen=True):
    """The city that gives: its name and address, and the places that everybody there knows by name."""

    name: str
    url: str
    places: tuple[str, ...]


def city_of(pack: str, public_url: str) -> City:
    """Give this city's name and address, and the places that are known by name here."""
    found = programme()
    places = [name for place in read_places(pack) for name in (place.name.de, place.name.en)]
    return City(found.city if found else pack, public_url, tuple(places))


class _Names:
    """The local words and the parameters that stand for them."""

    def __init__(self, city: City, stations: Iterable[tuple[str, str]]) -> None:
        self.known: dict[str, Parameter] = {}
        self._add("city", "city", city.name)
        for number, place in enumerate(sorted(set(city.places)), 1):
            self._add(f"place-{number}", "place", place)
        for number, (slug, name) in enumerate(sorted(stations), 1):
            self._add(f"station-{number}", "station", name)
            self._add(f"station-{number}.slug", "station", slug)
        # Texts and addresses write the same names otherwise, such as “old town” for “Old town”.
        for word, one in list(self.known.items()):
            self._add(f"{one.name}.lower", one.kind, word.lower())
            self._add(f"{one.name}.upper", one.kind, word.upper())
        self.offices: dict[str, Parameter] = {}

    def _add(self, name: str, kind: Any, word: str) -> None:
        if word and word not in self.known:
            self.known[word] = Parameter(name=name, kind=kind, value=word)

    def office(self, name: str, text: Text | None) -> Text | None:
        """Give a text that is wholly local as a parameter."""
        if text is None:
            return None
        for code in ("de", "en"):
            key = f"{name}.{code}"
            self.offices[key] = Parameter(name=key, kind="office", value=text.within(code))
        return Text(f"{{{{{name}.de}}}}", f"{{{{{name}.en}}}}")

    def freed(self, value: T, kind: Any) -> T:
        """Give a value without local words."""
        words = {word: one.name for word, one in self.known.items()}
        freed: T = msgspec.convert(with_places(msgspec.to_builtins(value), words), kind)
        return freed

    def needed(self, files: dict[str, bytes]) -> tuple[Parameter, ...]:
        """Give the parameters that the files use."""
        names = {name for raw in files.values() for name in used(raw.decode("utf-8", "ignore"))}
        everything = {one.name: one for one in (*self.known.values(), *self.offices.values())}
        return tuple(everything[name] for name in sorted(names) if name in everything)


def gather(
    project: Project, city: City, *, gate: Gate, ask: Ask, connectors: Iterable[Connector], earlier: tuple[Origin, ...]
) -> tuple[Package, frozenset[str]]:
    """Put a project together; give also all local words, which may stand nowhere but among the parameters."""
    grant = gate.grant(ask)
    things = gate.page(grant, Query(kind="Things", top=MOST_STREAMS)).records
    stations = [(str(one.value.properties.get("slug", "")), one.value.name) for one in things]
    names, use = _Names(city, stations), data_use(project.data_use) if project.data_use else None
    own = [one for one in connectors if use is not None and one.recipe.data_use == use.slug]
    finding = finding_on(project.slug, today())
    files = {
        form.FACTS: form.canonical(names.freed(_facts(project, names), Facts)),
        form.RULES: form.canonical(names.freed(_rules(gate, use), tuple[Rule, ...])),
        form.SHEETS: form.canonical(names.freed(_sheets(use, names), tuple[DataUseEntry, ...])),
        "software/publiccode.yml": publiccode(),
        "software/sbom.cdx.json": bill_of_materials(),
    }
    if finding is not None:
        content = msgspec.structs.replace(finding.content, sources=())
        content = msgspec.structs.replace(content, contact=names.office("finding.contact", content.contact))
        files[form.FINDING] = form.canonical(names.freed(content, FindingContent))
    files |= _indicators(names, indicators_of_project(project.slug, today()))
    files |= {f"{form.CONNECTORS}{one.name}.json": _connector(names, one) for one in own}
    files |= _data(gate, grant, use, names)
    files["steckbrief.md"] = _readable(files)
    sources = [*project.sources.all(), *(sources_of(finding.content) if finding else ())]
    parameters = Parameters(
        project=project.slug,
        names=names.needed(files),
        stations={one.name: stations_of(one) for one in own},
        origin=(Origin(city=city.name, project=project.slug, url=city.url), *earlier),
        sources=tuple(
            SourceEntry(title=row.title, publisher=row.publisher, url=row.url) for row in dict.fromkeys(sources)
        ),
    )
    return Package({**files, form.PARAMETERS: form.written(parameters)}), frozenset(names.known)


def _facts(project: Project, names: _Names) -> Facts:
    view = project_on(project.slug, today())
    finding = finding_on(project.slug, today())
    days = [view.last_event.day] if view and view.last_event else []
    days += [finding.version.published_on] if finding and finding.version.published_on else []
    return Facts(
        title=project.title,
        sentence=project.sentence,
        purpose=project.purpose,
        state=str(view.state) if view else "idea",
        day=max(days, default=dt.date(1970, 1, 1)),
        licence=PACKAGE_LICENCE,
        contact=names.office("project.contact", project.contact),
    )


def _rules(gate: Gate, use: DataUse | None) -> tuple[Rule, ...]:
    """Give the rules in force that name the category of the data use."""
    if use is None:
        return ()
    return tuple(rule for rule in gate.rulebook().rules if use.category.slug in rule.categories)


def _sheets(use: DataUse | None, names: _Names) -> tuple[DataUseEntry, ...]:
    if use is None:
        return ()
    texts: dict[str, Any] = {name: use.part(name) for name in SHEET_TEXTS}
    texts |= {name: names.office(f"sheet.{name}", use.part(name)) for name in OFFICES}
    recipients = tuple(sorted(use.recipients.values_list("slug", flat=True)))
    kept = {"retention_days": use.retention_days, "screening": use.screening, "recipients": recipients}
    return (DataUseEntry(slug=use.slug, why=use.purpose.slug, category=use.category.slug, **texts, **kept),)


def _indicators(names: _Names, views: list[IndicatorView]) -> dict[str, bytes]:
    entries = names.freed(tuple(_indicator(view) for view in views), tuple[IndicatorEntry, ...])
    charts = {f"{form.CHARTS}{one.slug}.vl.json": tables.chart_of(one) for one in entries}
    return {form.INDICATORS: form.canonical(entries), **charts}


def _indicator(view: IndicatorView) -> IndicatorEntry:
    one = view.indicator
    kind: Any = one.kind
    return IndicatorEntry(
        slug=one.slug,
        title=one.title,
        sentence=one.sentence,
        kind=kind,
        versions=tuple(_definition(version.definition) for version in view.versions),
        paths=tuple(_path(version.target, version.definition.number) for version in view.versions if version.target),
        values=tuple(_value(value, version.definition.number) for version in view.versions for value in version.values),
    )


def _definition(row: Any) -> DefinitionEntry:
    return DefinitionEntry(
        since=row.since,
        unit=row.unit,
        direction=row.direction,
        period=row.period,
        rhythm=row.rhythm,
        method=row.method,
        source=row.origin,
        number=row.number,
        digits=row.digits,
        caveat=row.caveat,
        reason=row.reason,
        levels=row.steps,
    )


def _path(target: TargetPath, number: int) -> PathEntry:
    return msgspec.structs.replace(target.content, version=number, source="")


def _value(value: Any, number: int) -> ValueEntry:
    note = Text("simuliert", "simulated") if value.simulated else value.note
    return ValueEntry(
        first=value.first,
        last=value.last,
        value=value.value,
        known_since=value.known_since,
        version=number,
        quality=value.quality,
        used=value.used,
        left_out=value.left_out,
        note=note,
    )


def _connector(names: _Names, one: Connector) -> bytes:
    licence = one.manifest.data.licence if one.manifest.data else ""
    if licence.upper() not in OPEN_LICENCES:
        raise Invalid(NOT_OPEN, what=one.name, licence=licence or "–")
    return form.canonical(names.freed(plain_of(one), Recipe))


def _data(gate: Gate, grant: Grant, use: DataUse | None, names: _Names) -> dict[str, bytes]:
    """Give the observations of a data use as far as the rules open them."""
    if use is None:
        return {form.DATA_PACKAGE: tables.described([], [])}
    categories = gate.data_uses().get(use.slug, set())
    personal = {one.slug for one in gate.rulebook().categories if one.personal in ABOUT_PERSONS}
    if found := sorted(categories & personal):
        raise Denied(PERSONAL, category=", ".join(found))
    records = gate.page(grant, Query(kind="Datastreams", top=MOST_STREAMS)).records
    streams = [one for one in records if one.value.data_use == use.slug]
    things = gate.related(grant, "Datastreams", "Thing", [one.id for one in streams])
    columns = [_column(one, things[one.id][0].value.name) for one in streams]
    files = {
        f"{form.DATA}stream-{number}.csv": tables.csv_of(gate.series(grant, one.id, -END, END))
        for number, one in enumerate(streams, 1)
    }
    withheld = sorted(categories - set(grant.categories))
    freed = names.freed(columns, list[tables.Column])
    return {**files, form.DATA_PACKAGE: tables.described(freed, withheld)}


def _column(one: Record, station: str) -> tables.Column:
    value = one.value
    dataset = Dataset.objects.select_related("licence").filter(slug=value.properties.get("dataset", "")).first()
    # Who sends by itself is entered in the catalogue a little later than its first values.
    licence = dataset.licence.title if dataset else str(value.properties.get("licence", ""))
    if licence.upper() not in OPEN_LICENCES:
        raise Invalid(NOT_OPEN, what=value.name, licence=licence or "–")
    return tables.Column(
        station=station,
        observed=str(value.properties.get("observed", "")),
        title=value.name.removesuffix(station).rstrip(" ,–-"),
        unit=value.unit,
        dataset=str(value.properties.get("dataset", "")),
        licence=licence,
        simulated=value.simulated,
    )


def _readable(files: dict[str, bytes]) -> bytes:
    """Write the fact sheet and the finding for reading, in both languages."""
    facts = msgspec.json.decode(files[form.FACTS], type=Facts)
    finding = msgspec.json.decode(files[form.FINDING], type=FindingContent) if form.FINDING in files else None
    lines: list[str] = []
    for code in ("de", "en"):
        lines += [f"# {facts.title.within(code)}", "", facts.sentence.within(code), "", facts.purpose.within(code), ""]
        for name, title in SECTIONS.items() if finding else ():
            text = finding.section(name) if finding else None
            unknown = Text("unbekannt", "unknown").within(code)
            lines += [f"## {title.within(code)}", "", text.within(code) if text else unknown, ""]
    return "\n".join(lines).encode()
