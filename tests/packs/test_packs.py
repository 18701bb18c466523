"""A city pack of another package is founded by its name; a broken one is refused whole, with file, place and reason."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import told
from tests.program import migrated_home, rows, run

VILLAGE = Path(__file__).parent / "musterdorf"


class Pack:
    """A package with the small pack, installed beside the program."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "var"
        self.site = folder / "site"
        self.files = self.site / "musterdorf"
        shutil.copytree(VILLAGE, self.files)
        about = self.site / "musterdorf_pack-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: musterdorf-pack\nVersion: 1.0\n", "utf-8")
        (about / "entry_points.txt").write_text("[allmende.packs]\nmusterdorf = musterdorf\n", "utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        """Replace words in one of its files."""
        text = (self.files / file).read_text("utf-8")
        assert old in text
        (self.files / file).write_text(text.replace(old, new, 1), "utf-8")

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command of the program that finds the pack."""
        done = run(self.home, *words, PYTHONPATH=str(self.site))
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Give the small pack, installed."""
    return Pack(tmp_path)


BROKEN = {
    "no YAML": (
        ("stations.yaml", "stations:", "stations: ]"),
        "City pack musterdorf, stations.yaml, $: while parsing",
    ),
    "unknown field": (
        ("ethics.yaml", "    effect: permit", "    effekt: permit"),
        "City pack musterdorf, ethics.yaml, $.rules[0]: Object contains unknown field `effekt`.",
    ),
    "wrong value": (
        ("projects.yaml", "state: decided", "state: dreamt"),
        "programme.yaml, projects.yaml, course.yaml, $.projects[0].events[0].state: Invalid enum value 'dreamt'.",
    ),
    "missing language": (
        ("data_uses.yaml", "{ de: Thermometer, en: Thermometer }", "{ de: Thermometer }"),
        "data_uses.yaml, $.data_uses[0].how: Object missing required field `en`.",
    ),
    "places, which may be missing": (
        ("places.yaml", "latitude: 47.7", "latitude: north"),
        "City pack musterdorf, places.yaml, $.places[0].latitude: Expected `float`, got `str`.",
    ),
    "wrong manifest": (
        ("manifest.toml", 'id = "musterdorf"', 'id = "dorf"'),
        "City pack musterdorf, manifest.toml, id: must be “musterdorf” like the folder.",
    ),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_file_is_named_with_place_and_reason_before_anything_is_made(pack: Pack, name: str) -> None:
    change, sentence = BROKEN[name]
    pack.change(*change)
    code, _, error = pack.run("init", "--pack", "musterdorf")
    assert code == 2
    assert sentence in told(error)
    assert told(error).endswith("Correct the file; nothing was loaded.")
    assert rows(pack.home) == {}


def test_check_names_all_broken_files_at_once(pack: Pack) -> None:
    for name in ("unknown field", "wrong value", "missing language"):
        pack.change(*BROKEN[name][0])
    code, said, error = pack.run("check")
    assert (code, said) == (1, "")
    for line, file in zip(error.splitlines(), ("programme.yaml", "ethics.yaml", "data_uses.yaml"), strict=True):
        assert line.startswith(f"packs/musterdorf/{file}")


CONTRADICTIONS = {
    "unknown source": (
        ("projects.yaml", "sources: [rathaus]", "sources: [markt]"),
        "project bank names “markt”, which is not among sources. Correct the name, or add the entry.",
    ),
    "unsound rules": (
        ("ethics.yaml", "categories: [weather]", "categories: [moods]"),
        "The rule book is not sound: rule wetter: unknown category moods",
    ),
    "undeclared purpose of a sheet": (
        ("data_uses.yaml", "why: climate-adaptation", "why: curiosity"),
        "Data use wetter: “curiosity” is not declared.",
    ),
    "no decision": (("ethics.yaml", "decision: Rat, 1. Januar 2024", ""), "Publishing needs a decision."),
}


@pytest.mark.parametrize("name", list(CONTRADICTIONS))
def test_a_pack_that_contradicts_itself_is_not_loaded_in_part_and_loads_whole_once_corrected(
    pack: Pack, name: str
) -> None:
    change, sentence = CONTRADICTIONS[name]
    pack.change(*change)
    shutil.copytree(migrated_home(), pack.home)
    before = rows(pack.home)
    code, _, error = pack.run("init", "--pack", "musterdorf")
    assert code == 2
    assert sentence in told(error)
    assert rows(pack.home) == before
    file, old, new = change
    if name == "unknown source":
        pack.change(file, new, old)
        code, said, _ = pack.run("init", "--pack", "musterdorf")
        assert code == 0
        assert said.startswith("“musterdorf” set up: 1 projects, 1 rules, 1 stations.")


def test_a_pack_of_another_package_is_founded_and_twice_changes_nothing(pack: Pack) -> None:
    shutil.copytree(migrated_home(), pack.home)
    code, said, error = pack.run("init", "--pack", "musterdorf")
    assert code == 0, error
    assert said.startswith("“musterdorf” set up: 1 projects, 1 rules, 1 stations.")
    once = rows(pack.home)
    expected = {"programme_project": 1, "register_rule": 1, "register_datause": 1, "catalog_dataset": 1}
    assert {name: once[f"city.{name}"] for name in expected} == expected
    code, said, _ = pack.run("init", "--pack", "musterdorf")
    assert said.startswith("“musterdorf” was set up already; nothing was changed.")
    assert rows(pack.home) == once
    assert pack.run("check") == (0, "All is well.\n", "")
