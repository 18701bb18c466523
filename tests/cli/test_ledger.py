"""The ledger as others meet it: over HTTP, as files, on the command line, and with a second city as witness."""

import gzip
import http.server
import json
import os
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from allmende.gate.door import migrate_store, open_gate
from tests.cli.conftest import told
from tests.contract.conftest import STANDARD
from tests.program import PROGRAM, environment, founded_copy, free_port, run
from tests.weather_rules import WEATHER_RULES


class City:
    """A city on either database."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.home, self.url = home, url
        self.settings: dict[str, str] = {"ALLMENDE_DATABASE_URL": url} if url else {}

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in this city."""
        settings: Any = {**self.settings, **more}
        return run(self.home, *words, **settings)

    def good(self, *words: str, **more: str) -> str:
        """Run a command that has to succeed; give what it says."""
        done = self.run(*words, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def keys(self) -> tuple[str, str]:
        """Give the keys of log and witness."""
        log, witness = (line.partition("\t")[2] for line in self.good("ledger", "key").splitlines())
        return log, witness

    def publish(self, times: int = 1) -> None:
        """Publish rule books past the portal."""
        gate = open_gate(self.url or str(self.home / "observations.sqlite3"))
        for number in range(times):
            gate.publish(WEATHER_RULES if number % 2 else STANDARD, "rita@example.org")
        gate.close()

    @contextmanager
    def serving(self, **more: str) -> Iterator[httpx.Client]:
        """Serve the data doors."""
        port = free_port()
        process = subprocess.Popen(
            [*PROGRAM, "serve", "data", "--port", str(port)], env=environment(self.home, **{**self.settings, **more})
        )
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            try:
                for _ in range(400):
                    try:
                        client.get("/health")
                        break
                    except httpx.TransportError:
                        time.sleep(0.05)
                yield client
            finally:
                process.terminate()
                process.wait(20)


# The store's part of the log is proved on both databases in any run; here PostgreSQL takes minutes and is asked for.
ON_POSTGRES = [pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))]
DATABASES = ["sqlite", *(ON_POSTGRES if os.environ.get("ALLMENDE_CONFORMANCE") == "both" else [])]


@pytest.fixture(params=DATABASES)
def other(request: pytest.FixtureRequest, tmp_path: Path) -> City:
    """Give a city whose log has begun."""
    if request.param == "sqlite":
        return City(founded_copy(tmp_path))
    url: str = request.getfixturevalue("postgres").new()
    made = City(tmp_path / "var", url)
    made.home.mkdir()
    migrate_store(url)
    made.publish()
    made.good("ledger", "show")
    return made


def test_the_log_is_served_copied_proved_and_witnessed(other: City, tmp_path: Path) -> None:
    other.publish(300)
    key, _ = other.keys()
    assert stat.S_IMODE((other.home / "ledger.key").stat().st_mode) == 0o600
    shown = other.good("ledger", "show", "--last", "1000")
    kinds = [json.loads(line.partition("\t")[2])["kind"] for line in shown.splitlines()]
    assert kinds == ["begun", "rules", *["sheet"] * 8, *["rules"] * 300]
    assert "rita" not in shown
    copy = tmp_path / "copy"
    other.good("ledger", "export", str(copy))
    _files_are_served(other, copy, key)
    _a_second_city_is_witness(other, City(founded_copy(tmp_path / "witness")), copy, key)


