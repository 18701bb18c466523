"""A lake in a bucket of a real server: the same as in a folder, and never half of it when the wire is cut."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from allmende.gate.query import Arrival
from allmende.kernel.clock import micros_from_instant
from allmende.kernel.errors import Busy
from allmende.lake import form
from allmende.lake.place import Access, Bucket
from allmende.lake.reading import faults, open_lake
from allmende.region.duck import Duck
from allmende.region.lakes import open_cities
from allmende.region.questions import question
from tests.lake.s3 import Wire, access, found_server, serving
from tests.lake.shore import FIRST, HOUR, Shore, tree


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve a bucket."""
    if not found_server():
        if os.environ.get("CI"):
            pytest.fail("there is no server for S3, and in CI these tests must run: make s3-server")
        pytest.skip("no server for S3; install one with: make s3-server (or versitygw on the PATH)")
    with serving(tmp_path_factory.mktemp("s3") / "buckets") as number:
        yield number


def _files(place: Bucket, manifest: form.Manifest) -> dict[str, bytes]:
    names = [file.path for file in manifest.files]
    return {name: place.read(name) or b"" for name in (*names, form.MANIFEST, form.README)}


def test_a_bucket_holds_the_same_lake(shore: Shore, port: int, tmp_path: Path) -> None:
    place = Bucket("s3://region/a", access(port))
    shore.gate.seal()
    done = shore.write(place)
    shore.write(tmp_path / "lake")
    local = tree(tmp_path / "lake")
    assert {name: raw for name, raw in local.items() if name != form.CHECKPOINT} == _files(place, done.manifest)
    lake = open_lake(place)
    assert list(faults(lake, lambda _done, _total: None)) == []
    cities = open_cities(["a=s3://region/a", f"b={tmp_path / 'lake'}"], access(port), None)
    duck = Duck(cities)
    rows = duck.ask(question("climate-days")).to_pylist()
    duck.close()
    assert (
        [{**row, "city": ""} for row in rows if row["city"] == "a"]
        == [{**row, "city": ""} for row in rows if row["city"] == "b"]
        != []
    )


def test_a_cut_wire_leaves_the_old_lake_and_the_next_run_cleans_up(shore: Shore, port: int) -> None:
    straight = Bucket("s3://region/b", access(port))
    old = shore.write(straight).manifest
    first, stream = micros_from_instant(FIRST), shore.streams["Seezeichen"]
    late = [Arrival(datastream_id=stream, phenomenon_start=first + at, result=1) for at in (7, 120 * HOUR + 7)]
    shore.gate.append(shore.collect, late)
    wire = Wire(port, limit=9_000)
    through = Bucket("s3://region/b", access(wire.port))
    try:
        with pytest.raises(Busy, match="does not answer as it must") as caught:
            shore.write(through)
    finally:
        wire.close()
    assert wire.cut
    assert "\n" not in str(caught.value)
    lake = open_lake(straight)
    assert lake.manifest == old
    # What was written before the cut lies there, and is no part of the lake.
    strays = set(straight.sizes()) - {file.path for file in old.files}
    assert set(faults(lake, lambda _done, _total: None)) == {f"{path}: not in the manifest" for path in strays}
    assert strays
    done = shore.write(straight)
    assert done.manifest != old
    assert set(straight.sizes()) == {file.path for file in done.manifest.files}
    assert list(faults(open_lake(straight), lambda _done, _total: None)) == []


def test_wrong_keys_and_no_server_are_one_sentence(shore: Shore, port: int) -> None:
    right = access(port)
    wrong = Access(right.endpoint, right.region, right.access_key, "not-it")
    # s3rver lets every signature pass.
    refused = [wrong] if "versitygw" in found_server()[0] else []
    for keys in (*refused, Access("http://127.0.0.1:9", "us-east-1", "a", "b")):
        with pytest.raises(Busy, match="does not answer as it must") as caught:
            shore.write(Bucket("s3://region/c", keys))
        assert "not-it" not in str(caught.value) and "\n" not in str(caught.value)
