"""Finds plug-in folders of this package and of others that register an entry point; the only import by name."""

import importlib
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import msgspec

import allmende
from allmende.families.manifest import Manifest, read_manifest
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text

FAMILIES = ("apis", "connectors", "packs", "formats")
PACKAGE = Path(allmende.__path__[0])

NO_PLUGIN = ErrorCode(
    "families.unknown",
    Text("Unter {family} gibt es kein „{id}“.", "There is no “{id}” among {family}."),
    Text("Vorhanden sind: {known}.", "There are: {known}."),
)


class Member(msgspec.Struct, frozen=True):
    """A plug-in with its folder and the name of its package."""

    manifest: Manifest
    folder: Path
    package: str


def folders(family: str) -> dict[Path, str]:
    """Give the folders of a family, ours and others', each with its package name."""
    own = {
        folder: f"allmende.{family}.{folder.name}"
        for folder in sorted((PACKAGE / family).iterdir())
        if folder.is_dir() and not folder.name.startswith(("_", "."))
    }
    return own | _folders_of_others(family)


@cache
def _folders_of_others(family: str) -> dict[Path, str]:
    """Ask what is installed once: it changes no more while a process runs, and to look takes a seventh of a page."""
    modules = [entry.load() for entry in entry_points(group=f"allmende.{family}")]
    return {Path(module.__path__[0]): module.__name__ for module in modules}


def members(family: str) -> list[Member]:
    """Give all plug-ins of a family; raises ``Unreadable`` for a broken one."""
    return [Member(read_manifest(folder), folder, package) for folder, package in folders(family).items()]


def member(family: str, name: str) -> Member:
    """Give one plug-in by its id."""
    known = {folder.name: (folder, package) for folder, package in folders(family).items()}
    if name not in known:
        raise NotFound(NO_PLUGIN, family=family, id=name, known=", ".join(sorted(known)) or "–")
    folder, package = known[name]
    return Member(read_manifest(folder), folder, package)


def load(entry: Member, module: str) -> ModuleType:
    """Import a module of a plug-in."""
    return importlib.import_module(f"{entry.package}.{module}")
