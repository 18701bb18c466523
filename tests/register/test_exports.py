"""The register in the forms of others is what their readers expect, and says what the sheets and rules say."""

import datetime as dt
import io
import json
from pathlib import Path

import msgspec
import openpyxl
import pytest
import rdflib
import yaml
from rdflib.namespace import RDF

from allmende.gate.door import PUBLIC, Ask, Gate
from allmende.kernel.clock import UTC, today
from allmende.register import queries, sheets
from allmende.register.content import DataUsesContent
from allmende.register.exports.content import Register
from allmende.register.exports.dpv import dpv
from allmende.register.exports.dtpr import VERSION, dtpr
from allmende.register.exports.plain import plain
from allmende.register.exports.record import record
from tests.register.conftest import ACTOR
from tests.register.town import build_station

BASE = "https://city.example"
DPV, ODRL = rdflib.Namespace("https://w3id.org/dpv#"), rdflib.Namespace("http://www.w3.org/ns/odrl/2/")


def _register(gate: Gate) -> Register:
    return Register(
        base=BASE,
        day=today(),
        made=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        programme="Stadt",
        entries=tuple(queries.register_entries(gate, Ask(PUBLIC, "publish", "open-data", "public"), today())),
        uses=tuple(queries.data_uses()),
        book=gate.rulebook(),
    )


@pytest.fixture
def whole(register: Gate, uses: DataUsesContent) -> Register:
    """Give a register with a station, and with a second sheet about persons that begins like a formula."""
    build_station(register)
    formula = msgspec.structs.replace(
        uses.data_uses[0], slug="beteiligung", category="contributions", why="participation", retention=None
    )
    formula = msgspec.structs.replace(formula, title=msgspec.structs.replace(formula.title, de="=1+1"))
    sheets.load_data_uses(ACTOR, content=DataUsesContent(data_uses=(formula,)))
    return _register(register)


def _graph(register: Register) -> rdflib.Graph:
    return rdflib.Graph().parse(data=json.dumps(dpv(register)), format="json-ld")


def test_json_says_what_the_pages_say(whole: Register) -> None:
    told = json.loads(msgspec.json.encode(plain(whole)))
    (sensor,) = told["sensors"]
    assert (sensor["slug"], sensor["geometry"]["coordinates"]) == ("platz", [9.1738, 47.6618])
    assert sensor["data_uses"] == ["stadtklima-messnetz"]
    assert {"kein-verkauf", "umwelt-erheben"} <= set(sensor["rules"])
    assert told["rulebook"]["version"] == 1
    uses = {use["slug"]: use for use in told["data_uses"]}
    assert uses["beteiligung"]["retention"] is None
    assert uses["stadtklima-messnetz"]["purpose"]["dpv"] == "https://w3id.org/dpv#CombatClimateChange"


def test_linked_data_describes_uses_in_dpv(whole: Register) -> None:
    graph = _graph(whole)
    page = f"{BASE}/datenethik/register.jsonld#"
    weather, persons = rdflib.URIRef(f"{page}use-stadtklima-messnetz"), rdflib.URIRef(f"{page}use-beteiligung")
    assert graph.value(weather, RDF.type) == DPV.NonPersonalDataProcess
    assert graph.value(persons, RDF.type) == DPV.PersonalDataProcess
    purpose = graph.value(weather, DPV.hasPurpose)
    broader = rdflib.URIRef("http://www.w3.org/2004/02/skos/core#broader")
    assert DPV.CombatClimateChange in set(graph.objects(purpose, broader))
    assert graph.value(graph.value(persons, DPV.hasPersonalData), RDF.type) is not None
    assert graph.value(weather, DPV.hasDataController) is not None


def test_linked_data_has_the_rules_in_odrl(whole: Register) -> None:
    graph = _graph(whole)
    policy = rdflib.URIRef(f"{BASE}/datenethik/fassungen/1/")
    rules = {rule.slug: rule for rule in whole.book.rules}
    assert graph.value(policy, ODRL.conflict) == ODRL.prohibit
    for effect, relation in (("permit", ODRL.permission), ("prohibit", ODRL.prohibition)):
        found = {str(one).rpartition("#rule-")[2] for one in graph.objects(policy, relation)}
        assert found == {slug for slug, rule in rules.items() if rule.effect == effect}
    collect = rdflib.URIRef(f"{BASE}/datenethik/register.jsonld#rule-umwelt-erheben")
    assert set(graph.objects(collect, ODRL.action)) == {DPV.Collect, ODRL.delete}
    constraint = graph.value(collect, ODRL.constraint)
    named = {str(one).rpartition("#purpose-")[2] for one in graph.objects(constraint, ODRL.rightOperand)}
    assert named == {"klima", "winter-service", "hazard-warning"}
    assert graph.value(constraint, ODRL.operator) == ODRL.isAnyOf


def _front(path: Path) -> tuple[str, list[str]]:
    """Read name and categories of an element of DTPR's first version."""
    matter = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
    found = matter["category"]
    return matter["id"], found if isinstance(found, list) else [found]


def test_chains_have_the_form_and_the_elements_of_dtpr(whole: Register, samples: Path) -> None:
    folder = samples / "dtpr/device-and-ai-v1"
    known = dict(_front(path) for path in (folder / "elements/en").glob("*.md"))
    categories = {path.stem for path in (folder / "categories/en").glob("device__*.md")}
    chains = {chain["id"]: chain for chain in dtpr(whole)["datachains"]}
    (chain,) = chains.values()
    assert (chain["schema_version"], chain["created_at"]) == (VERSION, "2026-01-02T03:04:05Z")
    names = [element["element_id"] for element in chain["elements"]]
    assert {name for name in names if not any(one in categories for one in known.get(name, []))} == set()
    assert {"planning_decision_making", "institution", "weather_station", "available_to_download"} <= set(names)
    assert "personal" not in names
    values = [value for element in chain["elements"] for one in element["variables"] for value in one["value"]]
    assert {value["locale"] for value in values} == {"de", "en"}
    assert all(value["value"] for value in values)


def test_the_record_of_processing_is_a_workbook_without_formulas(whole: Register) -> None:
    book = openpyxl.load_workbook(io.BytesIO(record(whole)))
    assert book.sheetnames == ["Art. 30", "Ohne Personenbezug", "Hinweise"]
    persons, others = ([list(row) for row in book[name].iter_rows()] for name in book.sheetnames[:2])
    head = [cell.value for cell in persons[0]]
    assert [cell.value for cell in others[0]] == head
    assert [row[0].value for row in persons[1:]] == [
        *("beteiligung", "participation-contributions", "participation-panels", "participation-votes"),
        "participation-workshops",
    ]
    assert "stadtklima-messnetz" in [row[0].value for row in others[1:]]
    row = dict(zip(head, persons[1], strict=True))
    title = row["Verarbeitungstätigkeit"]
    assert (title.value, title.data_type, title.quotePrefix) == ("=1+1", "s", True)
    assert row["Zwecke (b)"].value.startswith("Beteiligung: ")
    assert row["Löschfristen (f)"].value == "unbekannt"
    assert row["Löschfristen (f)"].fill.fgColor.rgb == "FFFFF2CC"
    assert (
        "Beiträge und Stimmen bleiben im Rathaus (verboten)"
        in row["Technische und organisatorische Maßnahmen (g)"].value
    )
