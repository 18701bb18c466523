"""Is an uplink lost or doubled when everything on its way is killed (-9) in turn, while a million are sent?

Usage: ``python bench/uplink_kill.py [UPLINKS] [sqlite|postgres]``. Devices send over a real Mosquitto with QoS 1; data
processes, the work process, Mosquitto and PostgreSQL's server (where SQLite is the store, its host is the data process)
are killed at random moments and started again. ``BENCH_DEVICES`` changes how many devices send, ``BENCH_RATE`` how many
uplinks a second: the broker writes all that waits in it every few seconds, so what waits must not grow to gigabytes.

Mosquitto acknowledges what it has in memory, and writes it to disk every few seconds. The sender therefore sends again,
after a connection broke, what was acknowledged shortly before: that is what a sender has to do that is to survive the
broker's death.
"""

import os
import random
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.mqtt_broker import steady_port  # noqa: E402 - the tests lie beside this folder
from tests.program import PROGRAM, environment, run  # noqa: E402
from tests.uplinks import HELLO, READ, Network, packet, text, until, uplink  # noqa: E402

DEVICES = int(os.environ.get("BENCH_DEVICES", "2000"))
RATE = int(os.environ.get("BENCH_RATE", "4000"))
AUTOSAVE, KEPT_SECONDS, WINDOW, BREATH = 5, 12.0, 1_000, 0.02
BETWEEN, AWAY = (2.0, 8.0), (0.0, 2.0)


class Sender(threading.Thread):
    """Sends frame after frame of all devices, each until it is acknowledged, and the latest again after a break."""

    def __init__(self, port: int, count: int) -> None:
        super().__init__(daemon=True)
        self._port, self._count = port, count
        self._next = self.sent = self.again = 0
        self._waiting: deque[int] = deque()
        self._kept: deque[tuple[float, int]] = deque()
        self._quiet_since, self._began = 0.0, time.monotonic()

    @property
    def done(self) -> bool:
        """Tell whether all is acknowledged, for so long that the broker has it on disk."""
        return bool(self._quiet_since) and time.monotonic() - self._quiet_since > KEPT_SECONDS

    def run(self) -> None:
        """Send until all is acknowledged, and keep the connection to see when it breaks."""
        while not self.done:
            on_the_way: dict[int, int] = {}
            with suppress(OSError):
                self._connected(on_the_way)
            if self.done:
                break
            back = [number for _, number in self._kept] + list(on_the_way.values())
            self.again += len(back)
            self._kept.clear()
            self._waiting.extendleft(reversed(back))
            self._quiet_since = 0.0 if back else self._quiet_since
            time.sleep(0.1)

    def _connected(self, on_the_way: dict[int, int]) -> None:
        mark, rest, heard = 0, b"", time.monotonic()
        with socket.create_connection(("127.0.0.1", self._port), 5) as line:
            line.sendall(HELLO)
            if line.recv(4) != b"\x20\x02\x00\x00":
                return
            while not self.done:
                parts = []
                while len(on_the_way) < WINDOW and (number := self._number()) is not None:
                    mark = mark % 65_535 + 1
                    on_the_way[mark] = number
                    parts.append(_packet(mark, number))
                line.sendall(b"".join(parts))
                if not select.select([line], [], [], BREATH if self._next < self._count else 5)[0]:
                    if on_the_way and time.monotonic() - heard > 5:
                        return
                    line.sendall(b"\xc0\x00")
                    continue
                heard = time.monotonic()
                got = line.recv(65_536)
                if not got:
                    return
                rest = self._hear(rest + got, on_the_way)

    def _number(self) -> int | None:
        if self._waiting:
            return self._waiting.popleft()
        if self._next >= min(self._count, (time.monotonic() - self._began) * RATE):
            return None
        self._next += 1
        return self._next - 1

    def _hear(self, heard: bytes, on_the_way: dict[int, int]) -> bytes:
        now, place = time.monotonic(), 0
        while len(heard) - place >= 2 + heard[place + 1]:
            if heard[place] == 0x40:
                self._kept.append((now, on_the_way.pop(heard[place + 2] << 8 | heard[place + 3])))
                self.sent += 1
            place += 2 + heard[place + 1]
            if len(heard) - place < 2:
                break
        while self._kept and now - self._kept[0][0] > KEPT_SECONDS:
            self._kept.popleft()
        if not on_the_way and not self._waiting and self._next >= self._count:
            self._quiet_since = self._quiet_since or now
        return heard[place:]


