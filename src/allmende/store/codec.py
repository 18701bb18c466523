"""The bytes of a chunk of observations: each column as constant, line, or differences, then zstandard.

The layout is open and versioned; docs/reference/chunk-format.md describes it byte by byte. The first byte says which:
``1`` is columns, ``2`` is rows, the form of a few fresh observations. The last four are a checksum of all before them.
"""

import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import zstandard

from allmende.kernel.errors import Broken, ErrorCode
from allmende.kernel.text import Text
from allmende.store.points import INTEGERS, TEXTS, Floats, Ints, Points, Row, points_from_rows

COLUMNS, ROWS = b"\x01", b"\x02"
# The form of rows, and MessagePack's list of one.
_ONE_ROW = ROWS + b"\x91"
CONSTANT, LINE, DIFFERENCES, SCALED, PLAIN, EMPTY = range(6)
UNITS = (60_000_000, 1_000_000, 1_000)
DECIMALS = (1.0, 10.0, 100.0, 1_000.0, 1_000_000.0)
EXACT = float(1 << 50)
_UNFOLDED = np.array([(value >> 1) ^ -(value & 1) for value in range(256)], np.int64)
_HEAD, _SUM = struct.Struct("<cH"), struct.Struct("<I")
_pack, _unpack = msgspec.msgpack.encode, msgspec.msgpack.decode
_rows = msgspec.msgpack.Decoder(list[Row])
_of_thread = threading.local()

DAMAGED = ErrorCode(
    "store.damaged",
    Text("Ein gespeicherter Block ist beschädigt: {why}", "A stored chunk is damaged: {why}"),
    Text(
        "Führen Sie aus: allmende doctor store, und spielen Sie die letzte Sicherung ein.",
        "Run: allmende doctor store, and restore the last backup.",
    ),
)

Description = list[Any]


def _shuffled(values: Any, width: int) -> bytes:
    """Put the first bytes of all values first, then the second ones, and so on."""
    return values.view(np.uint8).reshape(len(values), width).T.tobytes()  # type: ignore[no-any-return]


def _unshuffled(raw: memoryview, kind: str, width: int, count: int) -> Any:
    if width == 1:
        return np.frombuffer(raw, np.uint8, count)
    return np.frombuffer(raw, np.uint8, count * width).reshape(width, count).T.copy().view(kind)[:, 0]


def _pack_integers(values: Ints) -> tuple[Description, bytes]:
    first = int(values[0])
    steps = np.diff(values)
    if not steps.any():
        return [CONSTANT, first], b""
    step = int(steps[0])
    if bool((steps == step).all()):
        return [LINE, first, step], b""
    unit = next((unit for unit in UNITS if not (steps % unit).any()), 1)
    steps = steps // unit
    folded = ((steps << 1) ^ (steps >> 63)).view(np.uint64)
    greatest = int(folded.max())
    width = next(width for width in (1, 2, 4, 8) if greatest < 1 << (8 * width))
    return [DIFFERENCES, first, unit, width], _shuffled(folded.astype(f"<u{width}"), width)


def _unfolded(folded: Any) -> Ints:
    """Give the signed numbers, whose sign stands in the last bit."""
    if folded.dtype == np.uint8:
        return _UNFOLDED[folded]  # type: ignore[no-any-return]
    signed = (folded >> 1) ^ np.negative(folded & 1)
    return signed.view(folded.dtype.str.replace("u", "i"))  # type: ignore[no-any-return]


def _unpack_integers(how: Description, raw: memoryview, count: int) -> Ints:
    kind, first = how[0], how[1]
    values = np.empty(count, np.int64)
    if kind == CONSTANT:
        values.fill(first)
        return values
    if kind == LINE:
        values[:] = np.arange(count) * how[2] + first
        return values
    unit, width = how[2], how[3]
    values[0] = 0
    np.cumsum(_unfolded(_unshuffled(raw, f"<u{width}", width, count - 1)), out=values[1:])
    if unit != 1:
        values *= unit
    values += first
    return values


def _scale(values: Floats) -> tuple[float, Ints] | None:
    """Find the power of ten that makes all numbers whole, exactly."""
    if not np.isfinite(values).all() or bool((np.signbit(values) & (values == 0)).any()):
        return None
    for scale in DECIMALS:
        scaled = np.rint(values * scale)
        if bool((scaled / scale == values).all()) and float(np.abs(scaled).max()) < EXACT:
            return scale, scaled.astype(np.int64)
    return None


def _pack_numbers(values: Floats) -> tuple[Description, bytes]:
    if bool(np.isnan(values).all()):
        return [EMPTY], b""
    found = _scale(values)
    if found is None:
        return [PLAIN], _shuffled(values.astype("<f8"), 8)
    how, raw = _pack_integers(found[1])
    return [SCALED, found[0], *how], raw


