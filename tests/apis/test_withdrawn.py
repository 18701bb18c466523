"""A rule is withdrawn while somebody is reading: what was not read yet is not told any more."""

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from allmende.gate.query import Block
from tests.apis.conftest import BASE, COLLECT, RULES, START, Town, stocked

# More than the buffers between both ends hold.
MANY = 400_000
SHUT = msgspec.structs.replace(RULES, rules=tuple(rule for rule in RULES.rules if rule.slug != "weather-publish"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a town of its own, with a long series."""
    for made in stocked(tmp_path_factory.mktemp("withdrawn")):
        stream = made.add("Archiv", (9.17, 47.66), "weather")
        start = START + np.arange(MANY, dtype=np.int64) * 1_000_000
        made.gate.append(
            made.gate.grant(COLLECT),
            Block(datastream_id=stream, start=start, number=np.arange(MANY, dtype=np.float64) % 50),
        )
        yield made


@pytest.fixture(autouse=True)
def _opened(town: Town) -> Iterator[None]:
    town.gate.publish(RULES, "tests")
    yield


def _series(town: Town) -> str:
    return f"{BASE}/Datastreams({town.streams['Archiv']})/Observations"


@pytest.mark.parametrize("form", ["CSV", "GeoJSON"])
def test_an_export_breaks_off_and_is_never_taken_for_whole(town: Town, form: str) -> None:
    got = 0
    with (
        pytest.raises(httpx.RemoteProtocolError),
        town.client.stream("GET", _series(town), params={"$resultFormat": form}) as answer,
    ):
        assert answer.status_code == 200
        for piece in answer.iter_bytes(65_536):
            if not got:
                town.gate.publish(SHUT, "tests")
            got += piece.count(b"\n" if form == "CSV" else b'"type":"Feature"')
    assert 0 < got < MANY * 0.9


def test_the_next_page_is_refused_by_name(town: Town) -> None:
    first: dict[str, Any] = town.client.get(_series(town), params={"$top": "100"}).json()
    town.gate.publish(SHUT, "tests")
    following = town.client.get(first["@iot.nextLink"])
    assert (following.status_code, following.json()["code"]) == (403, "gate.refused")
    assert town.client.get(f"{BASE}/Datastreams").status_code == 403


def test_a_page_that_is_known_is_not_confirmed_any_more(town: Town) -> None:
    here = f"{_series(town)}?$top=10"
    tag = town.client.get(here).headers["etag"]
    assert town.client.get(here, headers={"If-None-Match": tag}).status_code == 304
    town.gate.publish(SHUT, "tests")
    assert town.client.get(here, headers={"If-None-Match": tag}).status_code == 403