def _packet(mark: int, number: int) -> bytes:
    topic, body = uplink(number % DEVICES, 1 + number // DEVICES)
    return packet(0x32, text(topic.encode()) + struct.pack("!H", mark) + body)


class Cluster:
    """A PostgreSQL of its own, which may be killed."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not found:
            sys.exit("no PostgreSQL server under /usr/lib/postgresql")
        self._bin, self._folder = found[-1].parent, Path(tempfile.mkdtemp(prefix="allmende-cluster-"))
        self._port = steady_port()
        self._as = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()
        if self._as:
            shutil.chown(self._folder, "postgres", "postgres")
        command = [*self._as, str(self._bin / "initdb"), "-D", f"{self._folder}/data", "-A", "trust", "-U", "allmende"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.start()
        until(self._answers, 60)
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE city")
        self.url = self._url("city")

    def _url(self, database: str) -> str:
        return f"postgresql://allmende@127.0.0.1:{self._port}/{database}"

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self._url("postgres"), connect_timeout=5):
            return True
        return False

    def start(self) -> None:
        """Start the server."""
        options = ("-p", str(self._port), "-c", f"unix_socket_directories={self._folder}")
        command = [*self._as, str(self._bin / "postgres"), "-D", f"{self._folder}/data", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def kill(self) -> None:
        """End the server at once; its other processes notice and end."""
        self.process.kill()
        self.process.wait(30)
        time.sleep(1)

    def end(self) -> None:
        """End, and leave nothing behind."""
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)


class Attack:
    """Kills in turn and starts again."""

    def __init__(self, network: Network, cluster: Cluster | None) -> None:
        self._network, self._cluster = network, cluster
        self.kills: Counter[str] = Counter()
        self._work = self._started()
        first, *more = (("data", port) for port in network.processes)
        self._turns = [first, ("broker", 0), *((("PostgreSQL", 0),) if cluster else ()), ("work", 0), *more]

    def _started(self) -> "subprocess.Popen[bytes]":
        url = self._network.store_url
        named = {"ALLMENDE_DATABASE_URL": url} if self._cluster else {}
        command = [*PROGRAM, "work"]
        return subprocess.Popen(command, env=environment(self._network.home, **named), stdout=subprocess.DEVNULL)

    def strike(self, turn: int) -> None:
        """Kill what is next, start it again, and see that it answers."""
        network, (what, port) = self._network, self._turns[turn % len(self._turns)]
        kill, start = {
            "data": (partial(network.kill, port), partial(network.start, port)),
            "work": (self._end, lambda: setattr(self, "_work", self._started())),
            "broker": (network.broker.kill, network.broker.start),
            "PostgreSQL": (
                (self._cluster.kill, self._cluster.start) if self._cluster else (lambda: None, lambda: None)
            ),
        }[what]
        kill()
        self.kills[what] += 1
        time.sleep(random.uniform(*AWAY))
        start()
        until(lambda: all(network.answers(one) for one in network.processes), 120)

    def _end(self) -> None:
        self._work.kill()
        self._work.wait(30)

    def close(self) -> None:
        """End the work process."""
        self._end()


def _stored(network: Network) -> tuple[int, int]:
    """Count what is stored, and what stands there twice."""
    numbers = network.gate.find_all("Datastreams", [f"lora-s-{one}-air-temperature" for one in range(DEVICES)])
    grant, count, twice = network.gate.grant(READ), 0, 0
    for number in numbers.values():
        times = network.gate.series(grant, number, 0, 1 << 60).times.tolist()
        count, twice = count + len(times), twice + len(times) - len(set(times))
    return count, twice


def _endure(home: Path, url: str, count: int, cluster: Cluster | None) -> bool:
    named = {"ALLMENDE_DATABASE_URL": url} if cluster else {}
    done = run(home, "migrate", **named)
    assert done.returncode == 0, done.stderr
    network = Network(home, url, DEVICES, share="city" if cluster else "", autosave=AUTOSAVE)
    attack = None
    try:
        for _ in range(2 if cluster else 1):
            network.start(steady_port())
        until(lambda: all(network.answers(port) for port in network.processes), 60)
        until(lambda: network.heard([uplink(0, 1)]), 60)
        network.broker.save()
        attack, begin, turn = Attack(network, cluster), time.monotonic(), 0
        sender = Sender(network.broker.port, count)
        sender.start()
        while sender.is_alive():
            sender.join(random.uniform(*BETWEEN))
            if sender.is_alive() and not sender.done and sender.sent < count:
                attack.strike(turn)
                turn += 1
                print(
                    f"{time.monotonic() - begin:6.0f} s  {sender.sent} acknowledged  {dict(attack.kills)}", flush=True
                )
        until(lambda: _stored(network)[0] >= count or None, 900)
        (found, twice), seconds = _stored(network), time.monotonic() - begin
        faults = [one.faults for one in network.gate.audit() if one.faults]
        print(f"{network.state().repeated} came again and were known; {sender.again} were sent again on purpose")
        kind = "PostgreSQL" if cluster else "SQLite"
        print(
            f"{kind}: {count} sent, {found} stored, {twice} twice, {len(faults)} faults, "
            f"{attack.kills.total()} kills {dict(attack.kills)}, {seconds:.0f} s, load {os.getloadavg()[0]:.0f}"
        )
        return found == count and not twice and not faults
    finally:
        if attack is not None:
            attack.close()
        network.end()


def main() -> None:
    """Besiege one store after the other."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    good = True
    for kind in sys.argv[2:] or ("sqlite", "postgres"):
        cluster = Cluster() if kind == "postgres" else None
        try:
            with tempfile.TemporaryDirectory(prefix="allmende-bench-") as folder:
                url = cluster.url if cluster else str(Path(folder) / "observations.sqlite3")
                good &= _endure(Path(folder), url, count // DEVICES * DEVICES, cluster)
        finally:
            if cluster is not None:
                cluster.end()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
