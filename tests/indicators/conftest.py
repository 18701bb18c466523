"""A gate with rules that let weather in and out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from allmende.gate.door import Gate, migrate_store, open_gate
from tests.weather_rules import WEATHER_RULES


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Open a gate over an empty embedded store whose rules let weather in, and out to the public."""
    url = str(tmp_path / "observations.sqlite3")
    migrate_store(url)
    opened = open_gate(url)
    opened.publish(WEATHER_RULES, actor="test")
    yield opened
    opened.close()
