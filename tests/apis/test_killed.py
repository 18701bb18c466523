"""What was acknowledged over HTTP is there once, whichever process is killed while it writes or seals."""

from pathlib import Path

import pytest

from tests.siege import Siege


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def test_nothing_is_lost_or_doubled_by_kills_while_writing_and_sealing(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    own = database == "postgresql"
    url = request.getfixturevalue("postgres").new() if own else str(tmp_path / "observations.sqlite3")
    outcome = Siege(tmp_path, url).endure(3)
    assert outcome.good, outcome
    assert outcome.acknowledged > 20
    assert outcome.corrected > 0
