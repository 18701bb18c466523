"""Founding a city: databases, roles, and what its pack brings."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from allmende.connectors.simulation.demo import read_demo
from allmende.connectors.simulation.generate import demonstrate as simulate
from allmende.effects.content import IndicatorsContent
from allmende.effects.tables import read_schema
from allmende.ethics.cases import wrong_cases
from allmende.ethics.publication import hindrances
from allmende.families.manifest import Finding
from allmende.families.registry import FAMILIES, folders
from allmende.gate.door import Ask, Asker, Gate, Grant, migrate_store, open_gate
from allmende.gate.query import Location, Thing
from allmende.kernel.clock import today, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.money.content import MoneyContent
from allmende.packs.read import (
    CityFacts,
    Place,
    Places,
    Stations,
    pack_folder,
    read_city,
    read_optional,
    read_parts,
    read_places,
)
from allmende.participation.content import ParticipationContent
from allmende.programme.content import ProgrammeContent
from allmende.programme.steering import SteeringContent
from allmende.register.content import DataUsesContent, EthicsContent
from allmende.serve.datasets import Datasets
from allmende.serve.effects import run as run_indicators
from allmende.serve.ledger import Sequencer
from allmende.serve.portal_form import bring_up_to_date, refuse_newer_portal
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django
from allmende.transfer.content import FindingsContent

Advance = Callable[[int, int], None]
ACTOR = "system:init"
PROGRAMME_FILES = ("programme.yaml", "projects.yaml", "course.yaml")
STEPS = 4
PARTICIPATION = "participation.yaml"
# What the files of a pack contain, in the order in which found() names the parts.
KINDS: dict[tuple[str, ...], type[msgspec.Struct]] = {
    PROGRAMME_FILES: ProgrammeContent,
    ("ethics.yaml",): EthicsContent,
    ("data_uses.yaml",): DataUsesContent,
    ("stations.yaml",): Stations,
    ("datasets.yaml",): Datasets,
}

OPTIONAL: dict[str, type[msgspec.Struct]] = {
    "places.yaml": Places,
    "city.yaml": CityFacts,
    "steering.yaml": SteeringContent,
    "money.yaml": MoneyContent,
    "indicators.yaml": IndicatorsContent,
    "findings.yaml": FindingsContent,
    PARTICIPATION: ParticipationContent,
}


def migrate(settings: Settings) -> None:
    """Bring both databases to this version's form and make the roles; the store comes first and refuses newer ones."""
    migrate_store(settings.store_url)
    set_up_django()
    from allmende.accounts.rules import SystemActor
    from allmende.accounts.services import ensure_roles
    from allmende.register.sheets import carry_over

    refuse_newer_portal()
    bring_up_to_date()
    ensure_roles()
    gate = open_gate(settings.store_url)
    try:
        carry_over(SystemActor("system:migrate"), gate=gate)
    finally:
        gate.close()


def found(settings: Settings, *, pack: str, advance: Advance) -> list[Text]:
    """Set up a city from its pack; what is there already is kept, so that this can be repeated."""
    contents: list[Any] = [read_parts(pack, names, kind) for names, kind in KINDS.items()]
    programme, ethics, uses, stations, datasets = contents
    # Nothing of it is kept; the search reads it each time, and must not be the first to find it broken.
    read_places(pack)
    read_city(pack)
    steering = read_optional(pack, "steering.yaml", SteeringContent)
    money = read_optional(pack, "money.yaml", MoneyContent)
    indicators = read_optional(pack, "indicators.yaml", IndicatorsContent)
    findings = read_optional(pack, "findings.yaml", FindingsContent)
    advance(1, STEPS)
    migrate(settings)
    advance(2, STEPS)
    gate = open_gate(settings.store_url)
    try:
        loaded = _load(gate, ethics, uses, datasets, (programme, steering, money, indicators, findings))
        advance(3, STEPS)
        made = _place_stations(gate, stations)
        Sequencer(gate, settings).run()
    finally:
        gate.close()
    advance(4, STEPS)
    if not (loaded or made):
        return [_unchanged(pack)]
    return [_set_up(pack, len(programme.projects), len(ethics.rules), made)]


def _load(gate: Gate, ethics: Any, uses: Any, datasets: Any, told: tuple[Any, ...]) -> bool:
    """Bring a pack's content into the portal whole or not at all; the rules come in force last, when all is sound."""
    from django.db import transaction

    from allmende.accounts.rules import SystemActor
    from allmende.alerts.services import ensure_examples
    from allmende.catalog.services import ensure_dataset
    from allmende.register.services import load_ethics, publish_rulebook
    from allmende.register.sheets import load_data_uses, publish_sheets

    actor = SystemActor(ACTOR)
    with transaction.atomic():
        fresh = load_ethics(actor, content=ethics)
        declared = load_data_uses(actor, content=uses)
        for entry in datasets.datasets:
            ensure_dataset(actor, entry=entry)
        loaded = _tell(actor, *told)
        ensure_examples(actor)
        if fresh or not gate.rulebook().version:
            publish_rulebook(actor, decision=ethics.decision, gate=gate)
        if declared or not gate.sheets().version:
            publish_sheets(actor, gate=gate)
    return fresh or loaded


