"""Tables go through the gate once, whole or not at all, and nothing is lost when the loader is killed."""

import csv
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from allmende.connectors.table.load import load, load_files
from allmende.connectors.table.mapping import Mapping
from allmende.connectors.table.reading import read_mapping
from allmende.connectors.table.report import write_refusals
from allmende.gate.door import PUBLIC, Ask, Gate, Grant, migrate_store, open_gate
from allmende.gate.query import Datastream, Location, Observation, Query, Thing
from allmende.kernel.errors import Denied, Invalid, Malformed, NotFound
from tests.weather_rules import WEATHER_RULES

BASE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "probe.yaml").read_text(encoding="utf-8"))
WEATHER_2024 = Path("src/allmende/packs/konstanz/mappings/weather-2024.yaml")
HEADER = ",name,date,hour,temperature,rain\n"
MakeMapping = Callable[..., Mapping]
PUBLISHED = Ask(PUBLIC, "publish", "open-data", "public")


def _table(folder: Path, *lines: str, name: str = "probe.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _everything(gate: Gate) -> list[tuple[int, int, Any]]:
    grant = gate.grant(PUBLISHED)
    found: list[tuple[int, int, Any]] = []
    after = None
    while True:
        page = gate.page(grant, Query(kind="Observations", top=1_000, after=after))
        for record in page.records:
            assert isinstance(record.value, Observation)
            found.append((record.value.datastream_id, record.value.phenomenon_start, record.value.result))
        after = page.next_after
        if after is None:
            return sorted(found)


def _count(gate: Gate) -> int:
    return sum(summary.count for summary in gate.summary(gate.grant(PUBLISHED), None).values())


def _stream(gate: Gate, slug: str) -> int:
    found = gate.find("Datastreams", slug)
    assert found is not None, slug
    return found


LINES = (
    "0,Döbele,2024-05-01,7,12.5,1",
    "1,Döbele,2024-05-01,8,0,2.5",
    "2,Hörnle,2024-05-01,7,-999,",
    "3,Mars,2024-05-01,7,1,",
)


def test_values_entities_and_report(gate: Gate, make_mapping: MakeMapping, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = _table(tmp_path, *LINES)
    report = load(gate, [path], make_mapping(), progress=lambda done, total: told.append((done, total)))
    assert (report.taken, report.repeated, report.absent) == (3, 0, 1)
    assert report.refused == {"counter-first": 1, "sentinel": 1, "unknown-station": 1}
    assert [(item.line, item.reason) for item in report.refusals][-1] == (5, "unknown-station")
    assert told[-1] == (2 * path.stat().st_size, 2 * path.stat().st_size)
    assert gate.find("Things", "hoernle") is None
    grant = gate.grant(PUBLISHED)
    (thing,) = gate.page(grant, Query(kind="Things")).records
    assert isinstance(thing.value, Thing) and thing.value.properties["slug"] == "doebele"
    (location,) = gate.page(grant, Query(kind="Locations")).records
    assert isinstance(location.value, Location)
    assert location.value.location["coordinates"] == [9.16889836, 47.65823856]
    stream = (
        gate.page(grant, Query(kind="Datastreams", id=_stream(gate, "probe-doebele-precipitation"))).records[0].value
    )
    assert isinstance(stream, Datastream)
    assert (stream.unit, stream.simulated, stream.properties["interval_seconds"]) == ("mm", False, 3600)
    assert [value for _, _, value in _everything(gate)] == [12.5, 0.0, 1.5]


def test_a_second_run_adds_nothing(gate: Gate, make_mapping: MakeMapping, tmp_path: Path) -> None:
    path = _table(tmp_path, *LINES)
    load(gate, [path], make_mapping())
    before = _everything(gate)
    report = load(gate, [path], make_mapping())
    assert (report.taken, report.repeated) == (0, 3)
    assert _everything(gate) == before


def test_a_broken_second_file_changes_nothing(gate: Gate, make_mapping: MakeMapping, tmp_path: Path) -> None:
    good = _table(tmp_path, *LINES)
    bad = _table(tmp_path, "0,Döbele,2024-05-01,7,12.5,1", "1,Döbele,1 May,8,0,2.5", name="bad.csv")
    with pytest.raises(Invalid, match=r"bad.csv, line 3: “1 May 8”"):
        load(gate, [good, bad], make_mapping())
    assert _count(gate) == 0
    assert gate.find("Things", "doebele") is None


def test_a_station_of_the_store_is_known_without_the_mapping(
    gate: Gate, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    path = _table(tmp_path, *LINES[:2])
    load(gate, [path], make_mapping())
    report = load(gate, [path], make_mapping(things=[], id="other", dataset="other"))
    assert (report.taken, report.refused.total()) == (3, 1)


def test_packed_missing_and_oversized_files_are_refused_with_a_sentence(
    gate: Gate, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.csv"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 10_000_000)
    with pytest.raises(Malformed, match="is packed"):
        load(gate, [bomb], make_mapping())
    with pytest.raises(NotFound, match="cannot be read"):
        load(gate, [tmp_path / "none.csv"], make_mapping())
    with pytest.raises(NotFound, match="folders do not load"):
        load(gate, [tmp_path], make_mapping())
    with pytest.raises(Invalid, match="bigger than 100 bytes"):
        load(gate, [_table(tmp_path, *LINES)], make_mapping(form={"file_bytes": 100}))
    wide = tmp_path / "wide.csv"
    wide.write_bytes(b"a," * 10_000_000)
    with pytest.raises(Malformed, match="longer than 1 MB"):
        load(gate, [wide], make_mapping())
    assert _count(gate) == 0


def test_an_undeclared_purpose_is_denied(gate: Gate, make_mapping: MakeMapping, tmp_path: Path) -> None:
    with pytest.raises(Denied):
        load(gate, [_table(tmp_path, *LINES)], make_mapping(purpose="curiosity"))


def test_refusals_are_written_as_csv(gate: Gate, make_mapping: MakeMapping, tmp_path: Path) -> None:
    report = load(gate, [_table(tmp_path, *LINES, "4,=1+1,2024-05-01,7,1,")], make_mapping())
    write_refusals(report, tmp_path / "refused.csv")
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert [(row["zeile"], row["spalte"], row["wert"], row["kennung"]) for row in rows] == [
        ("2", "rain", "1", "counter-first"),
        ("4", "temperature", "-999", "sentinel"),
        ("5", "name", "Mars", "unknown-station"),
        ("6", "name", "'=1+1", "unknown-station"),
    ]
    assert rows[2]["grund"].startswith("Diese Station kennt niemand")


KILLED = """
import os, signal, sys
from pathlib import Path
import allmende.connectors.table.load as loader
from allmende.gate.door import open_gate
loader.BATCH, loader.STEP_BYTES = 50, 1
path = Path(sys.argv[2])
def watch(done, total):
    if done > total * 0.75:
        os.kill(os.getpid(), signal.SIGKILL)
loader.load_files(open_gate(sys.argv[1]), [path], Path(sys.argv[3]), progress=watch)
"""


def test_a_killed_load_run_again_equals_one_run(gate: Gate, mapping_file: Callable[..., Path], tmp_path: Path) -> None:
    lines = [f"{hour},Döbele,2024-05-{1 + hour // 24:02},{hour % 24},{hour / 10},{hour % 100}" for hour in range(400)]
    path, mapping = _table(tmp_path, *lines), mapping_file()
    store = str(tmp_path / "killed.sqlite3")
    migrate_store(store)
    again = open_gate(store)
    again.publish(WEATHER_RULES, actor="test")
    killed = subprocess.run([sys.executable, "-c", KILLED, store, str(path), str(mapping)], check=False)
    assert killed.returncode == -signal.SIGKILL
    half = _count(again)
    assert 0 < half < 796
    report = load_files(again, [path], mapping)
    assert (report.taken, report.repeated) == (796 - half, half)
    load_files(gate, [path], mapping)
    assert _everything(again) == _everything(gate)
    again.close()


def test_a_value_that_differs_from_the_stored_one_is_refused_and_the_rest_is_taken(
    gate: Gate, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    path = _table(tmp_path, *(f"{hour},Döbele,2024-05-01,{hour},{hour},{hour}" for hour in range(20)))
    load(gate, [path], make_mapping())
    before = _everything(gate)
    lines = [f"{hour},Döbele,2024-05-01,{hour},{hour + (hour in (3, 4))},{hour}" for hour in range(24)]
    report = load(gate, [_table(tmp_path, *lines)], make_mapping())
    assert [(item.line, item.column, item.value, item.reason) for item in report.refusals if item.line > 2] == [
        (5, "temperature", "4", "differs"),
        (6, "temperature", "5", "differs"),
    ]
    assert (report.taken, report.repeated) == (8, 18 + 19)
    assert set(before) < set(_everything(gate))


@pytest.mark.samples
class TestRealFiles:
    def test_the_weather_of_summer_2024(self, gate: Gate, samples: Path) -> None:
        files = sorted((samples / "konstanz-weather").glob("ws_compl_summer.*.csv"))
        report = load_files(gate, files, WEATHER_2024)
        assert sum(file.rows for file in report.files) == 41_184
        assert report.refused == {"counter-first": 11, "counter-restart": 263}
        assert report.taken == 335_753 == _count(gate)
        assert report.absent == 75_813
        grant: Grant = gate.grant(PUBLISHED)
        assert gate.page(grant, Query(kind="Things", count=True)).count == 11
        assert gate.page(grant, Query(kind="Datastreams", count=True)).count == 11 * 8 + 2
        again = load_files(gate, files, WEATHER_2024)
        assert (again.taken, again.repeated) == (0, 335_753)

    def test_rain_is_the_sum_of_rises(self, gate: Gate, samples: Path) -> None:
        import pandas as pd  # type: ignore[import-untyped]

        path = samples / "konstanz-weather" / "ws_compl_summer.Doebele.csv"
        load_files(gate, [path], WEATHER_2024)
        rises = pd.read_csv(path)["precipitation"].dropna().diff()
        series = gate.series(
            gate.grant(PUBLISHED), _stream(gate, "weather-2024-doebele-precipitation"), 0, 2_000_000_000_000_000
        )
        assert float(series.values.sum()) == pytest.approx(float(rises[rises > 0].sum()), abs=1e-6)
        assert len(series.values) == int((rises >= 0).sum())

    def test_the_shipped_mapping_names_every_column(self, samples: Path) -> None:
        mapping = read_mapping(WEATHER_2024)
        header = (samples / "konstanz-weather" / "ws_compl_summer.Hoernle.csv").open(encoding="utf-8").readline()
        named = {*mapping.columns(), *(ignored.column for ignored in mapping.ignored)}
        assert set(header.strip().split(",")) == named
