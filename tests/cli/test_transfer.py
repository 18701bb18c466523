"""Transfer packages over the command line: taken over, refused, handed on and taken back, and nothing by halves."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import City, told
from tests.program import rows
from tests.transfer.packages import SPOILED, a_connector, a_rule, packed, parts, values

# What taking back leaves: that there was a package, the trail of both deeds, and the books that the gate was given.
REMEMBERED = {
    *("city.transfer_import", "city.transfer_importitem", "city.accounts_auditentry"),
    *("observations.sheetbooks", "observations.ledger_outbox"),
}


def state(city: City) -> tuple[dict[str, int], list[str]]:
    """Give what an import could leave: rows of all tables but those that remember it, and files."""
    counted = {name: count for name, count in rows(city.home).items() if name not in REMEMBERED}
    files = [str(path.relative_to(city.home)) for path in city.home.rglob("*") if path.is_file()]
    return counted, sorted(one for one in files if "sqlite3" not in one and not one.startswith("ledger"))


def conflicting() -> bytes:
    """Write a package with one rule that fits, one that this city prohibits, and a source of another unit."""
    forbidden = a_rule(slug="alles-ansehen", purposes=("surveillance",))
    return packed(parts(rules=(a_rule(), forbidden), connector=a_connector("K")))


@pytest.mark.parametrize("name", ["zip slip", "symlink", "bomb", "wrong checksum", "newer format"])
def test_a_bad_package_is_refused_in_one_line_and_leaves_nothing(town: Path, tmp_path: Path, name: str) -> None:
    spoil, reason = SPOILED[name]
    city = City(town, "")
    (tmp_path / "bad.zip").write_bytes(spoil(packed()))
    (tmp_path / "own.yaml").write_bytes(values(packed()))
    before = state(city)
    done = city.run("transfer", "import", str(tmp_path / "bad.zip"), "--parameters", str(tmp_path / "own.yaml"))
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    assert reason in told(done.stderr)
    assert state(city) == before


def test_a_package_comes_is_handed_on_and_is_taken_back(measured_copy: City, tmp_path: Path) -> None:
    city, raw, before = measured_copy, conflicting(), state(measured_copy)
    paths = {name: tmp_path / name for name in ("paket.zip", "own.yaml", "receipt.json", "again.zip")}
    package, own, receipt, again = (str(path) for path in paths.values())
    paths["paket.zip"].write_bytes(raw)
    asked = city.run("transfer", "parameters", package)
    assert "value: Beispielstadt" in asked.stdout, asked.stderr
    assert city.run("transfer", "import", package).returncode == 2, "nobody is there to be asked"
    paths["own.yaml"].write_bytes(values(raw, city="Konstanz"))
    done = city.run("transfer", "import", package, "--parameters", own, "--receipt", receipt)
    assert done.returncode == 0, done.stderr
    outcomes = {line.split()[1]: line for line in done.stdout.splitlines()[:-1]}
    assert "taken" in outcomes["zaehlungen-forschen"]
    assert "prohibited here by keine-ueberwachung" in outcomes["alles-ansehen"]
    assert "comes in K, here it is measured in Cel" in done.stdout
    assert not (city.home / "connectors").exists()
    assert json.loads(paths["receipt.json"].read_text())["project"] == "schatten"
    assert "in   schatten" in city.run("transfer", "list").stdout
    twice = city.run("transfer", "import", package, "--parameters", own)
    assert (twice.returncode, "taken over already, as" in told(twice.stderr)) == (5, True), twice.stderr
    assert city.run("transfer", "export", "schatten", "--out", again).returncode == 0
    assert paths["again.zip"].read_bytes() == raw
    refused = city.run("transfer", "acknowledge", receipt)
    assert (refused.returncode, "given out no package" in told(refused.stderr)) == (4, True), refused.stderr
    undone = city.run("transfer", "undo", "schatten")
    assert undone.returncode == 0, undone.stderr
    assert state(city) == before
