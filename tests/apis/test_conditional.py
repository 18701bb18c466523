"""Entity tags, conditional and HEAD requests, compression, and what may be kept by caches."""

import gzip
from typing import Any

import httpx
import pytest

from allmende.apis.sensorthings.conditional import PreconditionFailed, require_match, tag_of
from tests.apis.conftest import BASE, Town


def _get(town: Town, path: str, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return town.client.get(f"{BASE}/{path}", headers={"Accept-Encoding": "identity", **sent})


def _names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


def test_who_has_the_answer_already_is_told_so(town: Town) -> None:
    thing = f"Things({town.things['Döbele']})"
    first = _get(town, thing)
    tag = first.headers["etag"]
    again = _get(town, thing, If_None_Match=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert _get(town, thing, If_None_Match=f'"other", W/{tag}').status_code == 304
    assert _get(town, thing, If_None_Match="*").status_code == 304
    changed = _get(town, thing, If_None_Match='"other"')
    assert (changed.status_code, changed.content) == (200, first.content)


def test_a_tag_stands_for_one_answer(town: Town) -> None:
    tags = {
        _get(town, path).headers["etag"]
        for path in (
            f"Things({town.things['Döbele']})",
            f"Things({town.things['Döbele']})?$select=name",
            f"Things({town.things['Stephansplatz']})",
            "Things",
        )
    }
    assert len(tags) == 4


def test_a_compressed_answer_has_a_tag_of_its_own_that_works_too(town: Town) -> None:
    plain = _get(town, "Datastreams")
    packed = town.client.get(f"{BASE}/Datastreams", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert _get(town, "Datastreams", If_None_Match=packed.headers["etag"]).status_code == 304
    for name in ("accept", "accept-encoding", "authorization"):
        assert name in packed.headers["vary"].lower()


def test_parquet_is_not_compressed_twice_and_csv_is_compressed(town: Town) -> None:
    path = f"{BASE}/Datastreams({town.streams['Stephansplatz']})/Observations"
    parquet = town.client.get(path, params={"$resultFormat": "Parquet"}, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in parquet.headers
    with town.client.stream("GET", path, params={"$resultFormat": "CSV"}, headers={"Accept-Encoding": "gzip"}) as table:
        assert gzip.decompress(b"".join(table.iter_raw())).startswith(b"id,Datastream/id")


@pytest.mark.parametrize("options", [{}, {"$resultFormat": "CSV"}, {"$resultFormat": "Arrow"}])
def test_head_gives_the_head_alone(town: Town, options: dict[str, str]) -> None:
    asked: dict[str, Any] = {"params": options, "headers": {"Accept-Encoding": "identity"}}
    head = town.client.head(f"{BASE}/Observations", **asked)
    full = town.client.get(f"{BASE}/Observations", **asked)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "etag", "cache-control"):
        assert head.headers.get(name) == full.headers.get(name), name
    assert _names(head.headers["vary"]) >= _names(full.headers["vary"])


def test_what_was_opened_to_one_is_kept_from_another(town: Town) -> None:
    headers = {"Authorization": f"Bearer {town.tokens['writer']}"}
    own = town.client.get(f"{BASE}/Things", headers=headers)
    assert own.headers["cache-control"] == "private, no-cache"
    everyone = town.client.get(f"{BASE}/Things")
    assert everyone.headers["cache-control"] == "public, no-cache"
    assert "authorization" in everyone.headers["vary"].lower()
    refused = town.client.get(f"{BASE}/Thingies")
    assert refused.headers["cache-control"] == "no-store"


def test_a_tag_of_a_larger_grant_opens_nothing(town: Town) -> None:
    kitchen = f"Things({town.things['Küche']})"
    assert _get(town, kitchen, If_None_Match="*").status_code == 404


def test_a_write_may_name_the_state_that_it_knows() -> None:
    tag = tag_of(b"state")
    for good in ("", "*", tag, f'"other", {tag}', tag[:-1] + '-gzip"'):
        require_match(good, tag)
    for bad in ('"other"', f"W/{tag}"):
        with pytest.raises(PreconditionFailed):
            require_match(bad, tag)
