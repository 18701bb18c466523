"""What the machine can do without us: the disk, the JSON parser, and the bare database; and figures beside it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import psycopg

BLOCK_VALUES, BLOCK_BYTES, TIMES = 1_000, 6_000, 100
ROWS = 20_000
FASTER = "a second"


class Floors(msgspec.Struct):
    """Figures of the machine and of one bare database, in observations a second and in milliseconds."""

    syncs: float
    json: float
    blocks: float
    copied: float | None
    newest: float
    chunks: float

    def lines(self) -> list[tuple[str, float, str]]:
        """Give what, figure and unit of each."""
        found = [
            ("4 kB written with fdatasync", self.syncs, FASTER),
            ("rows of a dataArray read as JSON", self.json, FASTER),
            ("values in blocks of 1,000, each committed", self.blocks, FASTER),
            ("1,000 short rows read", self.newest, "ms"),
            ("5 chunks of 6 kB read", self.chunks, "ms"),
        ]
        return found if self.copied is None else [*found, ("plain rows by COPY", self.copied, FASTER)]


class Sheet:
    """Figures of stores, printed as they come, each beside its bar and its floor, and compared at the end."""

    def __init__(self) -> None:
        self.store = ""
        self._figures: dict[str, dict[str, tuple[float, str]]] = {}

    def say(self, what: str, figure: float, unit: str, bar: str = "none", floor: str = "") -> None:
        """Print one figure."""
        self._figures.setdefault(what.strip(), {})[self.store] = (figure, unit)
        print(f"{self.store:11} {what:54} {figure:14,.2f} {unit:8} bar: {bar:15} {floor}", flush=True)

    def floors(self, floors: Floors) -> None:
        """Print what the machine can do."""
        for what, figure, unit in floors.lines():
            self.say(f"floor: {what}", figure, unit)

    def compare(self, one: str, other: str) -> None:
        """Print how many times as slow, or as large, the other store is."""
        for what, found in self._figures.items():
            if one in found and other in found:
                (here, unit), (there, _) = found[one], found[other]
                factor = here / there if unit == FASTER else there / here
                print(f"{other} against {one}: {what:54} {factor:6.2f} times")


def milliseconds(deed: Callable[[], object], times: int = 40) -> float:
    """Give the middle of so many runs."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        deed()
        taken.append(time.perf_counter() - begin)
    return sorted(taken)[times // 2] * 1000


def _rate(count: int, deed: Callable[[], object]) -> float:
    begin = time.perf_counter()
    deed()
    return count / (time.perf_counter() - begin)


def _synced(folder: Path) -> None:
    with (folder / "floor").open("wb") as file:
        for _ in range(TIMES):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())


def measured(folder: Path, url: str) -> Floors:
    """Measure the machine and a bare database: a PostgreSQL one of that address, or a SQLite file in the folder."""
    rows = msgspec.json.encode([["2024-05-01T00:00:00Z", 12.5]] * 100_000)
    syncs = _rate(TIMES, lambda: _synced(folder))
    json = _rate(100_000, lambda: msgspec.json.decode(rows))
    return (_postgres if url.startswith("postgres") else _sqlite)(syncs, json, folder, url)


def _sqlite(syncs: float, json: float, folder: Path, _url: str) -> Floors:
    bare = apsw.Connection(str(folder / "bare.sqlite3"))
    for statement in ("page_size=8192", "journal_mode=WAL", "synchronous=FULL"):
        bare.execute(f"PRAGMA {statement}")
    bare.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB)")
    bare.execute("CREATE TABLE short (id INTEGER PRIMARY KEY, body BLOB)")
    bare.executemany("INSERT INTO short (body) VALUES (?)", [(b"x" * 60,)] * 1_000)

    def write() -> None:
        for _ in range(TIMES):
            bare.execute("INSERT INTO bare (body) VALUES (?)", (os.urandom(BLOCK_BYTES),))

    blocks = _rate(TIMES * BLOCK_VALUES, write)
    newest = milliseconds(lambda: bare.execute("SELECT id, body FROM short").fetchall())
    chunks = milliseconds(lambda: bare.execute("SELECT body FROM bare LIMIT 5").fetchall())
    bare.close()
    return Floors(syncs, json, blocks, None, newest, chunks)


def _postgres(syncs: float, json: float, _folder: Path, url: str) -> Floors:
    with psycopg.connect(url, autocommit=True) as bare:
        bare.execute("CREATE SCHEMA bare")
        bare.execute("CREATE TABLE bare.blocks (id BIGINT GENERATED ALWAYS AS IDENTITY, body BYTEA)")
        bare.execute("ALTER TABLE bare.blocks ALTER COLUMN body SET STORAGE EXTERNAL")
        bare.execute("CREATE TABLE bare.short AS SELECT n AS id, 'x'::bytea AS body FROM generate_series(1, 1000) n")
        bare.execute("CREATE TABLE bare.plain (stream INTEGER, start BIGINT, number DOUBLE PRECISION)")

        def write() -> None:
            for _ in range(TIMES):
                bare.execute("INSERT INTO bare.blocks (body) VALUES (%s)", (os.urandom(BLOCK_BYTES),))

        def copy() -> None:
            with bare.cursor() as cursor, cursor.copy("COPY bare.plain FROM STDIN") as sink:
                for number in range(ROWS):
                    sink.write_row((1, number, 12.5))

        blocks, copied = _rate(TIMES * BLOCK_VALUES, write), _rate(ROWS, copy)
        newest = milliseconds(lambda: bare.execute("SELECT id, body FROM bare.short").fetchall())
        chunks = milliseconds(lambda: bare.execute("SELECT body FROM bare.blocks LIMIT 5").fetchall())
        bare.execute("DROP SCHEMA bare CASCADE")
    return Floors(syncs, json, blocks, copied, newest, chunks)


def size(url: str) -> int:
    """Give the bytes of a store on disk once the room of what was fresh is given back, as after a while."""
    if url.startswith("postgres"):
        with psycopg.connect(url, autocommit=True) as connection:
            for table in ("fresh", "sealed", "stream_state", "stream_days"):
                connection.execute(f"VACUUM FULL observations.{table}".encode())
            statement = (
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = 'observations'::regnamespace"
            )
            (found,) = connection.execute(statement).fetchone() or (0,)
            return int(found)
    connection = apsw.Connection(url)
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Path(url).stat().st_size
