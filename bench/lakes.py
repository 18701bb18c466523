"""Lakes of made-up observations, by the real writer of months: no store is asked, as filling one takes an hour."""

from pathlib import Path
from typing import Any

import numpy as np

from allmende.gate.query import Points
from allmende.lake import form
from allmende.lake.content import table
from allmende.lake.form import File, Manifest, Part
from allmende.lake.month import MonthFile, batch
from allmende.lake.place import Folder

STREAMS, STEP = 5_000, 600_000_000
FIRST = np.datetime64("2025-01", "M")


def _points(start: Any, chance: np.random.Generator) -> Points:
    count = len(start)
    none = np.zeros(count, np.int64)
    warm = 12 + 8 * np.sin(start / STEP / 144 * 2 * np.pi) + chance.normal(0, 1) + chance.normal(0, 0.3, count)
    columns = dict.fromkeys(
        ("sequence", "duration", "latency", "known", "received", "quality", "source", "feature"), none
    )
    return Points(start=start, number=np.round(warm, 1), **columns)


def make_lake(folder: Path, city: str, count: int, streams: int = STREAMS) -> int:
    """Write a lake of about so many observations, every ten minutes, month after month; give its size in bytes."""
    place, chance = Folder(folder), np.random.default_rng(1)
    left, month, parts = count // streams, FIRST, []
    while left > 0:
        begin, end = (edge.astype("datetime64[us]").astype(np.int64) for edge in (month, month + 1))
        start = np.arange(begin, end, STEP, dtype=np.int64)[:left]
        left, month = left - len(start), month + 1
        parts.append(_month(place, str(month - 1), start, streams, chance))
    _close(place, city, parts, streams)
    return sum(part.bytes for part in parts)


def _month(place: Folder, name: str, start: Any, streams: int, chance: np.random.Generator) -> Part:
    with place.scratch() as scratch:
        path = scratch / "month.parquet"
        with MonthFile(path) as file:
            for stream in range(1, streams + 1):
                file.add_batch(batch(stream, _points(start, chance)))
        digest, size = form.digest_of(path), path.stat().st_size
        target = f"observations/category=weather/month={name}/{digest[:16]}.parquet"
        place.put(target, path)
    return Part(path=target, bytes=size, sha256=digest, category="weather", month=name, rows=file.rows, stamp="bench")


def _close(place: Folder, city: str, parts: list[Part], streams: int) -> None:
    words = dict.fromkeys(("unit", "category", "data_use", "dataset", "licence", "attribution"), "")
    told = [
        {
            **words,
            "stream": n,
            "thing": n,
            "name": f"T {n}",
            "observed": "air-temperature",
            "unit": "Cel",
            "simulated": True,
        }
        for n in range(1, streams + 1)
    ]
    things = [{"thing": n, "slug": f"t-{n}", "name": f"T {n}", "description": ""} for n in range(1, streams + 1)]
    contents = {
        "streams": (table(form.stream_schema(), told), "parquet"),
        "things": (table(form.thing_schema(), things), "parquet"),
        "rules": (b"{}", "json"),
    }
    files: dict[str, File] = {}
    for kind, (raw, ending) in contents.items():
        files[kind] = form.named(kind, raw, ending)
        place.write(files[kind].path, raw)
    manifest = Manifest(
        city=city,
        address="",
        verb="publish",
        purpose="open-data",
        recipient="public",
        rulebook=0,
        sheets=0,
        until="2026-01-01T00:00:00Z",
        licences=(),
        observations=tuple(parts),
        **files,
    )
    place.write(form.MANIFEST, form.canonical(manifest))
