"""``allmende load``: what it takes and says, and what it refuses without leaving a trace."""

import csv
import gzip
import re
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import GOOD, PROBE, told
from tests.program import PROGRAM, environment, rows, run

HEADER = "name,time,temperature\n"


def _load(home: Path, file: Path, mapping: Path = PROBE, *more: str) -> subprocess.CompletedProcess[str]:
    return run(home, "load", "observations", str(file), "--mapping", str(mapping), *more)


def _with(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the mapping with some words replaced."""
    text = PROBE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "probe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_second_run_adds_nothing(city: Path, tmp_path: Path) -> None:
    file = tmp_path / "good.csv"
    file.write_text(GOOD, encoding="utf-8")
    before = rows(city)
    first = _load(city, file)
    assert first.returncode == 0
    assert first.stdout == "2 values taken, 0 were there already, 0 cells were empty.\n"
    once = rows(city)
    assert once["observations.observations"] == before["observations.observations"] + 2
    assert once["city.catalog_dataset"] == before["city.catalog_dataset"] + 1
    second = _load(city, file)
    assert second.returncode == 0
    assert second.stdout == "0 values taken, 2 were there already, 0 cells were empty.\n"
    assert rows(city) == once


def test_refused_values_are_told_with_line_and_reason_and_the_others_are_taken(city: Path, tmp_path: Path) -> None:
    file = tmp_path / "mixed.csv"
    file.write_text(
        f"{HEADER}Döbele,2024-05-01 07:00,12.5\nMars,2024-05-01 07:00,1\nDöbele,2024-05-01 08:00,99\n", encoding="utf-8"
    )
    before = rows(city)["observations.observations"]
    done = _load(city, file, PROBE, "--refusals", str(tmp_path / "refused.csv"))
    assert done.returncode == 0
    assert "1 values taken" in done.stdout
    assert "2 values refused:" in done.stdout
    assert "Nobody knows this station; known are: Döbele  (first mixed.csv:3 name Mars)" in done.stdout
    assert "Outside the physical range from -40 to 50  (first mixed.csv:4 temperature 99)" in done.stdout
    assert rows(city)["observations.observations"] == before + 1
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as stream:
        kept = list(csv.DictReader(stream, delimiter=";"))
    assert [(row["zeile"], row["wert"], row["kennung"]) for row in kept] == [
        ("3", "Mars", "unknown-station"),
        ("4", "99", "out-of-range"),
    ]


def test_a_bom_and_decimal_commas_are_read_where_the_mapping_says_so(city: Path, tmp_path: Path) -> None:
    file = tmp_path / "german.csv"
    file.write_bytes(b"\xef\xbb\xbfname;time;temperature\r\nD\xc3\xb6bele;2024-05-01 07:00;12,5\r\n")
    german = _with(tmp_path, ("things:", "form: {delimiter: ';', decimal: ','}\nthings:"))
    done = _load(city, file, german)
    assert (done.returncode, done.stdout[:14]) == (0, "1 values taken"), done.stderr


def _text(content: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode(encoding))


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.csv", b"0" * 50_000_000)


BROKEN: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "wrong columns": (
        _text("station,when,degrees\nDöbele,2024-05-01 07:00,1\n"),
        2,
        "bad.csv: the columns „time“, „name“, „temperature“ are missing. Nothing was loaded. "
        "Check the mapping's delimiter and column names; the header line says: „station“, „when“, „degrees“",
    ),
    "a column too many": (_text("name,time,temperature,mood\n"), 2, "the mapping knows no columns „mood“."),
    "bad date": (
        _text(f"{GOOD}Döbele,1 May 2024,1\n"),
        2,
        "bad.csv, line 4: “1 May 2024” is no time of the form %Y-%m-%d %H:%M. Nothing was loaded. Correct the line",
    ),
    "decimal comma": (
        _text(f'{HEADER}Döbele,2024-05-01 07:00,"12,5"\n'),
        2,
        "line 2, column temperature: “12,5” is no number with the decimal mark “.”. Nothing was loaded. Set form.decim",
    ),
    "not a number": (_text(f"{HEADER}Döbele,2024-05-01 07:00,NaN\n"), 2, "“NaN” is no number"),
    "Latin-1": (
        _text(GOOD, "latin-1"),
        2,
        "bad.csv, line 2: the characters are not written in utf-8. Nothing was loaded. Name the encoding",
    ),
    "UTF-16": (_text(GOOD, "utf-16"), 2, "bad.csv, line 1: "),
    "empty": (_text(""), 2, "The file bad.csv has no header line. Nothing was loaded. The first line must name"),
    "zip bomb": (_zip, 2, "The file bad.csv is packed and no CSV table. Nothing was loaded. Unpack it"),
    "gzip": (lambda path: path.write_bytes(gzip.compress(bytes(9_000_000))), 2, "bad.csv is packed and no CSV"),
    "directory": (lambda path: path.mkdir(), 4, "bad.csv cannot be read. Nothing was loaded. Check path and rights; f"),
    "missing": (lambda path: None, 4, "bad.csv cannot be read. Nothing was loaded. Check path"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_file_gets_one_sentence_and_leaves_nothing(town: Path, tmp_path: Path, name: str) -> None:
    make, code, sentence = BROKEN[name]
    make(tmp_path / "bad.csv")
    before = rows(town)
    done = _load(town, tmp_path / "bad.csv")
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in told(done.stderr)
    assert rows(town) == before


def test_a_good_file_beside_a_broken_one_is_not_taken_either(town: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(f"{HEADER}Döbele,2024-06-01 07:00,12.5\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text(f"{HEADER}Döbele,never,12.5\n", encoding="utf-8")
    before = rows(town)
    done = run(
        town, "load", "observations", *(str(tmp_path / f"{n}.csv") for n in ("new", "bad")), "--mapping", str(PROBE)
    )
    assert done.returncode == 2
    assert "bad.csv, line 2" in told(done.stderr)
    assert rows(town) == before


def most_memory(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; give the most memory it held (kB). Its usage record would count ours, too, from the fork."""
    highest = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        highest = max(highest, int(found[1])) if found else highest
        time.sleep(0.005)
    return highest


@pytest.mark.parametrize("place", ["header", "row"])
def test_very_many_columns_take_neither_memory_nor_time(town: Path, tmp_path: Path, place: str) -> None:
    wide = ",".join(["1"] * 200_000) + "\n"
    (tmp_path / "wide.csv").write_text(wide if place == "header" else HEADER + wide, encoding="utf-8")
    words = ["load", "observations", str(tmp_path / "wide.csv"), "--mapping", str(PROBE)]
    before, started = rows(town), time.monotonic()
    with (tmp_path / "error").open("w", encoding="utf-8") as file:
        process = subprocess.Popen([*PROGRAM, *words], env=environment(town), stderr=file)
        highest = most_memory(process)
    error = (tmp_path / "error").read_text(encoding="utf-8")
    assert process.returncode == 2
    expected = "more than 2000 columns" if place == "header" else "line 2: 200000 fields instead of 3"
    assert expected in told(error)
    assert 0 < highest < 300_000
    assert time.monotonic() - started < 20
    assert rows(town) == before


MAPPINGS: dict[str, tuple[tuple[str, str], int, str]] = {
    "undeclared purpose": (
        ("purpose: climate-adaptation", "purpose: curiosity"),
        3,
        "This is not permitted. The purpose “curiosity” is not declared, or is no single purpose.",
    ),
    "undeclared category": (("category: weather", "category: secrets"), 3, "“secrets” is not declared"),
    "category without a rule": (("category: weather", "category: contributions"), 3, "This is not permitted."),
    "unknown field": (("licence: CC0-1.0", "license: CC0-1.0"), 2, "Mapping probe.yaml, field $.source: "),
    "unknown unit": (("unit: Cel", "unit: degC"), 2, "field $.values[0].unit: 'degC' is not a known UCUM code"),
    "broken YAML": (("mapping: 1", "mapping: [1"), 2, "The mapping probe.yaml is not valid YAML"),
}


@pytest.mark.parametrize("name", list(MAPPINGS))
def test_a_mapping_that_cannot_be_taken_leaves_nothing(town: Path, tmp_path: Path, name: str) -> None:
    change, code, sentence = MAPPINGS[name]
    (tmp_path / "other.csv").write_text(GOOD, encoding="utf-8")
    mapping = _with(tmp_path, change, ("dataset: probe", "dataset: other"), ("slug: doebele", "slug: elsewhere"))
    before = rows(town)
    done = _load(town, tmp_path / "other.csv", mapping)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in told(done.stderr)
    assert rows(town) == before


def test_a_place_where_refusals_cannot_be_written_is_refused_before_loading(town: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(f"{HEADER}Döbele,2024-06-01 07:00,12.5\n", encoding="utf-8")
    before = rows(town)
    done = _load(town, tmp_path / "new.csv", PROBE, "--refusals", str(tmp_path / "new.csv" / "refused.csv"))
    assert done.returncode == 2
    assert "refused.csv cannot be written (Not a directory). Nothing was loaded." in told(done.stderr)
    assert rows(town) == before


def test_nothing_but_refusals_is_a_failure(city: Path, tmp_path: Path) -> None:
    file = tmp_path / "mars.csv"
    file.write_text(f"{HEADER}Mars,2024-05-01 07:00,1\n", encoding="utf-8")
    done = _load(city, file, PROBE)
    assert done.returncode == 1
    assert "1 values refused:" in done.stdout


def test_messages_about_procedures_are_looked_at_taken_and_known(city: Path, tmp_path: Path) -> None:
    folder = Path(__file__).parents[1] / "participation" / "xbeteiligung"
    files = [str(folder / f"{kind}.xml") for kind in ("0401", "0402")]
    before = rows(city)
    looked = run(city, "load", "procedures", *files, "--dry-run")
    assert looked.returncode == 0, looked.stderr
    assert "0401.xml: new  ID_muehlenfeld  Bebauungsplan Nr. 7 „Mühlenfeld“\n0402.xml: changed" in looked.stdout
    assert rows(city) == before
    assert run(city, "load", "procedures", *files).returncode == 0
    once = rows(city)
    assert once["city.participation_formalmessage"] == before["city.participation_formalmessage"] + 2
    again = run(city, "load", "procedures", *files)
    assert again.stdout.count("was there already") == 2
    bad = tmp_path / "bad.xml"
    bad.write_text((folder / "0401.xml").read_text(encoding="utf-8").replace("2026-04-10", "2026-02-30"), "utf-8")
    refused = run(city, "load", "procedures", str(bad))
    assert refused.returncode == 2
    assert "bad.xml: The message cannot be read. zeitraum/ende: “2026-02-30" in refused.stderr
    assert rows(city) == {**once, "city.accounts_auditentry": rows(city)["city.accounts_auditentry"]}
