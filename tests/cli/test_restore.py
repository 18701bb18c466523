"""Restoring over the command line: what was backed up is there again, and what was there before is not lost."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import MEASURED, PROBE, City, told

LOST = "Observations and entries since the backup are missing."


def state(city: City) -> tuple[Any, ...]:
    """Give what tells one state of a city from another: all bytes of its observations, its projects, its rules."""
    bodies = [
        [(row[0], bytes(row[1])) for row in city.sql(f"SELECT id, body FROM {table} ORDER BY id")]
        for table in ("sealed", "fresh")
    ]
    return bodies, city.portal("SELECT slug FROM programme_project ORDER BY slug"), city.sql("SELECT * FROM rulebooks")


def backed_up(city: City, folder: Path) -> Path:
    """Back up; give the folder of the backup."""
    done = city.run("backup", str(folder))
    assert done.returncode == 0, done.stderr
    (made,) = folder.iterdir()
    return made


def add(city: City, tmp_path: Path) -> None:
    """Load one more value."""
    (tmp_path / "more.csv").write_text("name,time,temperature\nDöbele,2024-06-01 07:00,12.5\n", encoding="utf-8")
    done = city.run("load", "observations", str(tmp_path / "more.csv"), "--mapping", str(PROBE))
    assert done.returncode == 0, done.stderr


@contextmanager
def opened(city: City) -> Iterator[None]:
    """Have the city's database open, as a running process has."""
    if city.url:
        with psycopg.connect(city.url):
            yield
        return
    with closing(sqlite3.connect(city.home / "city.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("SELECT count(*) FROM programme_project")
        yield


def test_the_state_of_the_backup_is_there_again_and_the_former_one_is_kept(measured: City, tmp_path: Path) -> None:
    before = state(measured)
    made = str(backed_up(measured, tmp_path / "backups"))
    add(measured, tmp_path)
    since = state(measured)
    assert since != before

    refused = measured.run("restore", made, "--yes")
    assert (refused.returncode, "holds data already" in told(refused.stderr)) == (5, True), refused.stderr
    unsure = measured.run("restore", made, "--replace")
    assert unsure.returncode == 130, unsure.stderr
    assert LOST in unsure.stderr
    with opened(measured):
        busy = measured.run("restore", made, "--replace", "--yes")
    assert (busy.returncode, "is in use" in told(busy.stderr)) == (5, True), busy.stderr
    assert state(measured) == since

    done = measured.run("restore", made, "--replace", "--yes")
    assert done.returncode == 0, done.stderr
    assert LOST in done.stderr
    assert state(measured) == before
    assert "the portal's database: fits" in measured.run("doctor").stdout
    well = measured.run("doctor", "store")
    assert (well.returncode, f"{MEASURED} observations" in well.stdout) == (0, True), well.stdout
    assert state(measured.aside()) == since
    assert all(name in done.stdout for name in measured.aside_names())


def test_a_backup_founds_a_city_elsewhere(measured: City, elsewhere: City, tmp_path: Path) -> None:
    made = backed_up(measured, tmp_path / "backups")
    done = elsewhere.run("restore", str(made), "--yes")
    assert done.returncode == 0, done.stderr
    assert "The former state" not in done.stdout
    assert state(elsewhere) == state(measured)
    add(elsewhere, tmp_path)
    assert state(elsewhere) != state(measured)


def test_a_backup_that_is_not_sound_is_refused_untouched(measured_copy: City, tmp_path: Path) -> None:
    before = state(measured_copy)
    made = backed_up(measured_copy, tmp_path / "backups")
    manifest = json.loads((made / "backup.json").read_text())
    sound = (made / "city.sqlite3").read_bytes()
    middle = len(sound) // 2

    def refusal(**other: Any) -> tuple[int, str]:
        (made / "backup.json").write_text(json.dumps({**manifest, **other}))
        done = measured_copy.run("restore", str(made), "--replace", "--yes")
        return done.returncode, told(done.stderr)

    (made / "city.sqlite3").write_bytes(sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :])
    assert refusal()[0] == 7
    assert "city.sqlite3 is no longer what was backed up (SHA-256)" in refusal()[1]
    (made / "city.sqlite3").unlink()
    assert "city.sqlite3 is no longer what was backed up (No such file" in refusal()[1]
    (made / "city.sqlite3").write_bytes(sound)
    assert "has version 999, this program knows only" in refusal(store=999)[1]
    assert "comes from a newer version (programme.9999_later)" in refusal(portal=["programme.9999_later"])[1]
    assert (
        "The backup holds allmende.dump, this installation needs"
        in refusal(files={"allmende.dump": {"bytes": 1, "sha256": ""}})[1]
    )
    assert "is no backup: backup.json: " in refusal(store="new")[1]
    assert state(measured_copy) == before


@pytest.mark.xdist_group("postgres")
def test_what_postgresql_lacks_or_refuses_is_told(measured_in_postgres: City, tmp_path: Path) -> None:
    city = measured_in_postgres
    before = state(city)
    missing = city.run("backup", str(tmp_path / "backups"), PATH="/nowhere")
    assert (missing.returncode, "pg_dump is missing" in told(missing.stderr)) == (7, True)
    assert "pg_dump --format=custom --file=allmende.dump allmende_" in missing.stderr
    made = backed_up(city, tmp_path / "backups")
    missing = city.run("restore", str(made), "--replace", "--yes", PATH="/nowhere")
    assert (missing.returncode, "pg_restore is missing" in told(missing.stderr)) == (7, True)

    dump = (made / "allmende.dump").read_bytes()
    cut = dump[: len(dump) * 9 // 10]
    (made / "allmende.dump").write_bytes(cut)
    manifest = json.loads((made / "backup.json").read_text())
    manifest["files"]["allmende.dump"] = {"bytes": len(cut), "sha256": sha256(cut).hexdigest()}
    (made / "backup.json").write_text(json.dumps(manifest))
    failed = city.run("restore", str(made), "--replace", "--yes")
    assert failed.returncode == 7, failed.stderr
    assert "pg_restore has failed: " in failed.stderr
    assert state(city) == before
    assert city.aside_names() == []
