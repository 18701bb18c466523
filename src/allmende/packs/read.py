"""Reads the files of a city pack; errors name file, place and reason."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import yaml

from allmende.families.manifest import Unreadable
from allmende.families.registry import member
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

BAD_FILE = ErrorCode(
    "packs.bad_file",
    Text("Stadtpaket {pack}, {file}, {place}: {reason}.", "City pack {pack}, {file}, {place}: {reason}."),
    Text("Berichtigen Sie die Datei; nichts wurde geladen.", "Correct the file; nothing was loaded."),
)
T = TypeVar("T")


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a station stands (WGS 84) and how well that is known."""

    slug: str
    name: str
    longitude: float | None
    latitude: float | None
    position: str
    description: Text
    kind: str = "weather-station"


class Stations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``stations.yaml``."""

    stations: tuple[Place, ...]
    source: str = ""
    source_url: str = ""


class NamedPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the city that people look for by its name; the point is its middle, roughly."""

    name: Text
    longitude: float
    latitude: float


class Places(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``places.yaml``, which a pack may have."""

    places: tuple[NamedPlace, ...]
    source: str = ""


class CityFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure about the city, with the day for which it holds and its source."""

    value: Decimal
    day: dt.date | None = None
    source: str = ""
    source_url: str = ""


class CityFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``city.yaml``, which a pack may have: official municipality key, inhabitants, area in km². None is unknown."""

    ags: Annotated[str, msgspec.Meta(pattern="^[0-9]{8}$")] | None = None
    inhabitants: CityFigure | None = None
    area: CityFigure | None = None


def pack_folder(pack: str) -> Path:
    """Give the folder of a pack; raises for an unknown one, naming those that are there, and for a broken manifest."""
    try:
        return member("packs", pack).folder
    except Unreadable as error:
        found = error.finding
        raise Invalid(BAD_FILE, pack=pack, file="manifest.toml", place=found.field, reason=found.reason) from error


def read_parts(pack: str, names: tuple[str, ...], kind: type[T]) -> T:
    """Read YAML files whose top levels together make one struct."""
    tree: dict[str, object] = {}
    for name in names:
        path = pack_folder(pack) / name
        try:
            part = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise Invalid(BAD_FILE, pack=pack, file=name, place="$", reason=error.strerror) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise Invalid(BAD_FILE, pack=pack, file=name, place="$", reason=reason) from error
        if not isinstance(part, dict):
            raise Invalid(BAD_FILE, pack=pack, file=name, place="$", reason="Expected `object`")
        tree |= part
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        file = ", ".join(names)
        raise Invalid(BAD_FILE, pack=pack, file=file, place=place.rstrip("`") or "$", reason=reason) from error


def read_optional(pack: str, name: str, kind: type[T]) -> T | None:
    """Read a file that a pack may have; None where it has none."""
    return read_parts(pack, (name,), kind) if (pack_folder(pack) / name).exists() else None


@lru_cache(maxsize=4)
def read_places(pack: str) -> tuple[NamedPlace, ...]:
    """Give the places that a pack names; none where it has no such file."""
    if not (pack_folder(pack) / "places.yaml").exists():
        return ()
    return read_parts(pack, ("places.yaml",), Places).places


@lru_cache(maxsize=4)
def read_city(pack: str) -> CityFacts:
    """Give what a pack knows of its city; nothing where it has no such file."""
    return read_optional(pack, "city.yaml", CityFacts) or CityFacts()


def read_text(pack: str, name: str, language: str) -> str:
    """Give a page text (Markdown) in a language."""
    path = pack_folder(pack) / "texts" / f"{name}.{language}.md"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid(BAD_FILE, pack=pack, file=path.name, place="$", reason=error.strerror) from error
