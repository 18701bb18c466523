"""A source of a city by the command line alone: made, tried, run, seen, read again; and by the work process."""

import json
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from tests.cli.conftest import told
from tests.program import PROGRAM, environment, run
from tests.sources.conftest import Remote, Reply

ROWS = [
    {"timestamp": "2024-03-31T01:45:00+01:00", "value": -3.0},
    {"timestamp": "2024-03-31T03:00:00+02:00", "value": 0},
    {"timestamp": "2024-03-31T03:15:00+02:00", "value": None},
]
PATH = "/webservices/rest-api/v2/stations/aa9179c1-17ef-4c61-a48a-74193fa7bfdf/W/measurements.json"


def _made(city: Path, remote: Remote) -> None:
    done = run(city, "new", "connector", "level", "--like", "pegelonline")
    assert done.returncode == 0, done.stderr
    recipe = city / "connectors" / "level" / "source.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("https://www.pegelonline.wsv.de", remote.url), encoding="utf-8")


def _attributions(city: Path, dataset: str = "pegel") -> list[tuple[str]]:
    """Give the attribution of a source's dataset in the catalogue."""
    database = sqlite3.connect(city / "city.sqlite3")
    found = database.execute("SELECT attribution FROM catalog_dataset WHERE slug = ?", (dataset,)).fetchall()
    database.close()
    return found


def test_a_source_from_the_first_try_to_replay(city: Path, remote: Remote, tmp_path: Path) -> None:
    _made(city, remote)
    (tmp_path / "reply.json").write_text(json.dumps(ROWS), encoding="utf-8")
    tried = run(city, "connector", "try", "level", "--from", str(tmp_path / "reply.json"))
    assert "2024-03-31T01:00:00Z  pegel-konstanz           water-level              0 cm" in tried.stdout, tried.stderr
    assert "2 values would be stored, 1 refused." in tried.stdout
    remote.says(PATH, ROWS, Reply(b"<html>Wartung</html>"))
    assert (
        "2 values taken, 0 were there already"
        in run(city, "connector", "run", "level", ALLMENDE_SOURCE_HOSTS="127.0.0.1").stdout
    )
    assert "HTML page" in told(run(city, "connector", "run", "level", ALLMENDE_SOURCE_HOSTS="127.0.0.1").stderr)
    seen = run(city, "connector", "list").stdout
    assert "needs somebody" in seen
    assert "2024-03-31T01:00:00Z" in seen
    replayed = run(city, "connector", "replay", "level")
    assert "0 values taken, " in replayed.stdout
    assert "1 replies cannot be read." in replayed.stdout


def test_the_work_process_reads_what_is_due_and_the_catalogue_knows_it(city: Path, remote: Remote) -> None:
    _made(city, remote)
    remote.says(PATH, Reply(b"", 500), ROWS)
    assert run(city, "new", "connector", "files", "--like", "csv-folder").returncode == 0
    waits = city / "inbox" / "files" / "values.csv"
    waits.write_text("Zeit;Station;Temperatur\n01.07.2024 12:00;Meine Station;0\n", encoding="utf-8")
    words = environment(city, ALLMENDE_SOURCE_HOSTS="127.0.0.1")
    work = subprocess.Popen([*PROGRAM, "work"], env=words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = city / "sources" / "level" / "state.json"
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (state.exists() and json.loads(state.read_bytes())["failures"]):
            time.sleep(0.2)
        seen = json.loads(state.read_bytes())
        assert (seen["failures"], seen["trouble"]["transient"]) == (1, True)
        assert 10 < seen["next_run"] - time.time() < 200, (
            "a retry before the next turn of the schedule, and not at once"
        )
        seen["next_run"] = 0
        state.write_text(json.dumps(seen), encoding="utf-8")
        while time.monotonic() < until and not (json.loads(state.read_bytes())["taken"] and _attributions(city)):
            time.sleep(0.2)
        assert json.loads(state.read_bytes())["trouble"] is None
        while time.monotonic() < until and not (waits.exists() is False and _attributions(city, "my-files")):
            time.sleep(0.2)
        assert len(list((waits.parent / "done").glob("*-values.csv"))) == 1, "what lay in the folder was put away"
        assert json.loads((city / "sources" / "files" / "state.json").read_bytes())["taken"] == 1
        assert _attributions(city) == [("Wasserstraßen- und Schifffahrtsverwaltung des Bundes, PEGELONLINE",)]
    finally:
        work.send_signal(signal.SIGTERM)
        assert work.wait(30) == 0
    assert list((city / "sources" / "level" / "raw").iterdir())
