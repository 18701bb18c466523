"""A mapping says what is wrong with it, by file and field."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from allmende.connectors.table.reading import read_mapping
from allmende.kernel.errors import Invalid, NotFound

BASE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "probe.yaml").read_text(encoding="utf-8"))
SHIPPED = sorted(Path("src/allmende/packs").glob("*/mappings/*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_mappings_are_valid(path: Path) -> None:
    mapping = read_mapping(path)
    assert mapping.id == path.stem
    assert mapping.source.licence and mapping.source.attribution


def test_some_mapping_is_shipped() -> None:
    assert SHIPPED


def _value(**changes: Any) -> dict[str, Any]:
    return {"values": [{**BASE["values"][0], **changes}]}


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"colour": "red"}, "$", "colour"),
        ({"form": {"delimiter": ":"}}, "$.form.delimiter", "Invalid enum"),
        ({"form": {"encoding": "utf-16"}}, "$.form.encoding", "Invalid enum"),
        (_value(unit="Celsius"), "$.values[0].unit", "Celsius"),
        (_value(minimum=60), "$.values[0].minimum", "below maximum"),
        (_value(minimum="0"), "$.values[0].minimum", "float"),
        (_value(observed="luck"), "$.values[0].definition", "luck"),
        (_value(column="name"), "$.values", "name"),
        ({"values": []}, "$.values", "at least one"),
        ({"time": {**BASE["time"], "zone": "Mars/Olympus"}}, "$.time.zone", "Mars/Olympus"),
        ({"time": {**BASE["time"], "interval_seconds": 0}}, "$.time.interval_seconds", "above 0"),
        ({"station": {"column": "name", "thing": "doebele"}}, "$.station", "either"),
        ({"things": [{"slug": "Döbele", "name": "Döbele"}]}, "$.things[0].slug", "doebele"),
        ({"things": [{"slug": "a", "name": "A", "longitude": 9.1}]}, "$.things[0]", "globe"),
        ({"things": [{"slug": "a", "name": "A", "longitude": 9.1, "latitude": 91}]}, "$.things[0]", "globe"),
        ({"title": {"de": "Nur deutsch"}}, "$.title", "en"),
    ],
)
def test_a_faulty_field_is_named(
    mapping_file: Callable[..., Path], changes: dict[str, Any], field: str, word: str
) -> None:
    with pytest.raises(Invalid) as caught:
        read_mapping(mapping_file(**changes))
    assert caught.value.params["file"] == "probe.yaml"
    assert caught.value.params["field"] == field
    assert word in str(caught.value.params["reason"])


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("mapping: [1", encoding="utf-8")
    with pytest.raises(Invalid, match="not valid YAML"):
        read_mapping(path)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be read"):
        read_mapping(tmp_path / "none.yaml")
