"""Packages in: drafts, proposals, ideas and paused connectors, all or nothing; and back out as long as all waits."""

import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.effects.content import IndicatorEntry
from allmende.effects.models import Indicator
from allmende.effects.services import add_indicator, drop_indicator
from allmende.ethics.model import Rule
from allmende.gate.door import Gate
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError, Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.programme.models import Project
from allmende.programme.services.drafts import DraftProject, add_draft, drop_draft
from allmende.register.content import DataUseEntry
from allmende.register.drafts import drop_proposals, propose_data_use, propose_rule
from allmende.register.models import DataUse
from allmende.register.sheets import publish_sheets
from allmende.sources.definition import FAMILY, NAME, read_connector
from allmende.sources.orders import Orders
from allmende.sources.run import House as SourceHouse
from allmende.transfer.giving import House, is_untouched
from allmende.transfer.judging import TAKEN, Verdict, judge_rule, judge_units
from allmende.transfer.models import FindingVersion, Import, ImportItem
from allmende.transfer.package.archive import read
from allmende.transfer.package.form import Facts, Package, Parameters, Recipe
from allmende.transfer.package.names import MISSING, filled
from allmende.transfer.recipes import lay_down
from allmende.transfer.rules import FindingContent
from allmende.transfer.services import builtin

ALREADY = ErrorCode(
    "transfer.already_taken",
    Text("Dieses Paket ist schon übernommen, als „{project}“.", "This package was taken over already, as “{project}”."),
    Text("Nehmen Sie die Übernahme zurück, um es noch einmal zu versuchen.", "Undo it to try once more."),
)
DECIDED = ErrorCode(
    "transfer.already_decided",
    Text("Über „{project}“ wurde schon entschieden.", "Something was decided about “{project}” already."),
    Text("Führen Sie das Projekt weiter oder beenden Sie es.", "Take the project on, or end it."),
)
BAD_NAME = ErrorCode(
    "transfer.bad_project_name",
    Text("„{name}“ ist kein Kurzname für ein Projekt.", "“{name}” is no short name for a project."),
    Text("Erlaubt sind a–z, 0–9 und Bindestriche.", "Allowed are a–z, 0–9 and hyphens."),
)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
CAME = Text("Aus einem Transferpaket von {city} übernommen.", "Taken over from a transfer package of {city}.")
TITLE = "Transferpaket {project}, SHA-256 {digest}"


