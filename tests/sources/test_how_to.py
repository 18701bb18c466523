"""A data person adds a source by the how-to page alone: the page's own command and file, against a service like its."""

import re
from pathlib import Path

from tests.cli.conftest import told
from tests.program import run
from tests.sources.conftest import Remote

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-source.md"


def _block(language: str, holds: str) -> str:
    """Give the block of code of the page that holds some words."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [one for one in blocks if holds in one]
    return str(found)


def _words(line: str) -> list[str]:
    return [one.strip('"') for one in re.findall(r'"[^"]*"|\S+', line)]


def test_the_example_of_the_page_works_word_by_word_in_one_file(city: Path, remote: Remote) -> None:
    allmende, *words = _words(_block("sh", "new connector sunshine"))
    assert allmende == "allmende"
    made = run(city, *words)
    assert made.returncode == 0, made.stderr
    recipe = city / "connectors" / "sunshine" / "source.yaml"
    assert str(recipe) in made.stdout
    remote.says("/sun", _block("json", "BX-7").encode())
    written = _block("yaml", "dataset: sunshine")
    assert "https://testdorf.example/sun" in written
    recipe.write_text(written.replace("https://testdorf.example", remote.url), encoding="utf-8")
    tried = run(city, "connector", "try", "sunshine", ALLMENDE_SOURCE_HOSTS="127.0.0.1")
    assert "2026-11-26T09:08:00Z  testdorf-bx-7            solar-radiation          120 W/m2" in tried.stdout, (
        tried.stderr
    )
    assert "1 values would be stored, 1 refused." in tried.stdout
    assert run(city, "check").returncode == 0


def test_what_goes_wrong_on_the_way_is_named_with_its_place(city: Path, remote: Remote) -> None:
    run(city, "new", "connector", "steps", "--title", "Schritte", "--licence", "CC0-1.0", "--attribution", "Dorf")
    recipe = city / "connectors" / "steps" / "source.yaml"
    good = _block("yaml", "dataset: sunshine").replace("https://testdorf.example", remote.url)
    for old, new, said in (
        ("    definition: http://vocab", "    #", "is not in the vocabulary"),
        ("unit: W/m2", "unit: Watt", "$.values[0].unit: 'Watt' is not a known UCUM code"),
        ("zone: Europe/Berlin", "zone: MEZ", "$.time.zone: 'MEZ' is no IANA zone"),
        ("slug: testdorf-bx-7", "slug: Testdorf BX 7", "write it as 'testdorf-bx-7'"),
        ("records: readings", "record: readings", "record"),
        ("stations:", " stations:", "steps/source.yaml"),
    ):
        recipe.write_text(good.replace(old, new), encoding="utf-8")
        tried = run(city, "connector", "try", "steps", ALLMENDE_SOURCE_HOSTS="127.0.0.1")
        assert tried.returncode != 0 and said in told(tried.stderr), (said, tried.stderr)
