"""Every shipped connector against recorded replies, against the faults of its source, and against nonsense."""

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from allmende.families.registry import PACKAGE
from allmende.kernel.errors import Invalid
from allmende.sources.create import create
from allmende.sources.definition import Connector, read_connector, shipped
from allmende.sources.parse import Reading, Refusal
from allmende.sources.run import House, preview
from tests.sources.conftest import iso
from tests.sources.recordings import FAULTY, RECORDED, Faulty, Recorded

NAMES = sorted(one.manifest.id for one in shipped())
ODD: tuple[Any, ...] = (None, 0, -1, 1e308, 10**400, "", [], {}, [[]], [{}], "1e999", "-", True, "2024-13-45", "\x00")
READ_BY_RECIPE = [name for name in NAMES if name not in ("csv-folder", "tts", "chirpstack")]


def _made(house: House, name: str, keys: dict[str, str] | None = None) -> Connector:
    folder = create(house.home, f"my-{name}", name)
    recipe = folder / "source.yaml"
    text = recipe.read_text(encoding="utf-8")
    for old, new in (keys or {}).items():
        assert old in text
        text = text.replace(old, new)
    recipe.write_text(text, encoding="utf-8")
    return read_connector(folder, own=True)


def _first_part(connector: Connector) -> str | None:
    request = connector.recipe.request
    return request.parts[0] if request and request.parts else None


@pytest.mark.parametrize("one", RECORDED, ids=lambda one: f"{one.connector}-{Path(one.file).name}")
def test_recorded_replies(house: House, samples: Path, one: Recorded) -> None:
    connector = _made(house, one.connector, one.keys)
    found = preview(house, connector, (samples / one.file).read_bytes(), one.part)
    values = connector.recipe.values
    now = connector.recipe.time.path == "@received"
    seen = [
        ("" if now else iso(each.start), each.station, values[each.value].observed, each.result)
        for each in found
        if isinstance(each, Reading)
    ]
    assert set(one.sees) <= set(seen)
    assert Counter(each.reason for each in found if isinstance(each, Refusal)) == one.refuses
    assert len(seen) == one.count


@pytest.mark.parametrize("one", FAULTY, ids=lambda one: f"{one.connector}-{one.why}")
def test_the_faults_of_each_source(house: House, one: Faulty) -> None:
    connector = _made(house, one.connector)
    if one.error:
        with pytest.raises(Invalid, match=one.error):
            preview(house, connector, one.body, one.part)
        return
    found = preview(house, connector, one.body, one.part)
    now = connector.recipe.time.path == "@received"
    seen = [("" if now else iso(each.start), each.result) for each in found if isinstance(each, Reading)]
    assert sorted(seen) == sorted(one.sees)
    assert sorted(each.reason for each in found if isinstance(each, Refusal)) == sorted(one.refuses)


def _mutated(body: bytes, chance: Random) -> bytes:
    """Put something odd in place of parts of JSON, or of bytes of anything else."""
    try:
        return json.dumps(_odd(json.loads(body), chance)).encode()
    except ValueError:
        changed = bytearray(body[:20_000])
        for _ in range(chance.randrange(1, 20) if changed else 0):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        return bytes(changed)


def _odd(tree: Any, chance: Random) -> Any:
    if chance.random() < 0.06:
        return chance.choice(ODD)
    if isinstance(tree, dict):
        return {name: _odd(one, chance) for name, one in tree.items() if chance.random() > 0.02}
    return [_odd(one, chance) for one in tree[:6]] if isinstance(tree, list) else tree


