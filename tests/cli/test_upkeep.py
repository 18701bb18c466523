"""Sealing, checking and backing up over the command line: damage is named, and a backup is a city that works."""

import shutil
from pathlib import Path

from tests.cli.conftest import MEASURED, City, told
from tests.program import rows, run


def test_sealing_packs_all_and_the_doctor_finds_every_damage(measured: City) -> None:
    sealed = measured.run("seal", "--all")
    expected = (0, f"{MEASURED} observations of 1 datastreams packed.\n")
    assert (sealed.returncode, sealed.stdout) == expected, sealed.stderr
    assert measured.run("seal").stdout == "0 observations of 0 datastreams packed.\n"
    assert measured.sql("SELECT sum(count) FROM sealed") == [(MEASURED,)]
    assert measured.sql("SELECT count(*) FROM fresh") == [(0,)]
    well = measured.run("doctor", "store")
    assert well.returncode == 0, well.stdout
    assert f"{MEASURED} observations of" in well.stdout
    (one, body), (other, _) = measured.sql("SELECT id, body FROM sealed ORDER BY first")
    measured.sql("UPDATE sealed SET count = count + 1, until = until + 1 WHERE id = ?", one)
    measured.sql("UPDATE sealed SET maximum = maximum + 1 WHERE id = ?", other)
    measured.sql("UPDATE stream_state SET count = count + 1, latest = NULL WHERE count > 0")
    measured.sql("UPDATE stream_days SET total = total + 1 WHERE day = (SELECT min(day) FROM stream_days)")
    ill = measured.run("doctor", "store")
    assert ill.returncode == 1, ill.stdout
    for sentence in (
        *(f"sealed {one}: does not fit: until, count\n", f"sealed {other}: does not fit: maximum\n"),
        *("stream_state: does not fit: count\n", "stream_state: latest is out of date\n"),
        "stream_days: 1 days do not fit, first 2024-0",
    ):
        assert sentence in ill.stdout, ill.stdout + ill.stderr
    bad = bytearray(bytes(body))
    bad[-20] ^= 1
    measured.sql("UPDATE sealed SET body = ? WHERE id = ?", bytes(bad), one)
    ill = measured.run("doctor", "store")
    assert ill.returncode == 1
    assert f"sealed {one}: cannot be read" in ill.stdout
    assert "restore the last good backup" in ill.stdout


def test_a_backup_is_whole(measured: City, tmp_path: Path) -> None:
    done = measured.run("backup", str(tmp_path / "backups"))
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "backups").iterdir()
    assert str(made) in done.stdout
    if measured.url:
        assert (made / "allmende.dump").read_bytes()[:5] == b"PGDMP"
        return
    assert sorted(path.name for path in made.iterdir()) == ["backup.json", "city.sqlite3", "observations.sqlite3"]
    shutil.copytree(made, tmp_path / "restored")
    assert rows(tmp_path / "restored") == rows(measured.home)
    again = run(tmp_path / "restored", "doctor", "store")
    assert (again.returncode, f"{MEASURED} observations" in again.stdout) == (0, True), again.stdout


def test_a_backup_that_fails_leaves_nothing(city: Path, tmp_path: Path) -> None:
    (city / "city.sqlite3").write_bytes(b"no database " * 1000)
    done = run(city, "backup", str(tmp_path / "backups"))
    assert done.returncode == 7
    assert "city.sqlite3 could not be backed up" in told(done.stderr)
    assert list((tmp_path / "backups").iterdir()) == []
