"""The description of all doors: sound, complete, and true when it is called."""

import re
from typing import Any

import pytest
from starlette.routing import Route

from allmende.gate.door import migrate_store, open_gate
from allmende.serve import data as process
from allmende.serve.data import create_app
from allmende.serve.settings import Settings
from tests.apis.conftest import Town
from tests.apis.test_ogc import shore

__all__ = ["shore"]
PORTAL = {"/api/federation/{file}", "/catalog", "/catalog.{ending}", "/catalog/{kind}/{slug}", "/openapi.json"}
ELSEWHERE = "/{path}"


def _document(shore: Town) -> dict[str, Any]:
    answer = shore.client.get("/api/openapi.json")
    assert (answer.status_code, answer.headers["content-type"][:35]) == (200, "application/vnd.oai.openapi+json;ve")
    found: dict[str, Any] = answer.json()
    return found


def test_each_route_of_the_data_process_is_described(
    shore: Town, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def noted(**given: Any) -> _Nothing:
        made.append(given["routes"])
        return _Nothing()

    monkeypatch.setattr(process, "Starlette", noted)
    home = tmp_path_factory.mktemp("openapi")
    migrate_store(str(home / "observations.sqlite3"))
    gate = open_gate(str(home / "observations.sqlite3"))
    create_app(Settings(home=home), gate)
    gate.close()
    routes = {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in made[0]
        if isinstance(route, Route)
        for method in route.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    paths = _document(shore)["paths"]
    told = {(path, method) for path, item in paths.items() for method in item if method != "parameters"}
    assert {each for each in routes if each[0] != ELSEWHERE} - told == set()
    assert {path for path, _ in told - routes} == {*PORTAL, "/ledger/witness/add-checkpoint"}


class _Nothing:
    def add_middleware(self, *_: Any, **__: Any) -> None:
        """Take what is put around."""


def test_others_find_the_description_sound(shore: Town) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(_document(shore))


def test_no_question_of_a_stranger_breaks_a_door(shore: Town) -> None:
    """Ask every door with made-up words, and without a token; each answer is one that the description names."""
    pytest.importorskip("schemathesis")
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.specs.openapi import checks

    document = _document(shore)
    for path in PORTAL | {"/metrics"}:
        del document["paths"][path]
    schema = schemathesis.openapi.from_dict(document)
    few = settings(
        max_examples=4,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        asked += 1

        @given(case=operation.as_strategy())
        @few
        def called(case: Any) -> None:
            case.call_and_validate(
                base_url=str(shore.client.base_url),
                checks=[
                    schemathesis.checks.not_a_server_error,
                    checks.status_code_conformance,
                    checks.content_type_conformance,
                ],
            )

        called()
    methods = sum(method != "parameters" for item in document["paths"].values() for method in item)
    assert asked == methods > 25
