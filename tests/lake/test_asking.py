"""Questions over lakes: what may be asked, and what is refused before it takes time."""

import shutil
from pathlib import Path

import pytest

from allmende.kernel.errors import AllmendeError
from allmende.lake.place import Access, place_of
from allmende.region.answers import require_out
from allmende.region.lakes import open_cities
from allmende.region.questions import require_question
from allmende.region.spark import require_master, require_spark
from tests.lake.shore import Shore


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://example.org/x", "is no place for a lake"),
        ("s3://UPPER/x", "is no place for a lake"),
        ("s3://bucket/x", "The keys for s3://bucket/x are missing"),
    ],
)
def test_no_place(address: str, words: str) -> None:
    with pytest.raises(AllmendeError, match=words):
        place_of(address, Access())


@pytest.mark.parametrize(
    "text", ["DROP TABLE x", "SELECT 1; SELECT 2", "COPY lakes TO '/tmp/x'", "SELEKT", "", "SET x=1"]
)
def test_only_one_select_is_a_question(text: str) -> None:
    with pytest.raises(AllmendeError, match="single SELECT"):
        require_question(text)


def test_lakes_of_a_question(shore: Shore, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    shore.write(folder)
    names = [city.name for city in open_cities([str(folder), f"other={folder}"], Access(), None)]
    assert names == ["seestadt", "other"]
    for words, sentence in (
        ([str(folder), str(folder)], "Two lakes are called “seestadt”"),
        ([f"It's={folder}"], "is no name for a lake"),
    ):
        with pytest.raises(AllmendeError, match=sentence):
            open_cities(words, Access(), None)
    shutil.copytree(folder, tmp_path / "damaged")
    file = next((tmp_path / "damaged").glob("observations/*/*/*.parquet"))
    raw = bytearray(file.read_bytes())
    raw[50] ^= 255
    file.write_bytes(raw)
    with pytest.raises(AllmendeError, match="SHA-256"):
        open_cities([str(tmp_path / "damaged")], Access(), lambda _done, _total: None)


@pytest.mark.parametrize("name", ["means.xls", "missing/means.csv"])
def test_an_answer_needs_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(AllmendeError, match="cannot be written"):
        require_out(tmp_path / name)


@pytest.mark.parametrize("master", ["spark://127.0.0.1:9", "spark://127.0.0.1:9,127.0.0.1:11", "127.0.0.1:7077", "x"])
def test_nobody_behind_a_master(master: str) -> None:
    with pytest.raises(AllmendeError, match="does not answer"):
        require_master(master)


def test_spark_without_java_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setenv("JAVA_HOME", "/nonexistent")
    with pytest.raises(AllmendeError, match=r"needs Java 17 or newer; here is –.*openjdk-17"):
        require_spark()
