"""Small mappings and tables in the format of the recorded ones, and a gate with rules that let weather in and out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from allmende.connectors.table.mapping import Mapping
from allmende.connectors.table.reading import read_mapping
from allmende.gate.door import Gate, migrate_store, open_gate
from tests.weather_rules import WEATHER_RULES

BASE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "probe.yaml").read_text(encoding="utf-8"))

MakeMapping = Callable[..., Mapping]


@pytest.fixture
def mapping_file(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes the base mapping with some fields replaced."""

    def write(**changes: Any) -> Path:
        path = tmp_path / "probe.yaml"
        path.write_text(yaml.safe_dump({**BASE, **changes}, allow_unicode=True), encoding="utf-8")
        return path

    return write


@pytest.fixture
def make_mapping(mapping_file: Callable[..., Path]) -> MakeMapping:
    """Give a function that makes the base mapping with some fields replaced."""
    return lambda **changes: read_mapping(mapping_file(**changes))


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Open a gate over an empty embedded store whose rules let weather in, and out to the public."""
    url = str(tmp_path / "observations.sqlite3")
    migrate_store(url)
    opened = open_gate(url)
    opened.publish(WEATHER_RULES, actor="test")
    yield opened
    opened.close()
