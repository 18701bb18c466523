"""Sealing, checking and backing up over the command line: damage is named, and a backup is a city that works."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from tests.cli.conftest import PROBE, told
from tests.program import founded_copy, rows, run

HEADER = "name,time,temperature\n"


class Town:
    """A city with measured values, on either database."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url
        self.settings: dict[str, Any] = {"ALLMENDE_DATABASE_URL": url} if url else {}

    def run(self, *words: str) -> Any:
        """Run a command in this city."""
        return run(self.home, *words, **self.settings)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement past the program."""
        if self.url:
            with psycopg.connect(self.url, options="-c search_path=observations") as connection:
                cursor: Any = connection.execute(statement.replace("?", "%s").encode(), values)
                return cursor.fetchall() if cursor.description else []
        database = sqlite3.connect(self.home / "observations.sqlite3")
        found = database.execute(statement, values).fetchall()
        database.commit()
        database.close()
        return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def measured(request: pytest.FixtureRequest, tmp_path: Path) -> Town:
    """Give a city with 3,000 values of one datastream."""
    if request.param == "sqlite":
        town = Town(founded_copy(tmp_path), "")
    else:
        town = Town(tmp_path / "var", request.getfixturevalue("postgres_url"))
        engine = create_engine(town.url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA IF EXISTS observations CASCADE")
            connection.exec_driver_sql("DROP SCHEMA IF EXISTS city CASCADE")
        engine.dispose()
        done = town.run("init", "--pack", "konstanz")
        assert done.returncode == 0, done.stderr
    lines = [f"Döbele,2024-05-{1 + n // 1440:02} {n // 60 % 24:02}:{n % 60:02},{n % 300 / 10}\n" for n in range(3_000)]
    (tmp_path / "values.csv").write_text(HEADER + "".join(lines), encoding="utf-8")
    done = town.run("load", "observations", str(tmp_path / "values.csv"), "--mapping", str(PROBE))
    assert done.returncode == 0, done.stderr
    return town


def test_sealing_packs_all_and_the_doctor_finds_every_damage(measured: Town) -> None:
    sealed = measured.run("seal", "--all")
    assert (sealed.returncode, sealed.stdout) == (0, "3000 observations of 1 datastreams packed.\n"), sealed.stderr
    assert measured.run("seal").stdout == "0 observations of 0 datastreams packed.\n"
    assert measured.sql("SELECT sum(count) FROM sealed") == [(3_000,)]
    assert measured.sql("SELECT count(*) FROM fresh") == [(0,)]
    well = measured.run("doctor", "store")
    assert well.returncode == 0, well.stdout
    assert "3000 observations of" in well.stdout
    ((number, body),) = measured.sql("SELECT id, body FROM sealed ORDER BY first LIMIT 1")
    for change, back, sentence in (
        ("count = count + 1", "count = count - 1", f"sealed {number}: does not fit: count"),
        ("maximum = maximum + 1", "maximum = maximum - 1", f"sealed {number}: does not fit: maximum"),
    ):
        measured.sql(f"UPDATE sealed SET {change} WHERE id = ?", number)
        ill = measured.run("doctor", "store")
        assert (ill.returncode, sentence in ill.stdout) == (1, True), ill.stdout + ill.stderr
        measured.sql(f"UPDATE sealed SET {back} WHERE id = ?", number)
    measured.sql("UPDATE stream_state SET count = count + 1, latest = NULL WHERE count > 0")
    measured.sql("UPDATE stream_days SET total = total + 1 WHERE day = (SELECT min(day) FROM stream_days)")
    ill = measured.run("doctor", "store").stdout
    assert "stream_state: does not fit: count" in ill
    assert "stream_state: latest is out of date" in ill
    assert "stream_days: 1 days do not fit, first 2024-0" in ill
    bad = bytearray(bytes(body))
    bad[-20] ^= 1
    measured.sql("UPDATE sealed SET body = ? WHERE id = ?", bytes(bad), number)
    ill = measured.run("doctor", "store")
    assert ill.returncode == 1
    assert f"sealed {number}: cannot be read" in ill.stdout
    assert "restore the last good backup" in ill.stdout


def test_a_backup_is_whole(measured: Town, tmp_path: Path) -> None:
    done = measured.run("backup", str(tmp_path / "backups"))
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "backups").iterdir()
    assert str(made) in done.stdout
    if measured.url:
        assert (made / "allmende.dump").read_bytes()[:5] == b"PGDMP"
        return
    assert sorted(path.name for path in made.iterdir()) == ["city.sqlite3", "observations.sqlite3"]
    shutil.copytree(made, tmp_path / "restored")
    assert rows(tmp_path / "restored") == rows(measured.home)
    again = run(tmp_path / "restored", "doctor", "store")
    assert (again.returncode, "3000 observations" in again.stdout) == (0, True), again.stdout


def test_a_backup_that_fails_leaves_nothing(city: Path, tmp_path: Path) -> None:
    (city / "city.sqlite3").write_bytes(b"no database " * 1000)
    done = run(city, "backup", str(tmp_path / "backups"))
    assert done.returncode == 7
    assert "city.sqlite3 could not be backed up" in told(done.stderr)
    assert list((tmp_path / "backups").iterdir()) == []
