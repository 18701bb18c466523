"""The lake holds what its rules open, whole and in order, and follows each change of store and rules."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from allmende.ethics.model import Duties
from allmende.gate.door import Gate
from allmende.gate.query import Arrival, Correction, Order, Query, Within
from allmende.gate.query import Path as Field
from allmende.kernel.clock import micros_from_instant
from allmende.kernel.errors import AllmendeError, Conflict, Denied, Invalid
from allmende.lake.form import Manifest, read_manifest
from allmende.lake.place import Folder
from allmende.lake.reading import faults, open_lake
from tests.lake.shore import COLLECT, DELETE, FIRST, HOUR, OPEN, PUBLIC, RESEARCH, UNTIL, WORDS, Shore, tree, without


def _observations(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("observations/*/*/*.parquet"))
    rows: list[dict[str, Any]] = pa.concat_tables([pq.ParquetFile(file).read() for file in files]).to_pylist()
    return rows


def _stored(gate: Gate, stream: int) -> list[tuple[Any, ...]]:
    """Ask the store one by one, as the public may, for what began before the end of the lake."""
    query = Query(
        kind="Observations",
        within=Within("Datastreams", stream),
        order=(Order(Field(("phenomenonTime",))),),
        top=10_000,
    )
    found = [record.value for record in gate.page(gate.grant(PUBLIC), query).records]
    return [
        (one.phenomenon_start, one.phenomenon_end, one.result, one.quality)
        for one in found
        if one.phenomenon_start < micros_from_instant(UNTIL)
    ]


def _manifest(folder: Path) -> Manifest:
    return read_manifest((folder / "manifest.json").read_bytes(), "test")


def _micros(instant: Any) -> int | None:
    return None if instant is None else micros_from_instant(instant.replace(tzinfo=FIRST.tzinfo))


def test_the_lake_holds_what_the_public_sees(shore: Shore, tmp_path: Path) -> None:
    done = shore.write(tmp_path / "lake")
    rows = _observations(tmp_path / "lake")
    assert len(rows) == done.manifest.rows > 3_000
    levels = ("unchecked", "good", "suspect", "bad", "missing")
    for name in ("Seezeichen", "Brücke", "Sternwarte"):
        mine = [row for row in rows if row["stream"] == shore.streams[name]]
        told = [
            (
                _micros(row["time"]),
                _micros(row["time_end"]),
                row["value"] if row["text"] is None else json.loads(row["text"]),
                levels[row["quality"]],
            )
            for row in mine
        ]
        assert told == _stored(shore.gate, shore.streams[name])
        assert all(row["day"] == row["time"].date() for row in mine)
    assert [json.loads(row["text"]) for row in rows if row["text"]] == list(WORDS[:3])
    months = {(part.category, part.month) for part in done.manifest.observations}
    assert months == {
        *(("weather", month) for month in ("2024-08", "2024-09", "2024-10", "2024-11")),
        *(("sky", month) for month in ("2024-08", "2024-09")),
    }
    assert list(faults(open_lake(Folder(tmp_path / "lake")), lambda _done, _total: None)) == []


def test_what_is_closed_is_nowhere_and_the_terms_travel(shore: Shore, tmp_path: Path) -> None:
    shore.write(tmp_path / "lake")
    manifest, folder = _manifest(tmp_path / "lake"), tmp_path / "lake"
    streams = pq.read_table(folder / manifest.streams.path).to_pylist()
    assert [(row["name"], row["simulated"], row["licence"]) for row in streams] == [
        ("Wert Seezeichen", False, "CC-BY-4.0"),
        ("Wert Brücke", True, "CC-BY-4.0"),
        ("Wert Sternwarte", False, "CC-BY-4.0"),
    ]
    things = pq.read_table(folder / manifest.things.path).to_pylist()
    assert [(row["slug"], row["longitude"]) for row in things] == [
        *(("seezeichen", 9.2), ("brücke", 9.2)),
        ("sternwarte", 9.2),
    ]
    terms = json.loads((folder / manifest.rules.path).read_bytes())
    assert [one["category"]["slug"] for one in terms["opened"]] == ["sky", "weather"]
    assert terms["opened"][1]["rules"] == ["weather-publish"]
    assert (terms["rulebook"], terms["purpose"], terms["recipient"]) == (1, "open-data", "public")
    assert {rule["slug"] for rule in terms["rules"]} >= {"weather-publish", "weather-pass-on"}
    assert (manifest.licences, manifest.rulebook) == (("CC-BY-4.0",), 1)
    whole = b"".join(tree(folder).values())
    assert b"Keller" not in whole and b"kitchen" not in whole and b"keller" not in whole


def test_another_request_gets_another_lake(shore: Shore, tmp_path: Path) -> None:
    done = shore.write(tmp_path / "research", RESEARCH)
    assert {part.category for part in done.manifest.observations} == {"weather"}
    with pytest.raises(Conflict, match="for “research” to “university”"):
        shore.write(tmp_path / "research")
    with pytest.raises(Denied):
        shore.write(tmp_path / "none", msgspec.structs.replace(RESEARCH, recipient="public"))
    assert not (tmp_path / "none").exists()


def test_rebuilt_and_updated_lakes_are_the_same_bytes(shore: Shore, tmp_path: Path) -> None:
    shore.write(tmp_path / "grown")
    late = Arrival(datastream_id=shore.streams["Seezeichen"], phenomenon_start=micros_from_instant(FIRST) + 7, result=1)
    shore.gate.append(shore.collect, [late])
    done = shore.write(tmp_path / "grown")
    assert done.written + done.kept == 6 and done.kept >= 3
    shore.gate.seal()
    shore.write(tmp_path / "grown")
    shore.write(tmp_path / "new")
    grown = tree(tmp_path / "grown")
    stamps = ("manifest.json",)
    assert {k: v for k, v in grown.items() if k not in stamps} == {
        k: v for k, v in tree(tmp_path / "new").items() if k not in stamps
    }
    assert grown["manifest.json"] == tree(tmp_path / "new")["manifest.json"]
    again = shore.write(tmp_path / "grown", anew=True)
    assert (again.written, again.removed) == (6, 0)
    assert tree(tmp_path / "grown") == grown
    idle = shore.write(tmp_path / "grown")
    assert (idle.written, idle.kept, idle.removed) == (0, 6, 0)


def test_what_is_corrected_or_deleted_goes_from_the_lake(shore: Shore, tmp_path: Path) -> None:
    folder, stream = tmp_path / "lake", shore.streams["Seezeichen"]
    shore.gate.seal()
    shore.write(folder)
    before = {part.path for part in _manifest(folder).observations}
    query = Query(kind="Observations", within=Within("Datastreams", stream), top=1)
    (first,) = shore.gate.page(shore.gate.grant(PUBLIC), query).records
    shore.gate.correct(shore.gate.grant(COLLECT), first.id, Correction(result=-77.25))
    october = micros_from_instant(FIRST) + 40 * 24 * HOUR
    gone = shore.gate.remove(shore.gate.grant(DELETE), stream, october, october + 48 * HOUR)
    assert gone == 48
    done = shore.write(folder)
    after = {part.path for part in done.manifest.observations}
    assert len(before - after) == 2
    assert done.removed == 2
    assert {str(file.relative_to(folder)) for file in folder.glob("observations/*/*/*")} == after
    mine = [row for row in _observations(folder) if row["stream"] == stream]
    assert sum(row["value"] == -77.25 for row in mine) == 1
    assert [_micros(row["time"]) for row in mine] == [one[0] for one in _stored(shore.gate, stream)]


def test_what_the_rules_withdraw_is_gone_at_the_next_update(shore: Shore, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    shore.write(folder)
    shore.gate.publish(without("weather-publish"), actor="tests")
    done = shore.write(folder)
    assert {part.category for part in done.manifest.observations} == {"sky"}
    assert done.manifest.rulebook == 2
    assert b"Seezeichen" not in b"".join(tree(folder).values())
    shore.gate.publish(without("weather-publish", "sky-publish"), actor="tests")
    done = shore.write(folder)
    assert done.refusal is not None
    assert (done.manifest.rows, list(folder.glob("observations/*"))) == (0, [])
    assert b"Sternwarte" not in b"".join(tree(folder).values())


@pytest.mark.parametrize(
    "duties",
    [
        Duties(delay_seconds=3 * 86_400),
        Duties(time_grid_seconds=3_600, minimum_group=1),
        Duties(time_grid_seconds=7 * 86_400),
    ],
)
def test_what_the_rules_demand_is_done(shore: Shore, tmp_path: Path, duties: Duties) -> None:
    book = without("weather-publish")
    strict = msgspec.structs.replace(OPEN, duties=duties)
    shore.gate.publish(msgspec.structs.replace(book, rules=(*book.rules, strict)), actor="tests")
    stream, folder = shore.streams["Seezeichen"], tmp_path / "lake"
    shore.write(folder)
    last = micros_from_instant(UNTIL) - duties.delay_seconds * 1_000_000

    def told() -> list[tuple[Any, Any]]:
        return [(_micros(row["time"]), row["value"]) for row in _observations(folder) if row["stream"] == stream]

    assert told() == [(one[0], one[2]) for one in _stored(shore.gate, stream) if one[0] < last]
    november = micros_from_instant(UNTIL) - 84 * HOUR
    shore.gate.remove(shore.gate.grant(DELETE), stream, november, november + 8 * HOUR)
    shore.write(folder)
    assert told() == [(one[0], one[2]) for one in _stored(shore.gate, stream) if one[0] < last]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder, part: (folder / part).unlink(), "missing"),
        (lambda folder, part: (folder / part).write_bytes((folder / part).read_bytes()[:-9]), "bytes, not"),
        (lambda folder, _: _edit(folder, b'"version": 1', b'"version": 2'), "has format version 2"),
        (lambda folder, part: _edit(folder, part.encode(), b"observations/../../secret"), "is damaged"),
        (lambda folder, _: _edit(folder, b'"open-data"', b'"x\'); COPY lakes TO"'), "is damaged"),
        (lambda folder, _: (folder / "manifest.json").write_text("{"), "is damaged"),
        (lambda folder, _: (folder / "manifest.json").unlink(), "no lake"),
    ],
)
def test_a_bad_lake_is_refused(shore: Shore, tmp_path: Path, spoil: Any, words: str) -> None:
    shore.write(tmp_path / "lake")
    spoil(tmp_path / "lake", _manifest(tmp_path / "lake").observations[0].path)
    with pytest.raises(AllmendeError, match=words):
        open_lake(Folder(tmp_path / "lake"))


def _edit(folder: Path, old: bytes, new: bytes) -> None:
    raw = (folder / "manifest.json").read_bytes()
    assert old in raw
    (folder / "manifest.json").write_bytes(raw.replace(old, new))


def test_a_changed_byte_is_found_and_a_rebuild_mends_all(shore: Shore, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    shore.write(folder)
    sound = tree(folder)
    path = _manifest(folder).observations[1].path
    raw = bytearray(sound[path])
    raw[40] ^= 1
    (folder / path).write_bytes(raw)
    assert list(faults(open_lake(Folder(folder)), lambda _done, _total: None)) == [f"{path}: SHA-256"]
    (folder / "manifest.json").write_text("[]")
    (folder / "observations" / "stray.parquet").write_bytes(b"x")
    with pytest.raises(Invalid, match="is damaged"):
        shore.write(folder)
    shore.write(folder, anew=True)
    assert tree(folder) == sound


def test_what_fails_midway_leaves_the_old_lake(shore: Shore, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    shore.write(folder)
    old = _manifest(folder)
    first, stream = micros_from_instant(FIRST), shore.streams["Seezeichen"]
    late = [Arrival(datastream_id=stream, phenomenon_start=first + at, result=1) for at in (7, 120 * HOUR + 7)]
    shore.gate.append(shore.collect, late)
    # A file lies where a folder is to be made: the first months are written, this one cannot.
    blocked = folder / "observations/category=weather/month=2024-09"
    aside = tmp_path / "aside"
    blocked.rename(aside)
    blocked.write_text("in the way")
    with pytest.raises(AllmendeError, match="does not answer as it must"):
        shore.write(folder)
    blocked.unlink()
    aside.rename(blocked)
    assert _manifest(folder) == old
    assert open_lake(Folder(folder)).manifest == old
    assert len(list(folder.glob("observations/*/*/*"))) > len(old.observations)
    done = shore.write(folder)
    assert {str(file.relative_to(folder)) for file in folder.glob("observations/*/*/*")} == {
        part.path for part in done.manifest.observations
    }
