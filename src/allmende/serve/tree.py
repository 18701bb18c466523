"""All processes behind one port: started, watched, brought back, ended together."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from allmende.kernel.errors import Broken, Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.serve.settings import Settings

PORT_IN_USE = ErrorCode(
    "serve.port_in_use",
    Text(
        "An {host}:{port} lauscht schon ein anderes Programm.",
        "Another program already listens on {host}:{port}.",
    ),
    Text(
        "Beenden Sie es, oder wählen Sie einen anderen Port: allmende serve --port 8001 (make run PORT=8001).",
        "End it, or choose another port: allmende serve --port 8001 (make run PORT=8001).",
    ),
)
CANNOT_LISTEN = ErrorCode(
    "serve.cannot_listen",
    Text("An {host}:{port} kann nicht gelauscht werden: {why}.", "Cannot listen on {host}:{port}: {why}."),
    Text(
        "Wählen Sie eine andere Adresse oder einen Port über 1023.",
        "Choose another address, or a port above 1023.",
    ),
)

PART_REFUSES = ErrorCode(
    "serve.part_refuses",
    Text("Der Teil „{name}“ kann so nicht laufen.", "The part “{name}” cannot run like this."),
    Text(
        "Den Grund nennt die Zeile darüber; was sonst fehlt, zeigt: allmende doctor",
        "The line above names the reason; what else is missing is shown by: allmende doctor",
    ),
)

FIRST_PAUSE, LONGEST_PAUSE, SETTLED_SECONDS, GRACE_SECONDS = 0.2, 10.0, 30.0, 10.0
WORK_WAITS_SECONDS = 5.0


def listen(host: str, port: int) -> socket.socket:
    """Open the one public port; the children inherit it, so no request is refused while one restarts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == 98 or "in use" in str(error):
            raise Conflict(PORT_IN_USE, host=host, port=port) from error
        raise Broken(CANNOT_LISTEN, host=host, port=port, why=error.strerror) from error
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


class Child(msgspec.Struct, kw_only=True):
    """One process of the tree and how it has fared."""

    name: str
    command: list[str]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches only the tree's root."""
        self.process = subprocess.Popen(self.command, pass_fds=self.pass_fds, start_new_session=True)  # noqa: S603
        self.started = time.monotonic()

    def check(self, now: float, say: Callable[[str], None]) -> None:
        """Bring the process back when it has ended, after a pause that grows; raise when it says it never can run."""
        if self.process is not None and self.process.poll() is not None:
            if self.process.returncode == Broken.exit_code:
                raise Broken(PART_REFUSES, name=self.name)
            if now - self.started > SETTLED_SECONDS:
                self.pause = FIRST_PAUSE
            say(f"{self.name}: Ende mit Code {self.process.returncode}, neuer Start in {self.pause:.1f} s")
            self.process, self.due = None, now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        if self.process is None and now >= self.due:
            self.start()


def _children(settings: Settings, listener: socket.socket, sockets: Path) -> list[Child]:
    program = [sys.executable, "-m", "allmende.cli.main"]
    web, supervised = str(sockets / "web.sock"), ("--supervised", str(os.getpid()))
    return [
        Child(name="web", command=[*program, "serve", "web", "--socket", web, *supervised]),
        Child(
            name="data",
            command=[
                *program,
                *("serve", "data", "--fd", str(listener.fileno()), "--forward-to", web, *supervised),
            ],
            pass_fds=(listener.fileno(),),
        ),
        # Nobody waits for the work; readers wait for the pages, and starting takes processor time.
        Child(name="work", command=[*program, "work", *supervised], due=time.monotonic() + WORK_WAITS_SECONDS),
    ]


def _end(children: list[Child]) -> None:
    """Ask all to end, wait, and force those that do not."""
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def _socket_folder() -> Iterator[Path]:
    """Make a private folder with a short path: Unix sockets allow about 100 characters."""
    folder = Path(tempfile.mkdtemp(prefix="allmende-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_tree(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Run web, data and work behind one port until SIGINT or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with listen(settings.host, settings.port) as listener, _socket_folder() as sockets:
        children = _children(settings, listener, sockets)
        try:
            while not stop.wait(0.1):
                for child in children:
                    child.check(time.monotonic(), say)
        finally:
            _end(children)
