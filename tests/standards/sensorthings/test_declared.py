"""What the service declares is what this suite proves."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.standards.sensorthings.api import Api
from tests.standards.sensorthings.conformance import PREFIX, REQUIREMENTS, covered
from tests.standards.sensorthings.gaps import has_gap

MODULES = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))


def _marks(module: Any, function: Any) -> list[Any]:
    """Give the marks of a test and of its parameters, the module's after its own."""
    own = list(getattr(function, "pytestmark", []))
    ofmodule = getattr(module, "pytestmark", [])
    inner = [
        mark for one in own if one.name == "parametrize" for row in one.args[1] for mark in getattr(row, "marks", ())
    ]
    return [*inner, *own, *(ofmodule if isinstance(ofmodule, list) else [ofmodule])]


def _tests() -> Iterator[tuple[str, str, list[Any]]]:
    """Give name, docstring and marks of every test of the suite."""
    for name in MODULES:
        module = importlib.import_module(f"{__package__}.{name}")
        for word, function in vars(module).items():
            if word.startswith("test_") and callable(function):
                yield word, function.__doc__ or "", _marks(module, function)


def _requirements(marks: list[Any]) -> list[str]:
    return [mark.args[0] for mark in marks if mark.name == "conformance"]


def _proved() -> frozenset[str]:
    """Give the requirements that have tests, of which none documents a gap."""
    found: dict[str, bool] = {}
    for name, _doc, marks in _tests():
        for requirement in _requirements(marks):
            found[requirement] = found.get(requirement, True) and not has_gap(name)
    return frozenset(requirement for requirement, good in found.items() if good)


def test_nothing_is_declared_that_is_not_proved(api: Api) -> None:
    """Each URI in serverSettings stands for requirements that tests of this suite prove on this service."""
    declared = api.body("")["serverSettings"]["conformance"]
    unproved = {uri: sorted(covered(uri) - _proved()) for uri in declared if not covered(uri) <= _proved()}
    assert not unproved
    assert {uri for uri in declared if uri.startswith(PREFIX) and not covered(uri) <= REQUIREMENTS} == set()


def test_each_test_names_what_it_proves() -> None:
    """Every marker is a requirement of 18-088 or an address beyond it, and the docstring begins with it."""
    for name, doc, marks in _tests():
        for requirement in _requirements(marks):
            assert requirement in REQUIREMENTS or "://" in requirement, f"{name}: {requirement}"
            written = doc.split(":")[0].removeprefix("req/").replace("*", "")
            parts = requirement.split("/")
            named = requirement == written or (parts[0] in written and parts[-1] in written)
            assert "://" in requirement or named, f"{name} proves {requirement} and says: {doc.split(':')[0]}"


def test_every_requirement_has_a_test() -> None:
    """No requirement of the standard is left out of the suite."""
    named = {requirement for _name, _doc, marks in _tests() for requirement in _requirements(marks)}
    assert named >= REQUIREMENTS
