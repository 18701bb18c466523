"""Files that are put into a folder or sent: each taken once by its content, put away, errors named by line."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from allmende.gate.door import Gate
from allmende.gate.tokens import create_token
from allmende.kernel.errors import Invalid
from allmende.sources.create import create
from allmende.sources.definition import Connector, read_connector
from allmende.sources.health import health
from allmende.sources.inbox import inbox, take_all, waiting
from allmende.sources.parse import Reading
from allmende.sources.run import House, preview
from tests.apis.conftest import Town, stocked
from tests.sources.conftest import Make, stored

HEAD = "Zeit;Station;Temperatur\n"
GOOD = HEAD + "01.07.2024 12:00;Meine Station;21,5\n01.07.2024 13:00;Meine Station;0\n"
DOUBTFUL = HEAD + "27.10.2024 02:30;Meine Station;4\n31.03.2024 02:30;Meine Station;4\n01.07.2024 14:00;Anderswo;=1\n"


def _made(house: House, name: str = "files") -> Connector:
    return read_connector(create(house.home, name, "csv-folder"), own=True)


def _put(house: House, name: str, text: str, age: float = 60) -> Path:
    path = inbox(house, "files") / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - age,) * 2)
    return path


def _names(house: House, where: str) -> list[str]:
    return sorted(path.name.partition("-")[2] for path in (inbox(house, "files") / where).glob("*"))


def test_a_file_is_taken_once_by_its_content_and_put_away(gate: Gate, house: House) -> None:
    files = _made(house)
    _put(house, "a.csv", GOOD)
    _put(house, "b.csv", GOOD, 30)
    for name, age in ((".hidden.csv", 60.0), ("c.csv.part", 60.0), ("growing.csv", 0.0)):
        _put(house, name, GOOD + "x", age)
    (inbox(house, "files") / "link.csv").symlink_to("/etc/hostname")
    assert [path.name for path in waiting(house, "files")] == ["a.csv", "b.csv"]
    assert take_all(house, gate, files).taken == 2
    assert stored(gate) == [("2024-07-01T10:00:00Z", 21.5), ("2024-07-01T11:00:00Z", 0.0)]
    assert _names(house, "done") == ["a.csv", "b.csv.again"]
    assert take_all(house, gate, files).taken == 0
    (seen,) = health(house)
    assert (seen.kind, seen.word, seen.state.trouble) == ("folder", "late", None)


def test_a_broken_file_is_named_by_line_and_holds_no_other_up(gate: Gate, house: House) -> None:
    files = _made(house)
    _put(house, "a.csv", HEAD + "01.07.2024 12:00;Meine Station;warm\n", 90)
    _put(house, "b.csv", HEAD + "01.07.2024 12:00;Meine Station\n", 80)
    _put(house, "c.csv", "<!DOCTYPE html><html>Wartung</html>\n", 70)
    _put(house, "d.csv", GOOD, 60)
    with pytest.raises(Invalid, match=r"a\.csv, line 2"):
        take_all(house, gate, files)
    assert len(stored(gate)) == 2, "all of the good file, nothing of the broken ones"
    assert _names(house, "done") == ["d.csv"]
    assert _names(house, "failed") == sorted(f"{n}.csv{more}" for n in "abc" for more in ("", ".error.txt"))
    said = next((inbox(house, "files") / "failed").glob("*-b.csv.error.txt")).read_text(encoding="utf-8")
    assert "Zeile 2: 2 Felder statt 3" in said
    assert "line 2: 2 fields instead of 3" in said
    assert health(house)[0].word == "ill"
    _put(house, "a.csv", HEAD + "01.07.2024 15:00;Meine Station;20\n")
    assert take_all(house, gate, files).taken == 1
    assert health(house)[0].state.trouble is None


def test_what_is_refused_stands_beside_the_file_by_line(gate: Gate, house: House) -> None:
    files = _made(house)
    _put(house, "a.csv", DOUBTFUL.replace("Anderswo;=1", "=Anderswo;1"))
    outcome = take_all(house, gate, files)
    assert outcome.refused == {"doubled-time": 1, "skipped-time": 1, "unknown-station": 1}
    (beside,) = (inbox(house, "files") / "done").glob("*.refused.csv")
    lines = beside.read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].split(";")[1:5] == ["2", "Zeit", "27.10.2024 02:30", "doubled-time"]
    assert lines[3].split(";")[1:5] == ["4", "Station", "'=Anderswo", "unknown-station"]
    tried = preview(house, files, GOOD.encode())
    assert [one.result for one in tried if isinstance(one, Reading)] == [21.5, 0.0]


def test_a_file_that_cannot_be_put_away_is_not_read_again(gate: Gate, house: House) -> None:
    files = _made(house)
    path = _put(house, "a.csv", GOOD)
    (inbox(house, "files") / "done").write_text("no folder", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(Invalid, match="put away"):
            take_all(house, gate, files)
    assert path.exists()
    (seen,) = health(house)
    assert seen.state.next_run > time.time() + 60
    assert len(stored(gate)) == 2


def test_a_folder_by_a_recipe(gate: Gate, house: House, make: Make) -> None:
    files = make("files", "folder", format="json")
    inbox(house, "files").mkdir(parents=True)
    _put(house, "a.json", '[{"time": "2024-05-01T10:00:00Z", "temperature": 3}, {"time": "?", "temperature": 3}]')
    assert take_all(house, gate, files).refused == {"no-time": 1}
    assert stored(gate) == [("2024-05-01T10:00:00Z", 3.0)]
    assert _names(house, "done") == ["a.json", "a.json.refused.csv"]


def test_a_mapping_and_a_manifest_say_the_same_licence(house: House) -> None:
    folder = create(house.home, "files", "csv-folder")
    mapping = (folder / "mapping.yaml").read_text(encoding="utf-8")
    (folder / "mapping.yaml").write_text(mapping.replace("licence: CC-BY-4.0", "licence: CC0-1.0"), encoding="utf-8")
    with pytest.raises(Invalid, match="another licence"):
        read_connector(folder, own=True)
    (folder / "mapping.yaml").write_text(mapping.replace("unit: Cel", "unit: C"), encoding="utf-8")
    with pytest.raises(Invalid, match="UCUM"):
        read_connector(folder, own=True)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a city to which files can be sent."""
    home = tmp_path_factory.mktemp("city")
    for made in stocked(home):
        made.tokens["files"] = create_token(made.gate, name="files", scopes=("ingest:files",))
        create(home, "files", "csv-folder")
        yield made


def test_a_file_that_is_sent(city: Town) -> None:
    headers = {"Authorization": f"Bearer {city.tokens['files']}"}

    def send(text: str) -> tuple[int, dict[str, object]]:
        answer = city.client.post("/ingest/files", content=text.encode(), headers=headers)
        return answer.status_code, answer.json()

    assert send(GOOD) == (200, {"taken": 2, "repeated": 0, "refused": []})
    assert send(GOOD) == (200, {"taken": 0, "repeated": 0, "refused": []})
    status, told = send(DOUBTFUL.replace("=1", "1"))
    assert status == 200
    refused = told["refused"]
    assert isinstance(refused, list)
    assert [(one["what"], one["reason"]) for one in refused] == [
        ("2 Zeit", "doubled-time"),
        ("3 Zeit", "skipped-time"),
        ("4 Station", "unknown-station"),
    ]
    status, told = send(HEAD + "01.07.2024 12:00;Meine Station;warm\n")
    assert (status, told["code"]) == (422, "table.bad_number")
    assert city.client.post("/ingest/files", content=b"x").status_code == 401