class _Taking:
    """One package on its way in; what it writes is one transaction, and folders come last."""

    def __init__(self, actor: Actor, raw: bytes, values: Parameters, gate: Gate, house: House) -> None:
        self.actor, self.gate, self.house, self.values = actor, gate, house, values
        self.package, _, self.digest = read(raw)
        self.theirs = self.package.parameters
        self.names = {one.name: one.value for one in values.names}
        self.items: list[ImportItem] = []
        self.folders: dict[str, Path] = {}
        self.told = False

    @property
    def city(self) -> str:
        """Name the city that gave it."""
        return self.theirs.origin[0].city if self.theirs.origin else "?"

    def check(self) -> None:
        """Refuse what misses a value, is there already, or has no fit name."""
        missing = sorted(
            {one.name for one in self.theirs.names} - {name for name, v in self.names.items() if v.strip()}
        )
        missing += [f"stations.{name}" for name in self.theirs.stations if not self.values.stations.get(name)]
        if missing:
            raise Invalid(MISSING, names=", ".join(missing))
        if not SLUG.fullmatch(self.values.project) or len(self.values.project) > 50:
            raise Invalid(BAD_NAME, name=self.values.project[:60])
        there = Import.objects.filter(digest=self.digest, undone_on__isnull=True).select_related("project").first()
        if there is not None:
            raise Conflict(ALREADY, project=there.project)

    def local(self, value: Any, kind: Any) -> Any:
        """Give a part with this city's names."""
        return msgspec.convert(filled(msgspec.to_builtins(value), self.names), kind)

    def note(self, kind: str, name: str, verdict: Verdict, local: str = "") -> None:
        """Keep what became of a part."""
        reason = verdict.reason
        words = {"reason_de": reason.de if reason else "", "reason_en": reason.en if reason else ""}
        self.items.append(ImportItem(kind=kind, name=name, local=local, outcome=verdict.outcome, **words))

    def rules(self) -> None:
        """Propose the rules that say something new and contradict nothing."""
        for rule in self.local(self.package.rules, tuple[Rule, ...]):
            verdict = judge_rule(rule, self.gate)
            if verdict is TAKEN:
                propose_rule(
                    self.actor, rule=rule, source=f"{TITLE.format(project=self.theirs.project, digest='')}"[:500]
                )
            self.note("rule", rule.slug, verdict, rule.slug if verdict is TAKEN else "")

    def sheets(self) -> str:
        """Enter the data sheets as ideas; give the name of the first here."""
        first = ""
        for sheet in self.local(self.package.sheets, tuple[DataUseEntry, ...]):
            name = _free(sheet.slug, self.values.project, lambda slug: DataUse.objects.filter(slug=slug).exists())
            entry = msgspec.structs.replace(sheet, slug=name)
            try:
                with transaction.atomic():
                    propose_data_use(self.actor, entry=entry, reason=CAME.filled(city=self.city))
            except AllmendeError as error:
                self.note("sheet", sheet.slug, Verdict("conflict", error.what))
                continue
            self.note("sheet", sheet.slug, TAKEN, name)
            first = first or name
        return first

    def indicators(self) -> None:
        """Define the indicators as drafts: nobody outside sees them, and their values start here."""
        for one in self.local(self.package.indicators, tuple[IndicatorEntry, ...]):
            name = _free(one.slug, self.values.project, lambda slug: Indicator.objects.filter(slug=slug).exists())
            entry = msgspec.structs.replace(
                one, slug=name, public=False, values=(), paths=(), projects=(self.values.project,)
            )
            try:
                with transaction.atomic():
                    add_indicator(self.actor, entry=entry)
            except AllmendeError as error:
                self.note("indicator", one.slug, Verdict("conflict", error.what))
                continue
            self.note("indicator", one.slug, TAKEN, name)

    def project(self, data_use: str) -> Project:
        """Add the project as an idea."""
        facts: Facts = self.local(self.package.facts, Facts)
        origin = self.theirs.origin[0]
        draft = DraftProject(
            slug=self.values.project,
            title=facts.title,
            sentence=facts.sentence,
            purpose=facts.purpose,
            contact=facts.contact,
            data_use=data_use,
            reason=CAME.filled(city=self.city),
            source=_source(self.digest),
            source_title=TITLE.format(project=origin.project, digest=self.digest[:12]),
            publisher=self.city[:200],
            url=origin.url,
        )
        project = add_draft(self.actor, draft=draft)
        self.note("project", self.theirs.project, TAKEN, project.slug)
        return project

    def finding(self, project: Project) -> None:
        """Keep what the origin learned as a draft of the finding here."""
        if self.package.finding is None:
            return
        content: FindingContent = self.local(self.package.finding, FindingContent)
        content = msgspec.structs.replace(content, phase="idea", sources=(_source(self.digest),), contact_until=None)
        FindingVersion.objects.create(project=project, number=1, content=builtin(content), edits=1)
        self.note("finding", self.theirs.project, TAKEN, project.slug)

    def connectors(self, data_use: str) -> None:
        """Lay the connectors ready, beside the others and not among them yet."""
        for name, one in self.package.connectors.items():
            verdict = judge_units(one.recipe.get("values", ()), self.gate)
            if verdict is TAKEN:
                verdict = self._connector(name, one, data_use)
            self.note("connector", name, verdict, name if verdict is TAKEN else "")

    def _connector(self, name: str, one: Recipe, data_use: str) -> Verdict:
        if NAME.fullmatch(name) is None or (self.house.home / FAMILY / name).exists():
            return Verdict("conflict", Text("einen Konnektor dieses Namens gibt es schon", "there is one of this name"))
        plain: Recipe = self.local(one, Recipe)
        folder = self.house.home / "transfer" / "new" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        lay_down(folder, plain, self.values.stations.get(name, ()), data_use)
        try:
            read_connector(folder, own=True)
        except AllmendeError as error:
            return Verdict("quarantined", error.what)
        self.folders[name] = folder
        return TAKEN

    def compose(self) -> tuple[Project, str]:
        """Write every part as it waits here; give the project, and the data use that it goes on with."""
        self.rules()
        data_use = self.sheets()
        project = self.project(data_use)
        self.finding(project)
        self.indicators()
        self.connectors(data_use)
        return project, data_use

    def keep(self) -> None:
        """Move the connectors to their place, each paused before it is there."""
        moved: list[Path] = []
        try:
            for name, folder in self.folders.items():
                Orders(SourceHouse(self.house.home), name).pause()
                target = self.house.home / FAMILY / name
                target.parent.mkdir(parents=True, exist_ok=True)
                folder.rename(target)
                moved.append(target)
        except OSError:
            for target in moved:
                shutil.rmtree(target, ignore_errors=True)
            raise