def _files_are_served(other: City, copy: Path, key: str) -> None:
    # A fresh checkpoint proves what is already in the log; nothing else is written meanwhile.
    with other.serving() as client:
        for path in ("checkpoint", "key", "tile/0/000", "tile/entries/001.p/54", "tile/1/000.p/1", "rulebooks/3.json"):
            answer = client.get(f"/ledger/{path}")
            assert answer.content == (copy / path).read_bytes(), path
            lasting = path not in ("checkpoint", "key")
            assert ("immutable" in answer.headers["cache-control"]) == lasting
        assert client.get("/ledger/checkpoint").headers["content-type"] == "text/plain; charset=utf-8"
        assert client.get("/ledger/tile/0/000").headers["content-type"] == "application/octet-stream"
        # What a log of another size would have had is still there, as the beginning of what there is now.
        assert client.get("/ledger/tile/0/000.p/7").content == (copy / "tile/0/000").read_bytes()[: 7 * 32]
        for path in (
            "tile/0/000.p/256",
            "tile/0/001.p/55",
            "tile/0/002",
            "tile/9/000",
            "tile/0/0",
            "x",
            "rulebooks/999.json",
        ):
            answer = client.get(f"/ledger/{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "ledger.no_file"), path
        assert client.get("/ledger/entries/310").json()["code"] == "ledger.no_entry"
        assert client.get("/ledger/", follow_redirects=False).headers["location"].endswith("/datenethik/")
        entry = client.get("/ledger/entries/17")
        (copy.parent / "17").write_bytes(client.get("/ledger/entries/17/proof").content)
        proved = other.good("ledger", "verify", str(copy.parent / "17"), "--key", key)
        assert proved.splitlines()[-1] == entry.text
        place = str(client.base_url.join("/ledger"))
        assert "310 entries" in other.good("ledger", "verify", place, "--key", key)
    book, asked = copy / "rulebooks" / "1.json", ("ledger", "verify", str(copy), "--key", key, "--document")
    assert "1.json: the hash" in other.good(*asked, str(book))
    (copy.parent / "other.json").write_bytes(book.read_bytes() + b" ")
    done = other.run(*asked, str(copy.parent / "other.json"))
    assert (done.returncode, "is not in the log" in told(done.stderr)) == (4, True)


def _a_second_city_is_witness(other: City, neighbour: City, copy: Path, key: str) -> None:
    _, witness = neighbour.keys()
    with neighbour.serving(ALLMENDE_LEDGER_WITNESSED=key) as client:
        door = "/ledger/witness/add-checkpoint"
        asked = {"ALLMENDE_LEDGER_WITNESSES": f"{witness} {client.base_url.join(door)}"}
        other.good("ledger", "show", **asked)
        other.publish(2)
        said = other.good("ledger", "verify", "--witness", witness, "--since", str(copy / "checkpoint"), **asked)
        assert "co-signed by" in said
        assert "continues the checkpoint of 310 entries (now 312)" in said
        checkpoint = (copy / "checkpoint").read_text(encoding="utf-8")
        for body, status in (
            (f"old 0\n\n{checkpoint}", 409),
            (f"old 312\n\n{checkpoint}", 400),
            ("old 01\n\n", 400),
            (f"old 312\n\n{checkpoint.replace('310', '313')}", 403),
            (f"old 0\n\n{checkpoint.replace('/ledger', '/elsewhere', 1)}", 404),
        ):
            answer = client.post(door, content=body.encode())
            assert answer.status_code == status, (body, answer.text)
        again = client.post(door, content=f"old 0\n\n{checkpoint}".encode())
        assert (again.text, again.headers["content-type"]) == ("312\n", "text/x.tlog.size")
    other.publish()
    silent = other.run("ledger", "verify", "--witness", witness, **asked)
    assert (silent.returncode, "has not co-signed" in silent.stderr) == (2, True)


def test_a_copy_that_was_touched_a_fork_and_a_wrong_key_are_named(tmp_path: Path) -> None:
    other = City(founded_copy(tmp_path))
    key, witness = other.keys()
    copy = tmp_path / "copy"
    other.good("ledger", "export", str(copy))
    (bundle,) = (path for path in (copy / "tile" / "entries").rglob("*") if path.is_file())
    content = bundle.read_bytes()
    bundle.write_bytes(content.replace(b"begun", b"begum"))
    done = other.run("ledger", "verify", str(copy), "--key", key)
    assert (done.returncode, "Entry 0" in told(done.stderr)) == (2, True)
    bundle.write_bytes(content)
    assert "not signed with the key" in told(other.run("ledger", "verify", str(copy), "--key", witness).stderr)
    # The same key goes on from two copies of one state.
    fork = City(tmp_path / "fork")
    shutil.copytree(other.home, fork.home)
    other.publish()
    fork.publish(2)
    other.good("ledger", "export", str(copy))
    done = fork.run("ledger", "verify", "--since", str(copy / "checkpoint"), "--quick")
    assert (done.returncode, "has forked" in told(done.stderr)) == (5, True)


def test_what_commitments_hide_can_be_shown_and_forgotten(tmp_path: Path) -> None:
    other = City(founded_copy(tmp_path))
    other.publish()
    last = int(other.good("ledger", "show", "--last", "1").partition("\t")[0])
    opening: Any = json.loads(other.good("ledger", "reveal", str(last)))
    assert opening["value"] == "rita@example.org"
    assert "1 commitments" in other.good("ledger", "forget", "rita@example.org")
    assert other.good("ledger", "reveal", str(last)) == ""
    done = other.run("ledger", "day", "2020-01-01")
    assert (done.returncode, "is not closed" in told(done.stderr)) == (4, True)
    (other.home / "ledger.key").unlink()
    other.publish()
    done = other.run("ledger", "show")
    assert (done.returncode, "The log belongs to the key" in told(done.stderr)) == (5, True)


def test_a_log_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(400_000_000), 6)

    class Bomb(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(bomb)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bomb) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{server.server_port}"
        # Unpacked as a whole it would be more than the memory that is let.
        words = ("prlimit", f"--as={450_000_000}", *PROGRAM, "ledger", "verify", at)
        done = subprocess.run(words, env=environment(tmp_path), capture_output=True, text=True, check=False)
        server.shutdown()
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
