"""A project goes from one city to another: out through the gate, in as drafts, in force only by a decision there."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings

from allmende.catalog import door
from allmende.catalog.content import DatasetEntry
from allmende.catalog.services import ensure_dataset
from allmende.effects.models import Indicator
from allmende.gate.door import Ask, Asker, Gate, migrate_store
from allmende.gate.ledger import Ledger
from allmende.gate.query import Datastream, ObservedProperty, Sensor, Thing
from allmende.kernel.errors import AllmendeError, Denied
from allmende.kernel.text import Text
from allmende.ledger.check import verify_proof
from allmende.packs.read import read_parts
from allmende.portal.office import transfer_views
from allmende.programme.models import Project
from allmende.register.content import DataUsesContent, EthicsContent
from allmende.register.models import DataUse, Rule
from allmende.register.services import load_ethics, publish_rulebook
from allmende.register.sheets import load_data_uses
from allmende.serve.ledger import Sequencer
from allmende.sources.create import create
from allmende.sources.definition import Connector, connector, connectors
from allmende.transfer.content import FindingsContent
from allmende.transfer.gathering import City
from allmende.transfer.giving import House, Receipt, acknowledge, hand_out
from allmende.transfer.models import Export, FindingVersion, Import
from allmende.transfer.package import archive, form
from allmende.transfer.services import load_findings, write_finding
from allmende.transfer.taking import take_over, undo
from tests.reports.conftest import ACTOR, browser, load, person
from tests.transfer.packages import SPOILED, a_connector, a_rule, packed, parts, values

OPEN = Ask(Asker("system:test"), "publish", "open-data", "public")
PLACES = ("Altstadt", "Old town", "Neubaugebiet")


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "observations.sqlite3"
    migrate_store(str(path))
    return path


class Town:
    """A city with its own store and home, in the tables of this process."""

    def __init__(self, pack: str, home: Path, store: Path) -> None:
        home.mkdir()
        shutil.copy(store, home / "observations.sqlite3")
        settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, home=home, database_url="", pack=pack)
        door.gate.cache_clear()
        cache.clear()
        self.pack, self.home, self.gate = pack, home, door.gate()
        self.house = House(home, Sequencer(self.gate, settings.ALLMENDE).run)

    def load(self) -> None:
        """Bring what the pack tells, and put its rules in force."""
        pack = self.pack
        load(pack)
        load_ethics(ACTOR, content=read_parts(pack, ("ethics.yaml",), EthicsContent))
        load_data_uses(ACTOR, content=read_parts(pack, ("data_uses.yaml",), DataUsesContent))
        load_findings(ACTOR, content=read_parts(pack, ("findings.yaml",), FindingsContent))
        publish_rulebook(ACTOR, decision="Rat, 1.1.2026", gate=self.gate)

    def close(self) -> None:
        """Leave the city."""
        self.gate.close()
        door.gate.cache_clear()

    def give(self, slug: str = "stadtklima") -> tuple[bytes, str]:
        """Write the package of a project."""
        raw, row = hand_out(
            ACTOR,
            project=Project.objects.get(slug=slug),
            city=City("Musterstadt", "https://musterstadt.example", PLACES),
            gate=self.gate,
            ask=OPEN,
            house=self.house,
            connectors=[one for one in connectors(self.home) if isinstance(one, Connector)],
        )
        return raw, row.digest if row else ""

    def take(self, raw: bytes, filled: bytes) -> Import:
        """Take a package over as the office."""
        given = form.read_parameters(filled)
        return take_over(person("office"), raw=raw, values=given, gate=self.gate, house=self.house)


def measure(gate: Gate) -> None:
    """Let one station of Musterstadt measure for two hours."""
    entry = DatasetEntry(
        slug="klima",
        title=Text("Klima", "Climate"),
        description=Text("Klima", "Climate"),
        publisher="Musterstadt",
        licence="CC-BY-4.0",
        data_use="stadtklima",
    )
    ensure_dataset(ACTOR, entry=entry)
    grant = gate.grant(Ask(Asker("system:test"), "collect", "climate-adaptation", "administration"))
    thing = gate.create(grant, "Things", Thing(name="Marktplatz", description="", properties={"slug": "marktplatz"}))
    sensor = gate.create(grant, "Sensors", Sensor(name="T", description="", metadata="T"))
    about = ObservedProperty(name="Lufttemperatur", definition="urn:t", description="")
    observed = gate.create(grant, "ObservedProperties", about)
    gate.create(
        grant,
        "Datastreams",
        Datastream(
            name="Lufttemperatur, Marktplatz",
            description="",
            thing_id=thing,
            sensor_id=sensor,
            observed_property_id=observed,
            unit="Cel",
            category="weather",
            data_use="stadtklima",
            properties={"slug": "marktplatz-t", "observed": "air-temperature", "dataset": "klima"},
        ),
    )


@pytest.fixture(scope="module")
def given(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> tuple[bytes, str, bytes]:
    """Let Musterstadt give its project out twice, and go again; give the package, its digest, and the second."""
    home = tmp_path_factory.mktemp("given") / "musterstadt"
    with django_db_blocker.unblock(), override_settings(), transaction.atomic():
        town = Town("musterstadt", home, empty_store)
        town.load()
        measure(town.gate)
        table = create(home, "tabelle", "csv-folder") / "mapping.yaml"
        words = {
            "stadtklima-messnetz": "stadtklima",
            "Meine Station": "Marktplatz",
            "{ column: Station, ": "{ thing: my-station, ",
        }
        for old, new in words.items():
            table.write_text(table.read_text().replace(old, new))
        raw, digest = town.give()
        again, _ = town.give()
        entry, _, _ = verify_proof(archive.read(raw)[1], Ledger(town.gate).key())
        assert digest.encode() in entry
        acknowledge(ACTOR, receipt=Receipt(digest=digest, city="Konstanz", project="stadtklima", day="2026-11-26"))
        page = Client().get("/projekte/stadtklima/").content.decode()
        assert digest in page
        assert "Konstanz" in page
        town.close()
        transaction.set_rollback(True)
    return raw, digest, again


@pytest.fixture(scope="module")
def konstanz_store(
    given: object, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> Iterator[Path]:
    """Load the other city once; give its store, to be copied."""
    home = tmp_path_factory.mktemp("template") / "konstanz"
    with django_db_blocker.unblock(), override_settings(), transaction.atomic():
        town = Town("konstanz", home, empty_store)
        town.load()
        town.close()
        yield home / "observations.sqlite3"
        transaction.set_rollback(True)


@pytest.fixture
def konstanz(konstanz_store: Path, db: None, tmp_path: Path) -> Iterator[Town]:
    """Give the other city; what a test writes is undone."""
    with override_settings():
        town = Town("konstanz", tmp_path / "konstanz", konstanz_store)
        yield town
        town.close()


def state(town: Town) -> tuple[int, ...]:
    """Count what an import could leave."""
    folders = len(list((town.home / "connectors").glob("*"))) if (town.home / "connectors").exists() else 0
    kept = len(list((town.home / "transfer").rglob("*.zip"))) if (town.home / "transfer").exists() else 0
    tables = (Project, Rule, DataUse, Indicator, Import)
    return (*(table.objects.count() for table in tables), folders, kept)


def test_the_package_is_whole_free_of_places_and_the_same_each_time(given: tuple[bytes, str, bytes]) -> None:
    raw, digest, again = given
    assert raw == again
    package, _, found = archive.read(raw)
    assert found == digest
    assert package.facts.title.de == "Stadtklima messen"
    assert {one.slug for one in package.indicators} == {"hitzetage", "waermeinsel"}
    assert package.indicators[0].versions[0].source.stations == ("{{station-1.slug}}", "bahnhof")  # type: ignore[union-attr]
    assert {"umwelt-erheben", "umwelt-veroeffentlichen"} <= {one.slug for one in package.rules}
    assert [one.slug for one in package.sheets] == ["stadtklima"]
    names = {one.name: one.value for one in package.parameters.names}
    assert names["station-1"] == "Marktplatz"
    assert names["project.contact.de"] == "Programmbüro Musterstadt (erdacht)"
    assert "old town" not in package.indicators[0].versions[0].method.en
    assert names["place-3.lower"] == "old town"
    assert b"stream-1.csv" in package.files[form.DATA_PACKAGE]


def test_it_runs_elsewhere_only_after_a_decision_there(konstanz: Town) -> None:
    raw = packed()
    before = state(konstanz)
    row = konstanz.take(raw, values(raw, city="Konstanz"))
    outcomes = {(item.kind, item.name): item.outcome for item in row.items.all()}
    assert set(outcomes.values()) == {"taken"}
    assert "in Konstanz Schatten fehlt" in Client().get("/projekte/schatten/").content.decode()
    page = Client().get("/projekte/schatten/").content.decode()
    assert "Beispielstadt" in page
    assert row.digest in page
    assert DataUse.objects.get(slug="schattenmessung").state == "idea"
    recipe = (konstanz.home / "connectors" / "schatten" / "source.yaml").read_text()
    assert "seeufer" in recipe
    assert (konstanz.home / "sources" / "schatten" / "order-paused").exists()

    asked = Ask(Asker("system:test"), "pass_on", "mobility", "research")
    assert not konstanz.gate.decide(asked, "traffic-counts").allowed
    with pytest.raises(Denied):
        publish_rulebook(person("office"), decision="Rat", gate=konstanz.gate)
    publish_rulebook(person("second"), decision="Rat, 2.2.2026", gate=konstanz.gate)
    assert konstanz.gate.decide(asked, "traffic-counts").allowed
    with pytest.raises(AllmendeError):
        undo(person("office"), number=row.pk, gate=konstanz.gate, house=konstanz.house)
    assert state(konstanz)[0] == before[0] + 1


def test_export_import_export_gives_the_same_bytes_and_undo_leaves_nothing(
    given: tuple[bytes, str, bytes], konstanz: Town
) -> None:
    raw, before = given[0], state(konstanz)
    theirs = archive.read(raw)[0].parameters
    filled = form.written(msgspec.structs.replace(theirs, origin=(), sources=()))
    row = konstanz.take(raw, filled)
    assert konstanz.give("stadtklima")[0] == raw
    table = connector(konstanz.home, "tabelle")
    assert table.mapping is not None
    assert (table.mapping.data_use, table.mapping.things[0].slug) == ("stadtklima", "my-station")
    assert table.mapping.station.thing == "my-station"
    outcomes = {(item.kind, item.name): item.outcome for item in row.items.all()}
    assert outcomes["sheet", "stadtklima"] == "taken"
    assert {outcome for (kind, _), outcome in outcomes.items() if kind == "rule"} <= {"same", "conflict"}
    with pytest.raises(AllmendeError, match="taken over already"):
        konstanz.take(raw, filled)
    undo(person("office"), number=row.pk, gate=konstanz.gate, house=konstanz.house)
    assert state(konstanz) == (*before[:4], before[4] + 1, *before[5:])


def test_bad_packages_are_refused_at_the_staffs_door_and_leave_nothing(konstanz: Town) -> None:
    before, raw = state(konstanz), packed()
    for name, (spoil, _) in SPOILED.items():
        upload = SimpleUploadedFile("paket.zip", spoil(raw), "application/zip")
        answer = browser("office").post("/intern/transfer/", {"file": upload})
        assert answer.status_code == 200, name
        assert "nichts wurde übernommen" in answer.content.decode() or "neuesten Stand" in answer.content.decode()
    assert state(konstanz) == before


@pytest.mark.parametrize(
    ("package", "kind", "outcome", "reason"),
    [
        (parts(rules=(a_rule(purposes=("surveillance",)),)), "rule", "conflict", "keine-ueberwachung"),
        (parts(rules=(a_rule(slug="umwelt-erheben"),)), "rule", "conflict", "umwelt-erheben"),
        (parts(rules=(a_rule(categories=("einhorn",)),)), "rule", "conflict", "einhorn"),
        (
            parts(rules=(a_rule(effect="prohibit", categories=("weather",), purposes=("klima",)),)),
            "rule",
            "conflict",
            "umwelt-weitergeben",
        ),
    ],
)
def test_a_rule_that_conflicts_is_shown_and_not_installed(
    konstanz: Town, package: form.Package, kind: str, outcome: str, reason: str
) -> None:
    raw, rules = packed(package), Rule.objects.count()
    row = konstanz.take(raw, values(raw))
    item = row.items.get(kind=kind)
    assert (item.outcome, reason in item.reason_de) == (outcome, True)
    assert Rule.objects.count() == rules
    shown = browser("office").get(f"/intern/transfer/uebernahme/{row.pk}/").content.decode()
    assert reason in shown


def test_a_source_whose_unit_differs_is_held_back(konstanz: Town) -> None:
    measured = konstanz.gate
    ensure_dataset(
        ACTOR,
        entry=DatasetEntry(
            slug="klima", title=Text("K", "K"), description=Text("K", "K"), publisher="K", licence="CC-BY-4.0"
        ),
    )
    grant = measured.grant(Ask(Asker("system:test"), "collect", "climate-adaptation", "administration"))
    thing = measured.create(grant, "Things", Thing(name="Platz", description="", properties={"slug": "platz"}))
    sensor = measured.create(grant, "Sensors", Sensor(name="T", description="", metadata="T"))
    observed = measured.create(
        grant, "ObservedProperties", ObservedProperty(name="T", definition="urn:t", description="")
    )
    stream = Datastream(
        name="T",
        description="",
        thing_id=thing,
        sensor_id=sensor,
        observed_property_id=observed,
        unit="K",
        category="weather",
        data_use="stadtklima-messnetz",
        properties={"slug": "platz-t", "observed": "air-temperature", "dataset": "klima"},
    )
    measured.create(grant, "Datastreams", stream)
    raw = packed(parts(connector=a_connector("Cel")))
    row = konstanz.take(raw, values(raw))
    item = row.items.get(kind="connector")
    assert (item.outcome, "hier wird in K gemessen" in item.reason_de) == ("quarantined", True)
    assert not (konstanz.home / "connectors").exists()


def test_two_steps_in_the_staff_room_with_every_value_asked_for(konstanz: Town) -> None:
    raw = packed()
    upload = SimpleUploadedFile("paket.zip", raw, "application/zip")
    office = browser("office")
    address = office.post("/intern/transfer/", {"file": upload})["Location"]
    page = office.get(address)
    assert "Beispielstadt" in page.content.decode()
    assert {(one.kind, one.outcome) for one in page.context["plan"]} >= {("rule", "taken"), ("connector", "taken")}
    form_ = page.context["form"]
    sent = {name: field.initial or "hier" for name, field in form_.fields.items()}
    before = state(konstanz)
    tried = office.post(address, {**sent, "deed": "try"})
    assert [one.name for one in tried.context["plan"]] == [one.name for one in page.context["plan"]]
    assert state(konstanz) == before
    assert not (konstanz.home / "transfer" / "new").exists()
    missing = office.post(address, {**sent, "name.city": ""})
    assert missing.status_code == 200
    assert not Import.objects.exists()
    done = office.post(address, sent)
    assert done.status_code == 302, done.context["form"].errors
    row = Import.objects.get()
    assert row.project is not None
    assert office.post(f"/intern/transfer/uebernahme/{row.pk}/").status_code == 302
    assert not Project.objects.filter(slug="schatten").exists()


def test_a_package_is_given_out_in_the_staff_room_and_offered_by_a_second_person(
    konstanz: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_views, "_until_told", konstanz.house.settle)
    raw = packed()
    row = konstanz.take(raw, values(raw, city="Konstanz"))
    project = row.project
    assert project is not None
    office, second, everybody = browser("office"), browser("second"), Client()
    sent = {"project": project.pk}
    as_it_came = office.post("/intern/transfer/ausgeben/", sent)
    assert (as_it_came["Content-Type"], as_it_came.content) == ("application/zip", raw)
    draft = FindingVersion.objects.get(project=project)
    write_finding(person("office"), project=project, content=draft.told, edits=draft.edits)
    address = office.post("/intern/transfer/ausgeben/", sent)["Location"]
    given = Export.objects.get(project=project)
    package, _, digest = archive.read(office.get(f"{address}paket.zip").content)
    assert (digest, package.parameters.origin[1].city) == (given.digest, "Beispielstadt")
    public = "/projekte/schatten/paket.zip"
    assert everybody.get(public).status_code == 404
    office.post(address, {"deed": "publish"})
    assert everybody.get(public).status_code == 404, "who gave it out does not offer it"
    second.post(address, {"deed": "publish"})
    answer: Any = everybody.get(public)
    assert archive.read(b"".join(answer.streaming_content))[2] == given.digest
    assert public in everybody.get("/projekte/schatten/").content.decode()
    assert "Nicht mehr anbieten" in second.get(address).content.decode()
    second.post(address, {"deed": "withdraw"})
    assert everybody.get(public).status_code == 404
    Project.objects.filter(pk=project.pk).update(purpose_de="Fragen Sie frau.muster@example.org.")
    refused = office.post("/intern/transfer/ausgeben/", sent).content.decode()
    assert "frau.muster@example.org" in refused
    assert Export.objects.filter(project=project).count() == 1
