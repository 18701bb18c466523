"""Another city as a small HTTP server that does what a test tells it, honest or not."""

import contextlib
import datetime as dt
import gzip
import hashlib
import http.server
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from allmende.federation.documents import (
    DATASETS,
    DOCUMENT,
    FINDINGS,
    FOLDER,
    Aim,
    City,
    Dataset,
    Datasets,
    Document,
    Figure,
    File,
    Finding,
    Findings,
    Shared,
    Value,
    Witnessed,
)
from allmende.federation.rules import encoded, sealed
from allmende.gate.door import open_gate
from allmende.gate.ledger import Ledger
from allmende.kernel.text import Text
from allmende.ledger.note import LOG, WITNESS, Signer
from allmende.transfer.rules import FindingContent

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]
JSON = "application/json"


def words(text: str) -> Text:
    """Say the same in both languages."""
    return Text(text, text)


def trees(version: int = 1, unit: str = "{count}", *values: int) -> Shared:
    """Give the number of trees planted, counted by hand."""
    years = [
        Value(
            first=dt.date(2023 + place, 1, 1),
            last=dt.date(2023 + place, 12, 31),
            value=Decimal(value),
            known_since=dt.date(2024 + place, 3, 1),
            quality="final",
        )
        for place, value in enumerate(values)
    ]
    return Shared(
        slug="baeume",
        version=version,
        since=dt.date(2023, 11, 30),
        title=words("Gepflanzte Bäume"),
        unit=unit,
        digits=0,
        direction="up",
        period="year",
        method=words("Gepflanzte Bäume, fortlaufend gezählt, abzüglich eingegangener."),
        current=True,
        baseline=Aim(day=dt.date(2023, 12, 31), low=Decimal(10), high=Decimal(10)),
        values=tuple(years),
    )


class Town:
    """A city that shows itself: its key, its log in a store of its own, and what it answers at each path."""

    def __init__(self, store: Path, name: str = "Nachbarstadt") -> None:
        self.signer = Signer.made(f"{name.lower()}.example/ledger", LOG)
        self.witness = Signer.made(f"{name.lower()}.example/ledger/witness", WITNESS)
        self.gate = open_gate(str(store))
        self.log = Ledger(self.gate)
        self.log.sequence(self.signer)
        self.city = City(
            name=name,
            ags="08335001",
            inhabitants=Figure(value=Decimal(20_000), day=dt.date(2025, 12, 31)),
            area=Figure(value=Decimal(40)),
        )
        self.sequence, self.issued = 0, dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=1)
        self.indicators: tuple[Shared, ...] = (trees(1, "{count}", 20, 30, 50),)
        self.findings = [self.finding("schatten")]
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, int]] = []
        self.links = {"ledger": "/ledger", "witnessed": FOLDER + "witnessed.json", "catalogue": "/catalog"}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.say()

    def finding(self, project: str, contact: str = "Grünflächenamt", **content: Any) -> Finding:
        """Make a finding."""
        told = FindingContent(
            phase="evaluated",
            topics=("climate",),
            problem=words("Auf dem Platz ist es zu heiß."),
            tried=words("Wir haben Bäume gepflanzt."),
            failed=words("Zwei Drittel gingen ein."),
            contact=words(contact),
            contact_until=dt.date(2030, 1, 1),
            **content,
        )
        return Finding(
            project=project,
            title=words("Schatten auf Plätzen"),
            version=1,
            published=dt.date(2026, 5, 1),
            path=f"/erkenntnisse/{project}/",
            content=told,
        )

    def document(self, **changes: Any) -> Document:
        """Make the next document with its files."""
        self.sequence += 1
        self.issued += dt.timedelta(seconds=1)
        dataset = Dataset(
            name="messwerte/luft",
            title=words("Luft"),
            description=words("Luftwerte"),
            publisher="Stadt",
            licence="CC-BY-4.0",
            path="/daten/katalog/messwerte/luft/",
        )
        files = {
            "findings": (FINDINGS, encoded(Findings(format=1, findings=tuple(self.findings)))),
            "datasets": (DATASETS, encoded(Datasets(format=1, datasets=(dataset,)))),
        }
        for file, raw in files.values():
            self.answers[FOLDER + file] = given(raw)
        told = {
            name: File(path=FOLDER + file, size=len(raw), sha256=hashlib.sha256(raw).hexdigest())
            for name, (file, raw) in files.items()
        }
        plain = Document(
            format=1,
            sequence=self.sequence,
            issued=self.issued,
            key=str(self.signer.key),
            witness=str(self.witness.key),
            city=self.city,
            links=self.links,
            files=told,
            indicators=self.indicators,
            checkpoint=(self.log.read("checkpoint") or b"").decode(),
        )
        return msgspec.structs.replace(plain, **changes)

    def say(self, signer: Signer | None = None, **changes: Any) -> bytes:
        """Show a new document, signed by this city or by whom the test names."""
        raw = sealed(self.document(**changes), signer or self.signer)
        self.answers[FOLDER + DOCUMENT] = given(raw)
        return raw

    def testify(self, note: str) -> None:
        """Show a co-signed checkpoint of another city."""
        self.answers[FOLDER + "witnessed.json"] = given(encoded(Witnessed(format=1, notes=(note,))))

    def grow(self, *texts: str) -> None:
        """Put entries into the log."""
        for text in texts:
            self.log.tell_text(text, hashlib.sha256(text.encode()).hexdigest())
        self.log.sequence(self.signer)

    def _handler(town) -> type[http.server.BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.close_connection = True
                answer = town.answers.get(self.path)
                if answer is None and self.path.startswith("/ledger/"):
                    raw = town.log.read(self.path.removeprefix("/ledger/"))
                    kind = "text/plain" if self.path.endswith("checkpoint") else "application/octet-stream"
                    answer = given(raw, kind) if raw is not None else None
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    (answer or failing(404))(self)

            def log_message(self, *_: object) -> None:
                pass

            def log_request(self, code: Any = "-", size: Any = "-") -> None:
                town.asked.append((self.path, int(code)))

        return Handler

    def stop(self) -> None:
        """End the server; nothing answers any more."""
        self.server.shutdown()
        self.server.server_close()

    def close(self) -> None:
        """Let go of everything."""
        self.stop()
        self.gate.close()


def given(raw: bytes, kind: str = JSON, **headers: str) -> Answer:
    """Answer with bytes, and with 304 for who has them."""
    tag = f'"{hashlib.sha256(raw).hexdigest()[:16]}"'

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        same = handler.headers.get("If-None-Match") == tag
        handler.send_response(304 if same else 200)
        handler.send_header("ETag", tag)
        if not same:
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        if not same:
            handler.wfile.write(raw)

    return answer


def failing(status: int, **headers: str) -> Answer:
    """Answer with a status and nothing else."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Answer without an end."""
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.end_headers()
    while True:
        handler.wfile.write(b"[" * 65_536)


def dripping_head(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Send the head byte by byte, always soon enough for who waits for each piece alone."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 10_000:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def dripping_body(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Send the body likewise."""
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


BOMB = gzip.compress(b"[" * 30_000_000, 9)
