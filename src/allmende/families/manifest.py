"""What a plug-in folder says about itself in ``manifest.toml``."""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from allmende.kernel.text import Text

API = 1
Quality = Literal["bronze", "silver", "gold", "platinum"]


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a connector fetches; the start of each run is put off by up to ``jitter_seconds``."""

    every_seconds: int
    jitter_seconds: int = 30


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connector says of its data: licence and attribution, where it is described, how often a value comes."""

    licence: str
    attribution: str
    publisher: str = ""
    url: str = ""
    data_sheet: str = ""
    cadence_seconds: int = 0
    keep_raw_days: int = 14


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plug-in: ``api`` is the major version of the plug-in contract, ``routes`` the module that a door mounts."""

    api: int
    id: str
    title: Text
    description: Text
    licence: str
    owner: str
    kind: str = ""
    quality: Quality = "bronze"
    prefix: str = ""
    routes: str = ""
    note: Text | None = None
    conformance: tuple[str, ...] = ()
    schedule: Schedule | None = None
    data: Facts | None = None


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong in a plug-in folder."""

    file: str
    field: str
    reason: Text


class Unreadable(ValueError):
    """A manifest that cannot be taken."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(f"{finding.file}: {finding.field}: {finding.reason.en}")


def read_manifest(folder: Path) -> Manifest:
    """Read and check a manifest; raise ``Unreadable`` with file, field and reason."""
    path = folder / "manifest.toml"
    name = f"{folder.parent.name}/{folder.name}/manifest.toml"
    try:
        manifest = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Manifest)
    except OSError as error:
        missing = Text("Die Datei fehlt oder ist nicht lesbar", "the file is missing or cannot be read")
        raise Unreadable(Finding(name, "$", missing)) from error
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `")
        raise Unreadable(Finding(name, field.rstrip("`") or "$", Text(reason, reason))) from error
    except ValueError as error:
        raise Unreadable(Finding(name, "$", Text(f"kein gültiges TOML: {error}", f"no valid TOML: {error}"))) from error
    if manifest.api != API:
        reason_ = Text(
            f"für Schnittstelle {manifest.api} gebaut, dieses Programm hat {API}",
            f"built for contract {manifest.api}, this program has {API}",
        )
        raise Unreadable(Finding(name, "api", reason_))
    if manifest.id != folder.name:
        wrong = Text(f"muss „{folder.name}“ heißen wie der Ordner", f"must be “{folder.name}” like the folder")
        raise Unreadable(Finding(name, "id", wrong))
    return manifest
