"""Opening a lake, and checking that it is what its manifest says."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.lake import form
from allmende.lake.form import File, Manifest, Part
from allmende.lake.place import Place, reached

Advance = Callable[[int, int], None]
BLOCK = 8 << 20

DAMAGED = ErrorCode(
    "lake.damaged",
    Text("Der See {place} ist beschädigt: {reason}.", "The lake {place} is damaged: {reason}."),
    Text(
        "Lassen Sie ihn dort neu schreiben, wo er herkommt: allmende lake rebuild",
        "Have it written anew where it comes from: allmende lake rebuild",
    ),
)


class Lake(msgspec.Struct, frozen=True):
    """A lake that was opened."""

    place: Place
    manifest: Manifest


def open_lake(place: Place) -> Lake:
    """Read the manifest and see that each file is there in full; what is in them is for ``faults`` to tell."""
    manifest = form.read_manifest(place.read(form.MANIFEST), place.address)
    sizes = place.sizes()
    for file in manifest.files:
        found = sizes.get(file.path)
        if found != file.bytes:
            reason = f"{file.path}: " + ("missing" if found is None else f"{found} bytes, not {file.bytes}")
            raise Invalid(DAMAGED, place=place.address, reason=reason)
    return Lake(place, manifest)


def require_sound(lake: Lake, advance: Advance) -> None:
    """Refuse a lake with a file that is not as its manifest says."""
    for fault in changed(lake, advance):
        raise Invalid(DAMAGED, place=lake.place.address, reason=fault)


def changed(lake: Lake, advance: Advance) -> Iterator[str]:
    """Name each file whose SHA-256 is another."""
    total, done = sum(file.bytes for file in lake.manifest.files), 0
    for file in lake.manifest.files:
        if _digest(lake.place, file) != file.sha256:
            yield f"{file.path}: SHA-256"
        done += file.bytes
        advance(done, total)


def faults(lake: Lake, advance: Advance) -> Iterator[str]:
    """Name all that is wrong: other bytes, other columns, other counts, rows out of order or place, strangers."""
    wrong = False
    for fault in changed(lake, advance):
        wrong = True
        yield fault
    if wrong:
        return
    named = {file.path for file in lake.manifest.files}
    yield from (f"{path}: not in the manifest" for path in lake.place.sizes() if path not in named)
    known = _numbers(lake, lake.manifest.streams)
    for part in lake.manifest.observations:
        yield from _faults_of(lake, part, known)


def _digest(place: Place, file: File) -> str:
    files, base = place.arrow()
    digest = hashlib.sha256()
    with reached(place.address), files.open_input_stream(f"{base}/{file.path}") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _opened(lake: Lake, file: File) -> Any:
    from pyarrow import parquet

    files, base = lake.place.arrow()
    return parquet.ParquetFile(f"{base}/{file.path}", filesystem=files)


def _numbers(lake: Lake, file: File) -> dict[int, str]:
    table = _opened(lake, file).read(["stream", "category"])
    return dict(zip(table["stream"].to_pylist(), table["category"].to_pylist(), strict=True))


def _faults_of(lake: Lake, part: Part, known: dict[int, str]) -> Iterator[str]:
    file = _opened(lake, part)
    if not file.schema_arrow.equals(form.observation_schema()):
        yield f"{part.path}: columns"
        return
    if file.metadata.num_rows != part.rows:
        yield f"{part.path}: {file.metadata.num_rows} rows, not {part.rows}"
    begin = np.datetime64(part.month, "M")
    first, end = begin.astype("datetime64[us]"), (begin + 1).astype("datetime64[us]")
    last: tuple[int, Any] = (-1, first)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=["stream", "time", "day"])
        stream, time = table["stream"].to_numpy(), table["time"].to_numpy()
        if not len(stream):
            continue
        steps = np.diff(stream)
        ordered = bool(((steps > 0) | ((steps == 0) & (np.diff(time) >= np.timedelta64(0)))).all())
        if not ordered or (int(stream[0]), time[0]) < last:
            yield f"{part.path}: out of order"
        if time.min() < first or time.max() >= end or (table["day"].to_numpy() != time.astype("datetime64[D]")).any():
            yield f"{part.path}: times outside of {part.month}"
        if any(known.get(int(number)) != part.category for number in np.unique(stream)):
            yield f"{part.path}: a datastream that is not of the category {part.category}"
        last = (int(stream[-1]), time[-1])
