"""Hashes, tiles and proofs against a literal reading of the standard; every mutation of a proof fails."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.ledger.files import read_tile_path, tile_path, tiles_of
from allmende.ledger.tree import Tree, continues, extended, hash_leaf, includes
from tests.ledger import naive


def entries(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


def tree(parts: list[list[bytes]]) -> Tree:
    """Grow a log part by part."""
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0

    def tile(level: int, place: int, _width: int) -> bytes:
        return tiles[level, place]

    for part in parts:
        tiles.update(extended(size, [hash_leaf(entry) for entry in part], tile))
        size += len(part)
    assert set(tiles) == {(level, place) for level, place, _ in tiles_of(size)}
    assert all(len(tiles[level, place]) == 32 * width for level, place, width in tiles_of(size))
    return Tree(size, tile)


SIZES = st.one_of(st.integers(1, 40), st.sampled_from([255, 256, 257, 511, 512, 513, 700]))


@settings(max_examples=60, deadline=None)
@given(size=SIZES, data=st.data())
def test_a_log_grown_in_parts_has_the_root_and_the_proofs_of_the_standard(size: int, data: st.DataObject) -> None:
    whole = entries(size)
    cuts = sorted(data.draw(st.sets(st.integers(0, size), max_size=5)))
    grown = tree([whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, size], strict=True)])
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert grown.root() == naive.head(whole)
    assert grown.root(old) == naive.head(whole[:old])
    assert grown.inclusion(index) == naive.path(index, whole)
    assert grown.consistency(old) == naive.proof(old, whole)


@settings(max_examples=150, deadline=None)
@given(size=SIZES, data=st.data())
def test_every_proof_of_inclusion_holds_and_every_change_of_it_fails(size: int, data: st.DataObject) -> None:
    whole = entries(size)
    index = data.draw(st.integers(0, size - 1))
    root, leaf, path = naive.head(whole), hash_leaf(whole[index]), naive.path(index, whole)
    assert includes(root, size, index, leaf, path)
    assert not includes(root, size, index, hash_leaf(b"another"), path)
    assert not includes(hashlib.sha256(b"another").digest(), size, index, leaf, path)
    assert not includes(root, size, index, leaf, [*path, root])
    other = data.draw(st.integers(-1, size + 1).filter(lambda number: number != index))
    assert not includes(root, size, other, leaf, path)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        flipped = bytes([path[place][0] ^ 1]) + path[place][1:]
        assert not includes(root, size, index, leaf, [*path[:place], flipped, *path[place + 1 :]])
        assert not includes(root, size, index, leaf, path[:-1])


@settings(max_examples=150, deadline=None)
@given(size=SIZES, data=st.data())
def test_every_proof_of_continuation_holds_and_every_change_of_it_fails(size: int, data: st.DataObject) -> None:
    whole = entries(size)
    old = data.draw(st.integers(1, size))
    before, after, path = (old, naive.head(whole[:old])), (size, naive.head(whole)), naive.proof(old, whole)
    assert continues(before, after, path)
    forked = (old, naive.head([*whole[: old - 1], b"another"]))
    assert not continues(forked, after, path)
    assert not continues(before, (size, hashlib.sha256(b"another").digest()), path)
    assert not continues(before, after, [*path, after[1]])
    assert not continues((size + 1, before[1]), after, path)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        flipped = bytes([path[place][0] ^ 1]) + path[place][1:]
        assert not continues(before, after, [*path[:place], flipped, *path[place + 1 :]])
        assert not continues(before, after, path[:-1])


@given(place=st.integers(0, 10**17), level=st.integers(0, 63), width=st.integers(1, 256))
def test_names_of_tiles_are_read_as_they_are_written(place: int, level: int, width: int) -> None:
    assert read_tile_path(tile_path(level, place, width)) == (level, place, width)


def test_names_of_tiles_are_those_of_the_standard() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 273, 112) == "tile/entries/273.p/112"
    named = list(tiles_of(70_000))
    assert len(named) == 273 + 1 + 1 + 1 + 1
    assert (0, 273, 112) in named
    assert (1, 1, 17) in named
    assert (2, 0, 1) in named
    wrong = (
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/00/000",
        "tile/0/1",
        "../key",
    )
    assert [read_tile_path(path) for path in wrong] == [None] * len(wrong)
