"""Plug-in folders are found by their manifests, and a broken one is named with file, field and reason."""

from pathlib import Path

import pytest

from allmende.families.check import check_families
from allmende.families.manifest import Unreadable, read_manifest
from allmende.families.registry import FAMILIES, members

GOOD = """
api = 1
id = "probe"
title = { de = "Probe", en = "Probe" }
description = { de = "Zur Probe", en = "As a probe" }
licence = "EUPL-1.2"
owner = "tests"
"""


def _folder(folder: Path, text: str) -> Path:
    plugin = folder / "apis" / "probe"
    plugin.mkdir(parents=True)
    (plugin / "manifest.toml").write_text(text, encoding="utf-8")
    return plugin


def test_all_our_own_are_sound_and_there() -> None:
    assert check_families() == []
    found = {family: {member.manifest.id for member in members(family)} for family in FAMILIES}
    assert found["apis"] >= {"sensorthings"}
    assert found["packs"] >= {"konstanz"}
    assert found["connectors"] >= {"table", "simulation"}


def test_a_sound_manifest_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(_folder(tmp_path, GOOD))
    assert (manifest.id, manifest.title.en, manifest.quality) == ("probe", "Probe", "bronze")


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("api = 1", "api = 2", "api", "built for contract 2"),
        ('id = "probe"', 'id = "other"', "id", "must be “probe”"),
        ('owner = "tests"', "", "$", "owner"),
        ('owner = "tests"', 'owner = "tests"\ncolour = "red"', "$", "colour"),
        ('title = { de = "Probe", en = "Probe" }', 'title = { de = "Probe", en = "" }', "$.title", "both languages"),
        ("api = 1", "api = ", "$", "no valid TOML"),
        ('licence = "EUPL-1.2"', "licence = 5", "$.licence", "str"),
    ],
)
def test_a_broken_manifest_is_named(tmp_path: Path, old: str, new: str, field: str, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_manifest(_folder(tmp_path, GOOD.replace(old, new)))
    finding = caught.value.finding
    assert (finding.file, finding.field) == ("apis/probe/manifest.toml", field)
    assert reason in finding.reason.en


def test_a_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "apis" / "probe").mkdir(parents=True)
    with pytest.raises(Unreadable, match="missing or cannot be read"):
        read_manifest(tmp_path / "apis" / "probe")
