"""The catalogue as harvesters read it: complete, paged, with lasting addresses, and sound in the eyes of others."""

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rdflib
from django.test import Client
from rdflib.namespace import DCAT, DCTERMS, RDF

from allmende.accounts.rules import SystemActor
from allmende.catalog import dcat
from allmende.catalog.content import DatasetEntry
from allmende.catalog.entries import licence_code
from allmende.catalog.services import ensure_dataset
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Sensor
from allmende.kernel.text import Text
from allmende.portal import catalogue_queries
from tests.conftest import SAMPLES
from tests.office.conftest import SignIn

HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
DCATAP = rdflib.Namespace("http://data.europa.eu/r5r/")
ROOT = "http://testserver/catalog"


@pytest.fixture
def measured(programme: Gate) -> Gate:
    """Add a measured and a simulated series of one name, and one that the public may not see."""
    grant = programme.grant(Ask(Asker("system:test"), "collect", "climate-adaptation", "administration"))
    sensor = programme.create(grant, "Sensors", Sensor(name="S", description=""))
    seen = ObservedProperty(name="Lufttemperatur", definition="https://example.org/t", description="")
    observed = programme.create(grant, "ObservedProperties", seen)
    for simulated in (False, True):
        stream = programme.create(
            grant,
            "Datastreams",
            Datastream(
                name="Temperatur",
                description="",
                thing_id=1,
                sensor_id=sensor,
                observed_property_id=observed,
                unit="Cel",
                category="weather",
                data_use="stadtklima-messnetz",
                simulated=simulated,
                properties={"dataset": "wetter", "observed": "air-temperature", "licence": "CC-BY-4.0"},
            ),
        )
        at = 1_720_000_000_000_000
        programme.append(grant, [Arrival(datastream_id=stream, phenomenon_start=at, result=21.5)])
    entry = DatasetEntry(
        slug="wetter",
        title=Text("Wetter der Höfe", "Weather of yards"),
        description=Text("Gemessen", "Measured"),
        publisher="Stadt Süd",
        licence="CC-BY-4.0",
        source_url="https://example.org/a b",
    )
    ensure_dataset(SystemActor("system:test"), entry=entry)
    return programme


def _graph(client: Client, address: str, form: str = "turtle") -> rdflib.Graph:
    answer: Any = client.get(address)
    assert answer.status_code == 200, answer.content
    return rdflib.Graph().parse(data=answer.content, format=form)


def test_all_forms_say_the_same(measured: Gate, client: Client) -> None:
    graphs = {
        form: _graph(client, f"/catalog.{ending}", form)
        for ending, form in (("ttl", "turtle"), ("rdf", "xml"), ("jsonld", "json-ld"))
    }
    own = {
        form: {triple for triple in graph if (triple[0], RDF.type, HYDRA.PagedCollection) not in graph}
        for form, graph in graphs.items()
    }
    assert own["turtle"] == own["xml"] == own["json-ld"]
    found = {str(one) for one in graphs["turtle"].subjects(RDF.type, DCAT.Dataset)}
    assert found == {f"{ROOT}/{entry.name}" for entry in catalogue_queries.entries()}
    assert f"{ROOT}/messwerte/wetter" in found
    assert f"{ROOT}/messwerte/wetter-simuliert" in found


def test_what_is_simulated_has_no_high_value(measured: Gate, client: Client) -> None:
    graph = _graph(client, "/catalog.ttl")
    valued = {str(one) for one in graph.subjects(DCATAP.hvdCategory, None)}
    assert valued == {f"{ROOT}/messwerte/wetter"}
    titles = {str(one) for one in graph.objects(rdflib.URIRef(f"{ROOT}/messwerte/wetter"), DCTERMS.title)}
    assert titles == {"Wetter der Höfe", "Weather of yards"}
    assert "Höfe".encode() in client.get("/catalog.ttl").content


def test_a_licence_that_nobody_named_permits_nothing() -> None:
    assert licence_code("CC BY 4.0").endswith("/cc-by/4.0")
    assert licence_code("DL-DE-BY-2.0").endswith("/dl-by-de/2.0")
    assert licence_code("unknown") == licence_code("") == "http://dcat-ap.de/def/licenses/other-closed"


def test_own_tables_are_open_only_when_somebody_said_so(programme: Gate, sign_in: SignIn, settings: Any) -> None:
    closed = rdflib.URIRef(licence_code(""))
    client = sign_in("steward")
    graph = _graph(client, "/catalog.ttl")
    assert set(graph.objects(rdflib.URIRef(f"{ROOT}/programm/projekte#csv"), DCTERMS.license)) == {closed}
    assert "ohne Lizenz" in client.get("/intern/wartet/").content.decode()
    settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, catalogue_licence="DL-DE-BY-2.0")
    graph = _graph(client, "/catalog.ttl")
    assert closed not in set(graph.objects(None, DCTERMS.license))
    assert "ohne Lizenz" not in client.get("/intern/wartet/").content.decode()


