"""The rules of the house that a machine can watch: sizes, names, wording."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "allmende"
FILE_LINES, FUNCTION_LINES = 400, 40
BANNED_MODULES = {"utils", "helpers", "common", "misc", "base", "manager", "handler"}
# Only the registry of plug-in families may import by name.
DYNAMIC_IMPORT = {"families/registry.py", "cli/main.py"}
BROAD_EXCEPT = re.compile(r"except\s+(Exception|BaseException)\b|except\s*:")
# Request border, job loop, plug-in border.
BROAD_EXCEPT_PLACES = {
    "apis/sensorthings/ingest.py",
    "apis/sensorthings/mqtt/inbox.py",
    "serve/broker.py",
    *("sources/rounds.py", "sources/intake.py", "serve/work.py", "families/registry.py"),
    "apis/sensorthings/batch/run.py",
}


def modules() -> Iterator[Path]:
    """Give our Python files without migrations."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give all functions of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_fit_in_one_view_of_the_mind() -> None:
    too_long = {
        str(path.relative_to(ROOT)): lines
        for path in modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }
    assert too_long == {}


def test_functions_fit_on_a_screen() -> None:
    too_long = {
        f"{path.relative_to(ROOT)}:{node.name}": lines
        for path in modules()
        for node in functions(path)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    }
    assert too_long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in modules() if path.stem in BANNED_MODULES] == []


def test_only_the_registry_and_the_command_line_import_by_name() -> None:
    users = {
        str(path.relative_to(PACKAGE)) for path in modules() if "import_module(" in path.read_text(encoding="utf-8")
    }
    assert users <= DYNAMIC_IMPORT


def test_errors_are_caught_broadly_only_at_the_borders() -> None:
    users = {
        str(path.relative_to(PACKAGE)) for path in modules() if BROAD_EXCEPT.search(path.read_text(encoding="utf-8"))
    }
    assert users <= BROAD_EXCEPT_PLACES


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=; ]", entry)[0].lower() for entry in wanted}
    missing = {name for name in names if name.removeprefix("types-") not in page}
    assert missing == set()


def test_every_decision_record_has_its_parts() -> None:
    for record in sorted((ROOT / "docs" / "adr").glob("*.md")):
        text = record.read_text(encoding="utf-8")
        assert re.match(rf"# {int(record.name[:4])}\. ", text), record.name
        for part in ("Status:", "## Context", "## Decision", "## Consequences"):
            assert part in text, f"{record.name} lacks {part}"


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_nothing_loads_from_a_third_party() -> None:
    loads = re.compile(r"""(?:src|srcset|href|action|url\()\s*=?\s*["'(]?\s*(?:https?:)?//""")
    allowed = re.compile(r"<a\s")
    found = []
    for path in [*PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.css"), *PACKAGE.rglob("*.js")]:
        if "vendor" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if loads.search(line) and not allowed.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


@pytest.mark.xdist_group("guard")
def test_a_group_of_tests_stays_on_one_worker(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("tests run one after another, or are not grouped")
    assert request.node.nodeid.endswith("@guard"), "pytest and pytest-xdist do not agree: one database, two workers"
