"""The interactive map in Chromium, over a base map from a file or from a tile service."""

import http.server
import json
import struct
import threading
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.pages.conftest import City, serve
from tests.pages.window import Window

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def tile() -> bytes:
    """Make a PNG of one colour, 256 pixels square."""
    head = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xcf\xe6\xf5" * 256) * 256)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def write_pmtiles(path: Path) -> None:
    """Write an archive of the one tile of zoom 0 (PMTiles specification, version 3)."""
    picture, about = tile(), json.dumps({"attribution": "© Testland"}).encode()
    directory = b"".join(map(_varint, (1, 0, 1, len(picture), 1)))
    after_directory = 127 + len(directory)
    data = after_directory + len(about)
    places = (127, len(directory), after_directory, len(about), data, 0, data, len(picture), 1, 1, 1)
    world = struct.pack("<iiii", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    centre = bytes([0]) + struct.pack("<ii", 90_000_000, 476_000_000)
    head = b"PMTiles\x03" + struct.pack("<11Q", *places) + bytes([1, 1, 1, 2, 0, 0]) + world + centre
    path.write_bytes(head + directory + about + picture)


class Tiles(http.server.BaseHTTPRequestHandler):
    """A tile service that notes who asks for what."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(tile())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def _see_interactive_map(city: City, browser: Browser) -> None:
    window = Window(browser)
    window.open(city.address + "/daten/karte/")
    window.page.wait_for_selector("#interactive-map[data-ready]", timeout=30_000)
    assert window.page.locator(".pin").count() == 12
    assert not window.page.locator("#drawing").is_visible()
    assert window.hosts == {city.address.removeprefix("http://")}
    window.close()
    plain = Window(browser, scripts=False)
    plain.page.goto(city.address + "/daten/karte/")
    assert plain.page.locator("#drawing").is_visible()
    assert not plain.page.locator("#interactive-map").is_visible()
    plain.close()


def test_a_base_map_from_a_file(city: Path, browser: Browser, tmp_path: Path) -> None:
    archive = tmp_path / "town.pmtiles"
    write_pmtiles(archive)
    for running in serve(city, ALLMENDE_BASEMAP=str(archive)):
        part = running.client.get("/grundkarte.pmtiles", headers={"Range": "bytes=0-6"})
        assert (part.status_code, part.content) == (206, b"PMTiles")
        _see_interactive_map(running, browser)


def test_a_base_map_from_a_tile_service_that_only_the_portal_asks(city: Path, browser: Browser) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        template = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
        for running in serve(city, ALLMENDE_BASEMAP=template):
            _see_interactive_map(running, browser)
            assert running.client.get("/grundkarte/1/5/0").status_code == 404
        assert Tiles.asked
    finally:
        server.shutdown()
