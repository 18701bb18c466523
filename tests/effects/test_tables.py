"""Tables of statistics: read by their description, refused with file, line and column; nothing half loaded."""

from pathlib import Path

import pytest

from allmende.effects.tables import Schema, read_schema, read_table, schema_from_head, span_of, year_of
from allmende.kernel.errors import Invalid
from allmende.packs.read import pack_folder

GOOD = "jahr,busse,fahrgaeste\n2023,57,8.3\n2024/25,57,\nBerichtsjahr 2025,58,8.2\n"
SCHEMA = """
table: 1
slug: bus
file: verkehr/bus.csv
field: verkehr
title: { de: Bus, en: Buses }
publisher: Stadtwerke
columns:
  - { name: jahr, title: { de: Jahr, en: Year }, type: year }
  - { name: busse, title: { de: Busse, en: Buses }, type: integer, unit: "{count}" }
  - { name: fahrgaeste, title: { de: Fahrgäste, en: Passengers }, unit: "{count}", factor: 1000000, missing: true }
"""


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    path = tmp_path / "bus.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    return read_schema(path)


def _read(folder: Path, schema: Schema, text: str | bytes) -> list[dict[str, object]]:
    path = folder / "bus.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [dict(row) for row in read_table(path, schema)]


def test_numbers_are_exact_and_missing_ones_stay_missing(tmp_path: Path, schema: Schema) -> None:
    rows = _read(tmp_path, schema, GOOD)
    assert rows[0] == {"jahr": "2023", "busse": "57", "fahrgaeste": "8300000"}
    assert rows[1]["fahrgaeste"] is None
    assert [year_of(row["jahr"]) for row in rows] == [2023, 2024, 2025]
    assert span_of("ohne") is None


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (GOOD.replace("58", "viele"), 4, "busse"),
        (GOOD.replace("58", "58.5"), 4, "busse"),
        (GOOD.replace("58", ""), 4, "busse"),
        (GOOD.replace("8.2", "NaN"), 4, "fahrgaeste"),
        (GOOD.replace("8.2", "8,2"), 4, "fahrgaeste"),
        (GOOD.replace("Berichtsjahr 2025", "2023"), 4, "jahr"),
        (GOOD.replace("2024/25", "zuvor"), 3, "jahr"),
        (GOOD.replace("busse", "wagen"), 1, "busse"),
        (GOOD.replace("fahrgaeste", "fahrgaeste,neu"), 1, "neu"),
        (GOOD.replace("57,8.3", "57"), 2, "busse"),
        (GOOD.replace("8.3", '"8.3'), 4, "–"),
        ("", 1, "–"),
        ("jahr,busse,fahrgaeste\n", 2, "–"),
        ("jahr,busse,fahrgaeste\n2023,5,1\n2024,ü,1\n".encode("latin-1"), 3, "–"),
    ],
)
def test_a_fault_names_file_line_and_column(
    tmp_path: Path, schema: Schema, text: str | bytes, line: int, column: str
) -> None:
    with pytest.raises(Invalid) as caught:
        _read(tmp_path, schema, text)
    assert (caught.value.params["file"], caught.value.params["line"]) == ("bus.csv", line)
    assert caught.value.params["column"] == column


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("type: integer", "type: whole", "columns[1].type"),
        ("name: busse", "name: jahr", "columns"),
        ('unit: "{count}" }', 'unit: "furlong" }', "columns.busse.unit"),
        ("publisher: Stadtwerke", "dimensions: [monat]\npublisher: Stadtwerke", "dimensions"),
        ("slug: bus", "slog: bus", "$"),
    ],
)
def test_a_description_is_checked(tmp_path: Path, old: str, new: str, place: str) -> None:
    path = tmp_path / "bus.yaml"
    path.write_text(SCHEMA.replace(old, new), encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        read_schema(path)
    assert str(caught.value.params["place"]).lstrip("$.") == place.lstrip("$.")


def test_german_numbers_and_marks_of_the_missing(tmp_path: Path, schema: Schema) -> None:
    from msgspec.structs import replace

    german = replace(schema, encoding="iso-8859-1", separator=";", decimal=",", missing_marks=("", "k. A."))
    rows = _read(tmp_path, german, "jahr;busse;fahrgaeste\n2023;1.057;8,25\n2024;57;k. A.\n".encode("latin-1"))
    assert [(row["busse"], row["fahrgaeste"]) for row in rows] == [("1057", "8250000"), ("57", None)]


def test_all_files_of_the_city_are_read_by_the_heads_beside_them(samples: Path) -> None:
    folder = samples / "konstanz-in-zahlen" / "data"
    heads = [head for head in sorted(folder.rglob("*.md")) if head.with_suffix(".csv").exists()]
    assert len(heads) == 123
    for head in heads:
        assert read_table(head.with_suffix(".csv"), schema_from_head(head)), head


def test_the_described_tables_are_those_of_the_city(samples: Path) -> None:
    folder = samples / "konstanz-in-zahlen" / "data"
    schemas = [read_schema(path) for path in sorted((pack_folder("konstanz") / "statistics").glob("*.yaml"))]
    assert len(schemas) >= 20
    for schema in schemas:
        assert len(read_table(folder / schema.file, schema)) >= 4, schema.slug


def test_every_file_with_one_cell_spoilt_is_refused_where_it_is_spoilt(samples: Path, tmp_path: Path) -> None:
    folder = samples / "konstanz-in-zahlen" / "data"
    for head in sorted(folder.rglob("*.md")):
        path = head.with_suffix(".csv")
        if not path.exists():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        cells = lines[2].split(",")
        lines[2] = ",".join([*cells[:-1], "spoilt"])
        spoilt = tmp_path / path.name
        spoilt.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with pytest.raises(Invalid) as caught:
            read_table(spoilt, schema_from_head(head))
        assert (caught.value.params["file"], caught.value.params["line"]) == (path.name, 3)
        assert caught.value.params["column"] == lines[0].split(",")[-1]