def test_shapes_of_dcat_ap_de_find_nothing(measured: Gate, client: Client, samples: Path) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    shapes = rdflib.Graph()
    for name in ("dcat-ap-SHACL-DE", "dcat-ap-de-deprecated", "dcat-ap-spec-german-additions"):
        shapes.parse(SAMPLES / "dcat-ap-de/v3.0/shacl" / f"{name}.ttl")
    found = _graph(client, "/catalog.ttl")
    sound, _, told = pyshacl.validate(found, shacl_graph=shapes, inplace=True, allow_warnings=True)
    assert sound, told
    found.remove((None, DCTERMS.license, None))
    assert not pyshacl.validate(found, shacl_graph=shapes, inplace=True, allow_warnings=True)[0]


def test_pages_follow_each_other(measured: Gate, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dcat, "PAGE", 4)
    address, seen = "http://testserver/catalog.rdf", []
    while address:
        graph = _graph(client, address.removeprefix("http://testserver"), "xml")
        seen += [str(one) for one in graph.subjects(RDF.type, DCAT.Dataset)]
        assert set(graph.objects(None, HYDRA.nextPage)) == set(graph.objects(None, HYDRA.next))
        address = str(next(graph.objects(None, HYDRA.next), ""))
    assert len(seen) == len(set(seen)) == len(catalogue_queries.entries()) > 4
    for wrong in ("0", "99", "x", "-1", "9" * 30):
        assert client.get(f"/catalog.ttl?page={wrong}").status_code == 404


def test_a_tag_spares_what_is_known(measured: Gate, client: Client) -> None:
    first = client.get("/catalog.ttl")
    again = client.get("/catalog.ttl", headers={"if-none-match": f'W/"other", {first["ETag"]}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get("/catalog.rdf")["ETag"] != first["ETag"]
    entry = DatasetEntry(
        slug="neu", title=Text("N", "N"), description=Text("N", "N"), publisher="P", licence="CC0-1.0", simulated=False
    )
    ensure_dataset(SystemActor("system:test"), entry=entry)
    assert client.get("/catalog.ttl")["ETag"] == first["ETag"], "no data, no data set"
    book = measured.rulebook()
    inward = [
        msgspec.structs.replace(rule, recipients=("administration",)) if "public" in rule.recipients else rule
        for rule in book.rules
    ]
    measured.publish(msgspec.structs.replace(book, rules=tuple(inward)), actor="system:test")
    assert client.get("/catalog.ttl")["ETag"] != first["ETag"]
    assert b"messwerte/wetter" not in client.get("/catalog.ttl").content


@pytest.mark.parametrize(
    ("accept", "told"),
    [
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("application/rdf+xml, text/turtle;q=0.5", "application/rdf+xml; charset=utf-8"),
        ("application/ld+json", "application/ld+json; charset=utf-8"),
        ("*/*", "text/turtle; charset=utf-8"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", None),
    ],
)
def test_the_address_answers_in_the_form_asked_for(
    programme: Gate, client: Client, accept: str, told: str | None
) -> None:
    for address in ("/catalog", "/catalog/programm/projekte"):
        answer = client.get(address, headers={"accept": accept})
        assert "Accept" in answer["Vary"]
        if told is None:
            assert (answer.status_code, answer["Location"][:15]) == (303, "/daten/katalog/")
        else:
            assert (answer.status_code, answer["Content-Type"]) == (200, told)
    assert client.get("/catalog/programm/nichts", headers={"accept": accept}).status_code == 404


def test_people_find_data_sets_by_words(measured: Gate, client: Client) -> None:
    found = client.get("/daten/katalog/?text=h%C3%B6fe+wetter")
    titles = [one.name for one in found.context["shown"]]
    assert titles == ["messwerte/wetter", "messwerte/wetter-simuliert"]
    assert [one.kind for one in client.get("/daten/katalog/?art=datenethik").context["shown"]] == ["datenethik"] * 3
    rows = list(csv.DictReader(io.StringIO(client.get("/daten/katalog.csv").content.decode())))
    assert {row["dataset"] for row in rows} == {entry.name for entry in catalogue_queries.entries()}
    page = client.get("/en/daten/katalog/messwerte/wetter/").content.decode()
    assert "Weather of yards" in page
    assert "/downloads/wetter/observations.csv" in page