def _free(name: str, project: str, taken: Any) -> str:
    """Give a name that nothing has here, with the project's name where its own is taken."""
    for number in range(1, 100):
        tried = name if number == 1 else f"{project}-{name}"[:47] + (f"-{number}" if number > 2 else "")
        if not taken(tried):
            return tried
    return name


def _source(digest: str) -> str:
    return f"transfer-{digest[:16]}"


def take_over(actor: Actor, *, raw: bytes, values: Parameters, gate: Gate, house: House) -> Import:
    """Take a package over with this city's own values: everything waits for a decision here, or nothing is there."""
    one = _Taking(actor, raw, values, gate, house)
    one.check()
    kept = house.kept(one.digest)
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".new")
    fresh.write_bytes(raw)
    taken = None
    try:
        taken = _written(one, fresh, kept)
    finally:
        if taken is None and one.told:
            publish_sheets(actor, gate=gate)
        fresh.unlink(missing_ok=True)
        shutil.rmtree(house.home / "transfer" / "new", ignore_errors=True)
    return taken


def rehearse(actor: Actor, *, raw: bytes, values: Parameters, gate: Gate, house: House) -> list[ImportItem]:
    """Do all that taking over does, say what became of each part, and take it all back."""
    one = _Taking(actor, raw, values, gate, house)
    one.check()
    try:
        with transaction.atomic():
            one.compose()
            transaction.set_rollback(True)
    finally:
        shutil.rmtree(house.home / "transfer" / "new", ignore_errors=True)
    return one.items


@transaction.atomic
def _written(one: _Taking, fresh: Path, kept: Path) -> Import:
    project, data_use = one.compose()
    row = Import.objects.create(
        digest=one.digest,
        origin=msgspec.to_builtins(one.theirs.origin),
        parameters=msgspec.to_builtins(one.values),
        project=project,
        day=today(),
    )
    for item in one.items:
        item.of = row
    ImportItem.objects.bulk_create(one.items)
    counts = {outcome: sum(item.outcome == outcome for item in one.items) for outcome in ("taken", "conflict")}
    record(one.actor, "transfer.package_imported", project, after={"digest": one.digest, "city": one.city, **counts})
    if data_use:
        publish_sheets(one.actor, gate=one.gate)
        one.told = True
    fresh.rename(kept)
    one.keep()
    return row


@transaction.atomic
def undo(actor: Actor, *, number: int, gate: Gate, house: House) -> None:
    """Take everything back that a package brought, as long as nothing of it was decided."""
    row = Import.objects.select_for_update(of=("self",)).select_related("project").get(pk=number)
    project = row.project
    if row.undone_on is not None or project is None or not is_untouched(row):
        raise Conflict(DECIDED, project=project or row.digest[:12])
    taken = {kind: [item.local for item in row.items.filter(outcome="taken", kind=kind)] for kind in KINDS_UNDONE}
    for slug in taken["indicator"]:
        drop_indicator(actor, slug=slug)
    project.findings.all().delete()
    row.project, row.undone_on = None, today()
    row.save(update_fields=["project", "undone_on"])
    drop_draft(actor, project=project, source=_source(row.digest))
    record(actor, "transfer.import_undone", project.slug, before={"digest": row.digest})
    drop_proposals(actor, rules=taken["rule"], sheets=taken["sheet"], gate=gate)
    for name in taken["connector"]:
        shutil.rmtree(house.home / FAMILY / name, ignore_errors=True)
        shutil.rmtree(SourceHouse(house.home).folder(name), ignore_errors=True)
    house.kept(row.digest).unlink(missing_ok=True)


KINDS_UNDONE = ("rule", "sheet", "indicator", "connector")


def waiting_parameters(package: Package) -> Parameters:
    """Give the form that a city fills in: the origin's values stand in it as an example."""
    theirs = package.parameters
    return msgspec.structs.replace(theirs, origin=(), sources=())
