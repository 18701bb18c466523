"""The description of the portal's files: complete, sound, and true when it is called."""

import re
from typing import Any

import pytest
from django.urls import get_resolver

from allmende.portal import openapi_views
from allmende.serve import openapi
from tests.pages.conftest import City

pytestmark = pytest.mark.xdist_group("pages")

PAGES = re.compile(r"/$|^$")
# What this city has only when more is said: an address, money by giver, a place.
NOTHING = {"/oembed", "/geld/fluss.svg", "/datenethik/hier/schild.pdf", "/datenethik/hier/schild.svg"}


def test_every_route_that_is_no_page_is_described() -> None:
    known = {name: pattern for name, pattern in openapi_views.patterns().items() if not PAGES.search(pattern)}
    told = {name for rows in openapi_views.told()["routes"].values() for name in rows}
    assert set(known) - told == set(), "describe these in src/allmende/portal/openapi.yaml"
    assert told - set(known) == set(), "these are no routes"


def test_every_door_without_language_is_described_among_the_data_doors() -> None:
    doors = [str(one.pattern) for one in get_resolver("allmende.portal.doors").url_patterns]
    plain = {
        "/" + re.sub(r"\(\?P<(\w+)>[^)]*\)|<\w+:(\w+)>", r"{\1\2}", one).strip("^$").replace("\\", "") for one in doors
    }
    assert plain - set(openapi.described()["paths"]) == set(), "describe these in src/allmende/serve/openapi.yaml"


def test_others_find_the_description_sound() -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(openapi_views.described())


def test_the_two_descriptions_lead_to_each_other(city_with_data: City) -> None:
    portal = city_with_data.client.get("/openapi.json")
    doors = city_with_data.client.get("/api/openapi.json")
    assert portal.headers["content-type"] == doors.headers["content-type"]
    assert city_with_data.text(portal.json()["externalDocs"]["url"]) == doors.text
    assert city_with_data.text(doors.json()["externalDocs"]["url"]) == portal.text


def test_every_file_is_what_the_description_says(city_with_data: City) -> None:
    """Call each address that stands alone as it is, and the others with made-up words."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.specs.openapi import checks

    document: dict[str, Any] = city_with_data.client.get("/openapi.json").json()
    for path, item in document["paths"].items():
        if not item["parameters"]:
            answer = city_with_data.client.get(path)
            told = item["get"]["responses"]["200"]["content"]
            media = answer.headers["content-type"].split(";")[0]
            assert (
                answer.status_code == 404 if path in NOTHING else (answer.status_code, media in told) == (200, True)
            ), path
            if any(one["name"] == "stand" for one in item["get"]["parameters"]):
                before = city_with_data.client.get(path, params={"stand": "2000-01-01"})
                assert before.status_code in (200, 404), path
    few = settings(
        max_examples=2,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    asked = 0
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        asked += 1

        @given(case=operation.as_strategy())
        @few
        def called(case: Any) -> None:
            case.call_and_validate(
                base_url=city_with_data.address,
                checks=[
                    schemathesis.checks.not_a_server_error,
                    checks.status_code_conformance,
                    checks.content_type_conformance,
                ],
                allow_redirects=False,
            )

        called()
    assert asked == len(document["paths"]) > 100
