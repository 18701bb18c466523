"""The lake by command: written, told, checked, asked, and refused with a reason."""

import csv
import io
import shutil
from pathlib import Path

from tests.cli.conftest import MEASURED, City, told


def test_a_city_writes_its_lake_and_asks_it(measured_copy: City, tmp_path: Path) -> None:
    city, folder = measured_copy, measured_copy.home / "lake"
    written = city.run("lake", "update")
    assert written.returncode == 0, written.stderr
    assert f"{MEASURED} observations in 1 files; 1 written" in written.stdout
    status = city.run("lake", "status").stdout
    assert "Lake of konstanz" in status and "weather" in status and "2024-05 – 2024-05" in status
    means = city.run("region", "daily-means", str(folder))
    rows = list(csv.DictReader(io.StringIO(means.stdout)))
    values = [n % 300 / 10 for n in range(MEASURED)]
    days = [values[:1440], values[1440:2880], values[2880:]]
    assert [row["day"] for row in rows] == ["2024-05-01", "2024-05-02", "2024-05-03"]
    assert [(round(float(row["mean"]), 9), int(row["amount"])) for row in rows] == [
        (round(sum(day) / len(day), 9), len(day)) for day in days
    ]
    out = tmp_path / "answer.parquet"
    text = "SELECT city, count(*) AS n FROM lakes JOIN observations USING (lake) GROUP BY city"
    assert city.run("region", "sql", text, f"a={folder}", f"b={folder}", "--out", str(out)).returncode == 0
    assert out.stat().st_size > 100
    _refusals(city, folder, tmp_path)


def _refusals(city: City, folder: Path, tmp_path: Path) -> None:
    for words, code, sentence in (
        (("lake", "update", "--purpose", "research"), 2, "Name the place"),
        (("region", "sql", "SELECT * FROM '/etc/passwd'", str(folder)), 2, "could not be answered"),
    ):
        done = city.run(*words)
        assert (done.returncode, done.stdout) == (code, ""), words
        assert sentence in told(done.stderr), done.stderr
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    file = next(damaged.glob("observations/*/*/*.parquet"))
    raw = bytearray(file.read_bytes())
    raw[50] ^= 255
    file.write_bytes(raw)
    check = city.run("lake", "check", str(damaged))
    assert (check.returncode, "1 faults." in check.stdout) == (1, True)
