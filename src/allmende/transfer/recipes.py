"""Connectors as packages hold them: without their stations, which are local; recipes and mappings of tables alike."""

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import yaml

from allmende.sources.definition import MAPPING, RECIPE, Connector
from allmende.transfer.package.form import Recipe

Stations = tuple[dict[str, Any], ...]


def plain_of(one: Connector) -> Recipe:
    """Read a connector's two files as they stand, without stations."""
    manifest = tomllib.loads((one.folder / "manifest.toml").read_text(encoding="utf-8"))
    name, stations = (RECIPE, "stations") if one.mapping is None else (MAPPING, "things")
    said = yaml.safe_load((one.folder / name).read_text(encoding="utf-8-sig"))
    said[stations] = []
    if one.mapping is not None and one.mapping.station.thing:
        said["station"] = {**said["station"], "thing": ""}
    return Recipe(manifest=manifest, recipe=said, table=one.mapping is not None)


def stations_of(one: Connector) -> Stations:
    """Give the stations of a connector as its file names them."""
    return tuple(msgspec.to_builtins(one.recipe.stations if one.mapping is None else one.mapping.things))


def lay_down(folder: Path, plain: Recipe, stations: Stations, data_use: str) -> None:
    """Write a connector with this city's stations and data use into a folder of its own."""
    said = {**plain.recipe, "data_use": data_use}
    if plain.table:
        said["things"] = list(stations)
        if "thing" in (station := dict(said.get("station") or {})) and stations:
            # A table about one station names none in its rows: it is about this city's first.
            said["station"] = {**station, "thing": stations[0].get("slug", "")}
    else:
        said["stations"] = list(stations)
    name = MAPPING if plain.table else RECIPE
    (folder / name).write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    (folder / "manifest.toml").write_text(_toml(plain.manifest), encoding="utf-8")


def _toml(manifest: dict[str, Any]) -> str:
    """Write a manifest: plain values first, then its tables."""
    lines = [f"{key} = {_plain(value)}" for key, value in manifest.items() if not isinstance(value, dict)]
    for key, table in manifest.items():
        if isinstance(table, dict):
            lines += ["", f"[{key}]", *(f"{name} = {_plain(value)}" for name, value in table.items())]
    return "\n".join([*lines, ""])


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