def _tell(actor: Any, programme: Any, steering: Any, money: Any, indicators: Any, findings: Any) -> bool:
    """Bring what the pack tells of the programme; tell whether there was none yet."""
    from allmende.effects.services import load_indicators
    from allmende.money.services.loading import load_money
    from allmende.programme.services import load_programme
    from allmende.transfer.services import load_findings

    load_indicators(actor, content=indicators or IndicatorsContent())
    loaded = load_programme(actor, content=programme, steering=steering)
    if money is not None:
        load_money(actor, content=money)
    if findings is not None:
        load_findings(actor, content=findings)
    return loaded


def _unchanged(pack: str) -> Text:
    return Text(
        f"„{pack}“ war schon eingerichtet; nichts wurde geändert.",
        f"“{pack}” was set up already; nothing was changed.",
    )


def _set_up(pack: str, projects: int, rules: int, stations: int) -> Text:
    return Text(
        f"„{pack}“ eingerichtet: {projects} Projekte, {rules} Regeln, {stations} Stationen.",
        f"“{pack}” set up: {projects} projects, {rules} rules, {stations} stations.",
    )


def _place_stations(gate: Gate, stations: Stations) -> int:
    """Make the stations that the store has not yet; give their number."""
    grant = gate.grant(Ask(Asker(ACTOR), "collect", "climate-adaptation", "administration"))
    new = [place for place in stations.stations if gate.find("Things", place.slug) is None]
    for place in new:
        _make_station(gate, grant, place, stations)
    return len(new)


def _make_station(gate: Gate, grant: Grant, place: Place, stations: Stations) -> None:
    properties = {
        "slug": place.slug,
        "kind": place.kind,
        "position": place.position,
        "description_en": place.description.en,
        "source": stations.source,
        "source_url": stations.source_url,
    }
    location_ids: tuple[int, ...] = ()
    if place.longitude is not None and place.latitude is not None:
        point = {"type": "Point", "coordinates": [place.longitude, place.latitude]}
        about = {"slug": f"{place.slug}-place", "position": place.position}
        location = Location(name=place.name, description=place.position, location=point, properties=about)
        location_ids = (gate.create(grant, "Locations", location),)
    thing = Thing(name=place.name, description=place.description.de, properties=properties, location_ids=location_ids)
    gate.create(grant, "Things", thing)


def demonstrate(settings: Settings, *, pack: str, advance: Advance) -> int:
    """Simulate two years of measurements up to now, and tell made-up processes; give the number of new values.

    The pack's sources of a demonstration are copied to the city's own, where the work process feeds and reads them.
    """
    set_up_django()
    from allmende.participation.services.loading import load_participation

    for folder in sorted((pack_folder(pack) / "sources").glob("demo-*")):
        if not (settings.home / "connectors" / folder.name).exists():
            shutil.copytree(folder, settings.home / "connectors" / folder.name)
    gate = open_gate(settings.store_url)
    try:
        if participation := read_optional(pack, PARTICIPATION, ParticipationContent):
            load_participation(participation, gate=gate, now=utc_now())
            Sequencer(gate, settings).run()
        count = simulate(gate, pack_folder(pack), utc_now(), advance)
    finally:
        gate.close()
    run_indicators(settings, slugs=(), every=True)
    return count


def check_packs() -> list[Finding]:
    """Validate the contents of all packs: every file, and the soundness of the rules."""
    findings: list[Finding] = []
    for folder in folders(FAMILIES[2]):
        kinds = dict(KINDS)
        for name, kind in OPTIONAL.items():
            if (folder / name).exists():
                kinds[(name,)] = kind
        for names, kind in kinds.items():
            findings += _check_file(folder, names, kind)
        findings += _check_tables(folder)
    return findings


def _check_tables(folder: Path) -> list[Finding]:
    """Check the descriptions of tables of statistics."""
    findings = []
    for path in sorted((folder / "statistics").glob("*.yaml")):
        try:
            read_schema(path)
        except AllmendeError as error:
            findings.append(Finding(f"packs/{folder.name}/statistics/{path.name}", "$", error.what))
    return findings


def _check_file(folder: Path, names: tuple[str, ...], kind: type[msgspec.Struct]) -> list[Finding]:
    place = f"packs/{folder.name}/{', '.join(names)}"
    try:
        content: Any = read_parts(folder.name, names, kind)
        if names == ("datasets.yaml",) and (folder / "demo.yaml").exists():
            read_demo(folder)
    except AllmendeError as error:
        return [Finding(place, "$", error.what)]
    if names != ("ethics.yaml",):
        return []
    found = hindrances(content.book, today())
    if found:
        return [Finding(place, "rules", fault) for fault in found]
    return [Finding(place, "cases", fault) for fault in wrong_cases(content.book, content.cases, today())]
