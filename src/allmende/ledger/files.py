"""A log as files: names of tiles and bundles, and where they are read from (a folder, an address)."""

import gzip
import io
import re
import struct
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.ledger.tree import HASH, WIDTH, width_of

MISSING = ErrorCode(
    "ledger.missing_file",
    Text("Im Protokoll fehlt {path}.", "{path} is missing from the log."),
    Text("Holen Sie das Protokoll noch einmal vollständig.", "Fetch the whole log once more."),
)
CUT = ErrorCode(
    "ledger.cut_file",
    Text(
        "{path} ist abgeschnitten oder zu lang: {found} statt {expected}.",
        "{path} is cut off or too long: {found} instead of {expected}.",
    ),
    Text(
        "Holen Sie die Datei noch einmal; bleibt es so, melden Sie es.",
        "Fetch the file once more; if it stays, report it.",
    ),
)
UNREACHABLE = ErrorCode(
    "ledger.unreachable",
    Text("{url} ist nicht erreichbar: {why}.", "{url} cannot be reached: {why}."),
    Text("Prüfen Sie die Adresse, und versuchen Sie es noch einmal.", "Check the address, and try again."),
)

CHECKPOINT, KEY, ENTRIES = "checkpoint", "key", "entries"
LARGEST_FILE, SECONDS = 20_000_000, 30
_TILE = re.compile(r"tile/(entries|0|[1-5]?[0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_RULEBOOK = re.compile(r"rulebooks/([1-9][0-9]{0,8})\.json")


class Source(Protocol):
    """Gives the files of a log; None for one that is not there."""

    def read(self, path: str) -> bytes | None:
        """Read a file."""


class FolderSource:
    """A log in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str) -> bytes | None:
        """Read a file."""
        try:
            return (self.folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None


class UrlSource:
    """A log behind an address."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def read(self, path: str) -> bytes | None:
        """Fetch a file."""
        address = f"{self.url}/{path}"
        request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})  # noqa: S310 - http(s) alone
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                body: bytes = answer.read(LARGEST_FILE)
                packed = answer.headers.get("Content-Encoding") == "gzip"
                return gzip.GzipFile(fileobj=io.BytesIO(body)).read(LARGEST_FILE) if packed else body
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise Invalid(UNREACHABLE, url=address, why=f"HTTP {error.code}") from error
        except (OSError, EOFError, zlib.error) as error:
            raise Invalid(UNREACHABLE, url=address, why=getattr(error, "reason", None) or error) from error


def source_of(place: str) -> Source:
    """Give the log at an address or in a folder."""
    return UrlSource(place) if place.startswith(("http://", "https://")) else FolderSource(Path(place))


def tile_path(level: int | str, place: int, width: int = WIDTH) -> str:
    """Name the file of a tile, or of a bundle of entries."""
    parts = [f"{place % 1000:03}"]
    while place := place // 1000:
        parts.insert(0, f"x{place % 1000:03}")
    return f"tile/{level}/{'/'.join(parts)}" + (f".p/{width}" if width < WIDTH else "")


def read_tile_path(path: str) -> tuple[int | str, int, int] | None:
    """Give level (or ``entries``), place and width of such a file; None for other names."""
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    level = found[1] if found[1] == ENTRIES else int(found[1])
    place, width = int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH)
    return (level, place, width) if tile_path(level, place, width) == path else None


def rulebook_path(version: int) -> str:
    """Name the file of a rule book."""
    return f"rulebooks/{version}.json"


def read_rulebook_path(path: str) -> int | None:
    """Give the version of such a file."""
    found = _RULEBOOK.fullmatch(path)
    return int(found[1]) if found else None


def bundled(entries: Sequence[bytes]) -> bytes:
    """Put entries into a bundle, each behind its length."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unbundled(bundle: bytes, path: str, count: int) -> list[bytes]:
    """Take the first entries out of a bundle; refuse one that ends within an entry, or has fewer."""
    entries: list[bytes] = []
    place, end = 0, len(bundle)
    while len(entries) < count and place + 2 <= end:
        begin = place + 2
        place = begin + (bundle[place] << 8 | bundle[place + 1])
        if place > end:
            break
        entries.append(bundle[begin:place])
    if len(entries) < count:
        texts = [Text(f"{number} Einträge", f"{number} entries") for number in (len(entries), count)]
        raise Invalid(CUT, path=path, found=texts[0], expected=texts[1])
    return entries


def require(source: Source, path: str) -> bytes:
    """Read a file that has to be there."""
    found = source.read(path)
    if found is None:
        raise NotFound(MISSING, path=path)
    return found


def _whole_or_part(source: Source, level: int | str, place: int, width: int) -> tuple[bytes, str]:
    """Read a partial file, or the full one that has taken its place since."""
    path = tile_path(level, place, width)
    found = source.read(path)
    if found is None and width < WIDTH:
        path = tile_path(level, place)
        found = source.read(path)
    if found is None:
        raise NotFound(MISSING, path=tile_path(level, place, width))
    return found, path


def read_hashes(source: Source, level: int, place: int, width: int) -> bytes:
    """Read the first hashes of a tile."""
    found, path = _whole_or_part(source, level, place, width)
    whole = width if path == tile_path(level, place, width) else WIDTH
    if len(found) != whole * HASH:
        raise Invalid(CUT, path=path, found=f"{len(found)} Byte", expected=f"{whole * HASH} Byte")
    return found[: width * HASH]


def read_bundle(source: Source, place: int, width: int) -> list[bytes]:
    """Read the first entries of a bundle."""
    found, path = _whole_or_part(source, ENTRIES, place, width)
    return unbundled(found, path, width)


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Name all tiles of a log of so many entries: level, place, width."""
    level = 0
    while size >> (8 * level):
        for place in range(((size >> (8 * level)) + WIDTH - 1) // WIDTH):
            yield level, place, width_of(size, level, place)
        level += 1
