"""A log as files: every fault is named, and no other file is blamed."""

import base64
import hashlib
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.kernel.errors import AllmendeError
from allmende.ledger.check import verify_consistency, verify_log, verify_proof, write_proof
from allmende.ledger.entry import Begun, Entry, RulesPublished, entry_bytes
from allmende.ledger.files import FolderSource, bundled, tile_path, tiles_of
from allmende.ledger.note import LOG, Checkpoint, Key, Signer, opened, signed
from allmende.ledger.tree import Tree, extended, hash_leaf

SIGNER = Signer.made("stadt.example/ledger", LOG)


def entries(count: int, word: str = "") -> list[bytes]:
    """Give entries as they are written, one a second."""
    found: list[Entry] = [Begun(at="2026-01-01T00:00:00Z", format=1, origin=SIGNER.key.name)]
    for number in range(1, count):
        at = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        digest = hashlib.sha256(f"{word}{number}".encode()).hexdigest()
        found.append(RulesPublished(at=at, acted=at, version=number, sha256=digest, actor=digest))
    return [entry_bytes(entry) for entry in found]


def write(folder: Path, found: list[bytes], signer: Signer = SIGNER) -> Path:
    """Write a log of entries as files."""
    tiles = extended(0, [hash_leaf(entry) for entry in found], lambda *_: b"")
    for level, place, width in tiles_of(len(found)):
        put(folder / tile_path(level, place, width), tiles[level, place])
        if level == 0:
            put(folder / tile_path("entries", place, width), bundled(found[place * 256 : place * 256 + width]))
    root = tree(found).root()
    put(folder / "checkpoint", signed(Checkpoint(signer.key.name, len(found), root), signer))
    return folder


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def tree(found: list[bytes]) -> Tree:
    tiles = extended(0, [hash_leaf(entry) for entry in found], lambda *_: b"")
    return Tree(len(found), lambda level, place, _: tiles[level, place])


def fault(folder: Path, key: Key = SIGNER.key) -> tuple[str, str]:
    """Give the code and the sentence of what is wrong."""
    with pytest.raises(AllmendeError) as refused:
        verify_log(FolderSource(folder), key)
    return refused.value.code.code, refused.value.what.en


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("log"), entries(600))
    assert verify_log(FolderSource(folder), SIGNER.key).checkpoint.size == 600
    return folder


FILES = ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88", "checkpoint"]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), data=st.data())
def test_one_flipped_bit_is_found_and_its_file_named(sound: Path, name: str, data: st.DataObject) -> None:
    path = sound / name
    content = path.read_bytes()
    place, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
    path.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
    try:
        code, sentence = fault(sound)
    finally:
        path.write_bytes(content)
    assert code.startswith("ledger.")
    if name != "checkpoint":
        assert name in sentence
    if name == "tile/0/000":
        assert f"Entry {place // 32} " in sentence
    if name == "tile/1/000.p/2":
        assert f"Hash {place // 32} " in sentence
    assert verify_log(FolderSource(sound), SIGNER.key).checkpoint.size == 600


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), data=st.data())
def test_a_cut_end_is_found_and_its_file_named(sound: Path, name: str, data: st.DataObject) -> None:
    path = sound / name
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    try:
        code, sentence = fault(sound)
    finally:
        path.write_bytes(content)
    assert code in ("ledger.cut_file", "ledger.bad_note", "ledger.false_signature")
    assert name in sentence or name == "checkpoint"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(sound: Path, name: str) -> None:
    path = sound / name
    content = path.read_bytes()
    path.unlink()
    assert fault(sound) == ("ledger.missing_file", f"{name} is missing from the log.")
    path.write_bytes(content)


def test_a_fork_is_found_and_what_went_on_is_not(tmp_path: Path) -> None:
    old, honest, forked = (tmp_path / name for name in ("old", "honest", "forked"))
    write(old, entries(300))
    write(honest, entries(600))
    write(forked, [*entries(299), *entries(600, "other")[299:]])
    before = opened((old / "checkpoint").read_bytes(), SIGNER.key)
    for check in (
        lambda folder: verify_log(FolderSource(folder), SIGNER.key, before=before),
        lambda folder: verify_consistency(FolderSource(folder), SIGNER.key, before),
    ):
        check(honest)
        check(old)
        with pytest.raises(AllmendeError) as refused:
            check(forked)
        assert refused.value.code.code == "ledger.fork"
        assert "300" in refused.value.what.en
    later = opened((honest / "checkpoint").read_bytes(), SIGNER.key)
    with pytest.raises(AllmendeError) as refused:
        verify_log(FolderSource(old), SIGNER.key, before=later)
    assert refused.value.code.code == "ledger.shrunk"


def test_a_clock_set_back_another_form_and_another_key_are_named(tmp_path: Path) -> None:
    found = entries(5)
    assert fault(write(tmp_path / "back", [*found[:3], found[4], found[3]]))[0] == "ledger.backwards"
    assert "Entry 4 (2026-01-01T00:00:03Z)" in fault(tmp_path / "back")[1]
    loose = msgspec.json.encode({**msgspec.json.decode(found[2]), "name": "Rita"}, order="sorted")
    assert fault(write(tmp_path / "more", [*found[:2], loose]))[1].startswith("Entry 2 has not the form")
    spaced = found[2].replace(b",", b", ", 1)
    assert "canonical" in fault(write(tmp_path / "spaced", [*found[:2], spaced]))[1]
    assert fault(tmp_path / "back", Signer.made(SIGNER.key.name, LOG).key)[0] == "ledger.other_key"


def test_a_false_root_and_a_false_rule_book_are_named(tmp_path: Path) -> None:
    content = b'{"rules": []}'
    at = "2026-01-01T00:00:00Z"
    book = RulesPublished(at=at, acted=at, version=7, sha256=hashlib.sha256(content).hexdigest(), actor="")
    folder = write(tmp_path, [entries(1)[0], entry_bytes(book)])
    put(folder / "rulebooks" / "7.json", content)
    assert verify_log(FolderSource(folder), SIGNER.key).rulebooks == 1
    put(folder / "rulebooks" / "7.json", content + b" ")
    assert fault(folder) == ("ledger.other_rulebook", "rulebooks/7.json is not the rule book that entry 1 names.")
    (folder / "rulebooks" / "7.json").unlink()
    put(folder / "checkpoint", signed(Checkpoint(SIGNER.key.name, 2, bytes(32)), SIGNER))
    assert fault(folder)[0] == "ledger.other_root"


def test_a_proof_holds_and_no_changed_one_does() -> None:
    found = entries(300)
    whole = tree(found)
    checkpoint = signed(Checkpoint(SIGNER.key.name, 300, whole.root()), SIGNER)
    proof = write_proof(found[17], 17, whole.inclusion(17), checkpoint)
    assert verify_proof(proof, SIGNER.key)[:2] == (found[17], 17)
    head = proof[: proof.index(b"\n\n")]
    for place in range(len(head)):
        changed = proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]
        with pytest.raises(AllmendeError) as refused:
            verify_proof(changed, SIGNER.key)
        assert re.fullmatch(r"ledger\.(bad_proof|not_included)", refused.value.code.code)
    for index in (16, 18, 299, 300):
        other = write_proof(found[17], index, whole.inclusion(17), checkpoint)
        with pytest.raises(AllmendeError, match=f"Entry {index} does not stand so"):
            verify_proof(other, SIGNER.key)
    assert base64.b64encode(found[17]) in proof
