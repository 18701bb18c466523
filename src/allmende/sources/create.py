"""``allmende new connector``: a folder with both files, as a copy of a shipped connector or as a plain beginning."""

import json
import tomllib
from pathlib import Path

import msgspec

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


class About(msgspec.Struct, frozen=True):
    """What a manifest is to say of its source; what is empty stays as in the model."""

    title: str = ""
    licence: str = ""
    attribution: str = ""
    url: str = ""
    every: int = 0


NOTHING = About()


def create(home: Path, name: str, like: str = "", about: About = NOTHING) -> Path:
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
    manifest = manifest.replace(f'id = "{old}"', f'id = "{name}"', 1)
    (folder / "manifest.toml").write_text(_told(manifest, about), encoding="utf-8")
    return folder


def _told(manifest: str, about: About) -> str:
    """Write what is said of the source into the manifest."""
    texts = {("title", "de"): about.title, ("title", "en"): about.title}
    texts |= {("description", "de"): about.title, ("description", "en"): about.title}
    texts |= {("data", key): getattr(about, key) for key in ("licence", "attribution", "url")}
    texts |= {("data", "publisher"): about.attribution}
    written = {place: json.dumps(text, ensure_ascii=False) for place, text in texts.items() if text}
    if about.every:
        written |= {("schedule", "every_seconds"): str(about.every), ("data", "cadence_seconds"): str(about.every)}
    lines, section = [], ""
    for line in manifest.splitlines():
        section = line.strip("[]") if line.startswith("[") else section
        key = line.partition(" = ")[0]
        lines.append(f"{key} = {written[section, key]}" if (section, key) in written else line)
    return "\n".join([*lines, ""])


def models() -> list[str]:
    """Name the shipped connectors that a new one can be like."""
    return [one.manifest.id for one in shipped()]
