"""Files as instruments would send them, for the sources of a demonstration: what they say depends on the time alone."""

import datetime as dt
import math
import random
from collections.abc import Callable
from pathlib import Path

import msgspec

STEP = 300
DAY = 86_400
FIRST, OVERLAP = DAY, 3_600
# Every so many steps the level jumps, so that it shows what becomes of a value that cannot be.
SPIKE_EVERY, SPIKE = 433, 150.0


def _noise(name: str, second: int) -> float:
    return random.Random(f"{name}-{second}").gauss(0, 1)  # noqa: S311 - made-up weather, no secret


def level(second: int) -> float:
    """Give the level of a lake in centimetres."""
    season = 40 * math.sin(2 * math.pi * (second / DAY - 80) / 365)
    spike = SPIKE if second // STEP % SPIKE_EVERY == 0 else 0.0
    return round(345 + season + math.sin(second / 2_000) + 0.3 * _noise("level", second) + spike, 1)


def soil(second: int) -> tuple[float, float]:
    """Give moisture in percent, which falls for four days until somebody waters, and temperature in °C."""
    dry = second % (4 * DAY) / (4 * DAY)
    season = 9 * math.sin(2 * math.pi * (second / DAY - 110) / 365)
    swing = 2 * math.sin(2 * math.pi * (second / DAY - 0.42))
    return round(34 - 19 * dry + 0.2 * _noise("wet", second), 1), round(
        11 + season + swing + 0.1 * _noise("warm", second), 1
    )


def _json(seconds: range) -> bytes:
    values = [{"time": f"{_at(one).isoformat()}", "level": level(one)} for one in seconds]
    return msgspec.json.encode({"values": values})


def _table(seconds: range) -> bytes:
    rows = [
        (f"{_at(one):%d.%m.%Y %H:%M}", *(f"{value:.1f}".replace(".", ",") for value in soil(one))) for one in seconds
    ]
    return "\n".join(";".join(row) for row in [("Zeit", "Bodenfeuchte", "Bodentemperatur"), *rows]).encode()


def _at(second: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(second, dt.UTC)


MAKERS: dict[str, tuple[str, Callable[[range], bytes]]] = {
    "demo-seepegel": ("json", _json),
    "demo-baumbeet": ("csv", _table),
}


def drop_files(home: Path, now: dt.datetime) -> int:
    """Put a file for each source of the demonstration that is there into its folder; give how many.

    The first one reaches back a day, the others overlap by an hour. What was taken a day ago is cleared.
    """
    count, until = 0, int(now.timestamp()) // STEP * STEP
    for name, (kind, make) in MAKERS.items():
        if not (home / "connectors" / name).is_dir():
            continue
        folder = home / "inbox" / name
        folder.mkdir(parents=True, exist_ok=True)
        done = list((folder / "done").glob("*")) if (folder / "done").is_dir() else []
        begin = until - (OVERLAP if done else FIRST)
        fresh = folder / f".{until}.tmp"
        fresh.write_bytes(make(range(begin, until + 1, STEP)))
        fresh.replace(folder / f"{_at(until):%Y%m%dT%H%M}.{kind}")
        for path in done:
            if path.stat().st_mtime < now.timestamp() - DAY:
                path.unlink(missing_ok=True)
        count += 1
    return count