@pytest.mark.parametrize("name", READ_BY_RECIPE)
def test_nonsense_is_explained_and_never_breaks(house: House, samples: Path, name: str) -> None:
    connector = _made(house, name)
    bodies = [(samples / one.file).read_bytes() for one in RECORDED if one.connector == name]
    bodies += [one.body for one in FAULTY if one.connector == name]
    nonsense = [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[[]]",
        b'"x"',
        b"1e999",
        b'{"data": NaN}',
        b"\xff\xfe<\x00",
        b"PK\x03\x04",
    ]
    nonsense += [
        b"<!DOCTYPE html><html>Wartung</html>",
        b'{"value": {}, "items": 1, "features": [1], "data": {"a": 1}}',
    ]
    nonsense += [b"[" * 100_000, b'{"value":' * 100_000, b"<a>" * 100_000]
    cut = [body[: len(body) * share // 7] for body in bodies for share in (1, 3, 6)]
    odd = [body.replace(b": 1", b": [1]").replace(b":1", b":null") for body in bodies]
    odd += [_mutated(body, Random(turn)) for turn in range(25) for body in bodies]
    for body in (*nonsense, *cut, *odd):
        try:
            found = preview(house, connector, body, _first_part(connector))
        except Invalid as error:
            assert error.code.code.startswith("source."), error
            assert error.what.de != error.what.en
        else:
            assert all(isinstance(one, Reading | Refusal) for one in found)
    with pytest.raises(Invalid):
        preview(house, connector, b"<!DOCTYPE html><html>Wartung</html>", _first_part(connector))


# What a city makes its own of, and that of which no reply was recorded.
BEGINNINGS = ("csv-folder", "http-json", "mqtt-json")
UNSEEN = ("lubw", "ecocounter", "bast", "mastr", "parkapi")


@pytest.mark.parametrize("name", NAMES)
def test_each_manifest_says_whose_data_these_are(name: str) -> None:
    connector = read_connector(PACKAGE / "connectors" / name, own=False)
    manifest, facts = connector.manifest, connector.manifest.data
    assert facts is not None
    assert all((manifest.title.de, manifest.title.en, manifest.description.de, manifest.description.en))
    assert manifest.description.de != manifest.description.en
    assert all((manifest.owner, facts.licence, facts.attribution, facts.publisher))
    assert facts.url or manifest.kind == "push", "what is measured by the city itself has no address yet"
    assert facts.cadence_seconds > 0
    if facts.licence == "unknown":
        assert manifest.note is not None, "what is not known is said"
        assert "Lizenz" in manifest.note.de
        assert "licence" in manifest.note.en
    assert facts.data_sheet or connector.name in BEGINNINGS
    if connector.name in UNSEEN:
        assert manifest.note is not None
        assert "Format nach der Dokumentation, nicht im Betrieb gesehen" in manifest.note.de
        assert "Format by documentation, not seen live" in manifest.note.en
    if manifest.kind == "pull":
        assert manifest.schedule is not None
        assert manifest.schedule.every_seconds >= 300
    assert connector.name not in ("gbfs", "gbfs-vehicles", "mastr") or facts.keep_raw_days == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_city_of_the_pack_may_collect_what_ships(name: str) -> None:
    connector = read_connector(PACKAGE / "connectors" / name, own=False)
    ethics = yaml.safe_load((PACKAGE / "packs" / "konstanz" / "ethics.yaml").read_text(encoding="utf-8"))
    parents = {one["slug"]: one.get("parent") for one in ethics["purposes"]}
    purpose, wider = connector.recipe.purpose, set()
    while purpose:
        wider.add(purpose)
        purpose = parents[purpose] or ""
    permits = [
        rule
        for rule in ethics["rules"]
        if rule["effect"] == "permit"
        and "collect" in rule["verbs"]
        and connector.recipe.category in rule["categories"]
        and wider & set(rule["purposes"])
    ]
    assert permits


def test_a_source_of_single_vehicles_or_people_keeps_no_reply(house: House) -> None:
    for name in ("gbfs", "gbfs-vehicles", "mastr"):
        folder = create(house.home, f"kept-{name}", name)
        manifest = folder / "manifest.toml"
        text = manifest.read_text(encoding="utf-8").replace("keep_raw_days = 0", "keep_raw_days = 1")
        manifest.write_text(text, encoding="utf-8")
        with pytest.raises(Invalid, match="more than may be kept"):
            read_connector(folder, own=True)
