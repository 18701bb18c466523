"""The catalogue of the demonstration city: every file that it names is there."""

from pathlib import Path

import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, RDF

from tests.pages.conftest import City


def test_every_distribution_works_when_called(city_with_data: City) -> None:
    graph = rdflib.Graph().parse(data=city_with_data.text("/catalog.ttl"), format="turtle")
    files = list(graph.subjects(RDF.type, DCAT.Distribution))
    assert len(files) > 20
    for file in files:
        address = str(graph.value(file, DCAT.downloadURL))
        assert address.startswith(city_with_data.address)
        with city_with_data.client.stream("GET", address) as answer:
            media = str(graph.value(file, DCAT.mediaType)).removeprefix("https://www.iana.org/assignments/media-types/")
            told = answer.headers["content-type"]
            first = next(answer.iter_raw(), b"")
        assert answer.status_code == 200, address
        assert told.split(";")[0] == media, address
        assert first, address
    for dataset in graph.subjects(RDF.type, DCAT.Dataset):
        for page in (str(dataset), str(graph.value(dataset, DCAT.landingPage))):
            answer = city_with_data.client.get(page, headers={"accept": "text/html"}, follow_redirects=True)
            assert answer.status_code == 200, page
        assert graph.value(dataset, DCTERMS.publisher) is not None


def test_the_official_shapes_find_nothing_in_the_whole_catalogue(city_with_data: City, samples: Path) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    graph, shapes = rdflib.Graph(), rdflib.Graph()
    graph.parse(data=city_with_data.text("/catalog.ttl"), format="turtle")
    for name in ("dcat-ap-SHACL-DE", "dcat-ap-de-deprecated", "dcat-ap-spec-german-additions"):
        shapes.parse(samples / "dcat-ap-de/v3.0/shacl" / f"{name}.ttl")
    sound, _, told = pyshacl.validate(graph, shacl_graph=shapes, inplace=True, allow_warnings=True)
    assert sound, told