def _unpack_numbers(how: Description, raw: memoryview, count: int) -> Floats:
    if how[0] == EMPTY:
        return np.full(count, np.nan)
    if how[0] == PLAIN:
        return _unshuffled(raw, "<f8", 8, count)  # type: ignore[no-any-return]
    numbers: Floats = _unpack_integers(how[2:], raw, count) / how[1]
    return numbers


def _size(how: Description, count: int) -> int:
    """Give how many bytes a column takes."""
    kind = how[0]
    if kind == PLAIN:
        return 8 * count
    return int(
        (how[5] if kind == SCALED and how[2] == DIFFERENCES else how[3] if kind == DIFFERENCES else 0) * (count - 1)
    )


def pack(points: Points) -> bytes:
    """Pack columns that hold at least one point."""
    packed = [_pack_integers(getattr(points, name)) for name in INTEGERS]
    packed.append(_pack_numbers(points.number))
    texts = {name: found for name in TEXTS if (found := getattr(points, name)) is not None}
    tail = _pack(texts) if texts else b""
    head = _pack([len(points), *(how for how, _ in packed)])
    body = b"".join(raw for _, raw in packed) + tail
    return _sealed(_HEAD.pack(COLUMNS, len(head)) + head + (_compressor().compress(body) if body else b""))


def pack_rows(rows: list[Row]) -> bytes:
    """Pack a few rows quickly."""
    return _sealed(ROWS + _pack(rows))


def pack_row(row: bytes) -> bytes:
    """Pack a single row that is MessagePack already, as ``pack_rows`` does."""
    return _sealed(_ONE_ROW + row)


def unpack(body: bytes) -> Points:
    """Unpack either form."""
    rows = rows_in(body)
    with _checked():
        if rows is not None:
            return points_from_rows(rows)
        return Points(**unpack_columns(body, (*INTEGERS, "number"), texts=True))


def unpack_columns(body: bytes, wanted: Sequence[str], *, texts: bool = False) -> dict[str, Any]:
    """Unpack some columns of the form of columns; those of texts, where there are any, all or none."""
    with _checked():
        head, raw = _opened(body)
        count, place = head[0], 0
        columns: dict[str, Any] = {}
        for name, how in zip((*INTEGERS, "number"), head[1:], strict=True):
            if name in wanted:
                unpacker = _unpack_numbers if name == "number" else _unpack_integers
                columns[name] = unpacker(how, raw[place:], count)
            place += _size(how, count)
        if texts and place < len(raw):
            columns |= _unpack(raw[place:])
        return columns


@contextmanager
def _checked() -> Iterator[None]:
    try:
        yield
    except (ValueError, IndexError, TypeError, struct.error, zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise Broken(DAMAGED, why=str(error)[:100]) from error


def rows_in(body: bytes) -> list[Row] | None:
    """Give the rows of the form for a few; None for columns."""
    if body[:1] != ROWS:
        return None
    with _checked():
        return _rows.decode(_content(body)[1:])


def _sealed(content: bytes) -> bytes:
    return content + _SUM.pack(zlib.crc32(content))


def _content(body: bytes) -> memoryview:
    """Give what lies before the checksum, if that is right."""
    content = memoryview(body)[: -_SUM.size]
    if (zlib.crc32(content),) != _SUM.unpack(memoryview(body)[-_SUM.size :]):
        raise ValueError("the checksum differs")
    return content


def _opened(stored: bytes) -> tuple[list[Any], memoryview]:
    body = _content(stored)
    kind, length = _HEAD.unpack_from(body)
    if kind != COLUMNS:
        raise ValueError(f"unknown layout {kind!r}")
    begin = _HEAD.size + length
    head = _unpack(body[_HEAD.size : begin])
    raw = _decompressor().decompress(body[begin:]) if len(body) > begin else b""
    return head, memoryview(raw)


def _compressor() -> zstandard.ZstdCompressor:
    """Give the one of this thread: two that pack with one at once would get an error, or each other's bytes."""
    found: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if found is None:
        found = zstandard.ZstdCompressor(level=3, write_checksum=False, write_content_size=True)
        _of_thread.compressor = found
    return found


def _decompressor() -> zstandard.ZstdDecompressor:
    """Give the one of this thread: making one takes as long as unpacking a chunk, and threads may not share it."""
    found: zstandard.ZstdDecompressor | None = getattr(_of_thread, "decompressor", None)
    if found is None:
        found = _of_thread.decompressor = zstandard.ZstdDecompressor()
    return found
