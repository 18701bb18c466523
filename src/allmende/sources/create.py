"""``allmende new connector``: a folder with both files, as a copy of a shipped connector or as a plain beginning."""

import tomllib
from pathlib import Path

from allmende.kernel.errors import Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.definition import FAMILY, MAPPING, NAME, RECIPE, connector, shipped

THERE = ErrorCode(
    "source.there",
    Text("Den Ordner {folder} gibt es schon.", "The folder {folder} is there already."),
    Text("Ändern Sie seine Dateien, oder wählen Sie einen anderen Namen.", "Change its files, or choose another name."),
)
BAD_NAME = ErrorCode(
    "source.bad_name",
    Text("„{name}“ ist kein Name für einen Konnektor.", "“{name}” is no name for a connector."),
    Text("Erlaubt sind a–z, 0–9 und Bindestriche darin.", "Allowed are a–z, 0–9 and hyphens within."),
)
BEGINNING = "http-json"


def create(home: Path, name: str, like: str = "") -> Path:
    """Make the folder of a new connector; give it."""
    if NAME.fullmatch(name) is None:
        raise Invalid(BAD_NAME, name=name[:60])
    model = connector(home, like or BEGINNING)
    folder = home / FAMILY / name
    if folder.exists():
        raise Conflict(THERE, folder=folder)
    manifest = (model.folder / "manifest.toml").read_text(encoding="utf-8")
    folder.mkdir(parents=True)
    old = tomllib.loads(manifest)["id"]
    for file in (RECIPE, MAPPING):
        if (model.folder / file).exists():
            (folder / file).write_text((model.folder / file).read_text(encoding="utf-8"), encoding="utf-8")
    if model.manifest.kind == "folder":
        (home / "inbox" / name).mkdir(parents=True, exist_ok=True)
    # The manifest comes last: a folder without one is none yet.
    (folder / "manifest.toml").write_text(manifest.replace(f'id = "{old}"', f'id = "{name}"', 1), encoding="utf-8")
    return folder


def models() -> list[str]:
    """Name the shipped connectors that a new one can be like."""
    return [one.manifest.id for one in shipped()]
