"""The tree of processes: one port, killed children come back, nothing acknowledged is lost."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from tests.cli.conftest import GOOD, PROBE
from tests.program import PROGRAM, environment, free_port, run

pytestmark = pytest.mark.xdist_group("tree")


class Tree:
    """A running ``allmende serve``."""

    def __init__(self, home: Path, output: IO[bytes] | None = None, **more: str) -> None:
        self.home = home
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(self.port)],
            env=environment(home, **more),
            start_new_session=True,
            stdout=output,
            stderr=output,
        )

    def get(self, path: str) -> tuple[int, bytes]:
        """Fetch a path; an HTTP error is an answer too."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def wait_for(self, path: str, status: int = 200, seconds: float = 40) -> float:
        """Wait until a path answers with a status; give the seconds that took."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            try:
                if self.get(path)[0] == status:
                    return time.monotonic() - started
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{path} did not answer {status} within {seconds} s")

    def children(self) -> dict[str, int]:
        """Map the names of the direct children to their process numbers."""
        listing = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True
        ).stdout
        found = {}
        for line in listing.splitlines():
            number, _, words = line.strip().partition(" ")
            for name in ("serve web", "serve data", "work"):
                if f"allmende.cli.main {name}" in words:
                    found[name.split()[-1]] = int(number)
        return found


@pytest.fixture
def tree(city: Path) -> Iterator[Tree]:
    """Start the tree, and end it whatever happens."""
    running = Tree(city)
    try:
        running.wait_for("/")
        deadline = time.monotonic() + 30
        while len(running.children()) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGINT)
        running.process.wait(30)


def alive(number: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_ends_all_cleanly(tree: Tree) -> None:
    children = tree.children()
    assert set(children) == {"web", "data", "work"}
    tree.process.send_signal(signal.SIGINT)
    assert tree.process.wait(20) == 0
    assert not any(alive(number) for number in children.values())


def test_nobody_gets_into_the_staff_room_with_the_sign_in_of_another(tree: Tree) -> None:
    words = ("user", "create", "rita@example.org", "--role", "office", "--password", "a long enough secret")
    assert run(tree.home, *words).returncode == 0
    door = f"{tree.address}/intern/konto/login/"
    with httpx.Client(follow_redirects=True, timeout=30) as rita:
        rita.get(door)
        form = {"login": "rita@example.org", "password": "a long enough secret", "next": "/intern/"}
        form["csrfmiddlewaretoken"] = rita.cookies["csrftoken"]
        inside = rita.post(door, data=form, headers={"Referer": door})
        assert "rita@example.org" in inside.text
        for _ in range(5):
            stranger = httpx.get(f"{tree.address}/intern/", timeout=30)
            assert stranger.status_code == 302, "a stranger is sent to the sign-in"
            assert "rita@example.org" not in stranger.text
        assert "rita@example.org" in rita.get(f"{tree.address}/intern/").text


def test_children_do_not_outlive_a_killed_root(tree: Tree) -> None:
    children = tree.children()
    tree.process.kill()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and any(alive(number) for number in children.values()):
        time.sleep(0.1)
    assert not any(alive(number) for number in children.values())


@pytest.mark.parametrize("name", ["web", "data", "work"])
def test_a_killed_child_comes_back(tree: Tree, name: str) -> None:
    before = tree.children()[name]
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while tree.children().get(name, before) == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    tree.wait_for("/")
    tree.wait_for("/health")


def _datastream(tree: Tree) -> int:
    """Take the first datastream that the city has."""
    found = json.loads(tree.get("/sensorthings/v1.1/Datastreams?$top=1")[1])["value"]
    return int(found[0]["@iot.id"])


def _post(tree: Tree, token: str, datastream: int, number: int) -> int | None:
    """Send one observation; give its id when it was acknowledged."""
    clock = f"{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
    body: dict[str, Any] = {"phenomenonTime": f"2025-01-01T{clock}Z", "result": float(number % 30)}
    request = urllib.request.Request(
        f"{tree.address}/sensorthings/v1.1/Datastreams({datastream})/Observations",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            location = str(answer.headers["Location"])
            return int(location.rpartition("(")[2].rstrip(")"))
    except OSError:
        return None


def _all_observations(tree: Tree, datastream: int) -> dict[int, str]:
    """Page through what is stored: id → time."""
    found: dict[int, str] = {}
    path = f"/sensorthings/v1.1/Datastreams({datastream})/Observations?$top=500&$orderby=id"
    while path:
        page = json.loads(tree.get(path)[1])
        for row in page["value"]:
            assert row["@iot.id"] not in found
            found[row["@iot.id"]] = row["phenomenonTime"]
        path = page.get("@iot.nextLink", "").removeprefix(tree.address)
    return found


def test_killing_any_process_loses_nothing_acknowledged(tree: Tree) -> None:
    token = run(tree.home, "token", "create", "load", "--scope", "observations:write").stdout.splitlines()[-1]
    (tree.home / "good.csv").write_text(GOOD, encoding="utf-8")
    done = run(tree.home, "load", "observations", str(tree.home / "good.csv"), "--mapping", str(PROBE))
    assert done.returncode == 0, done.stderr
    datastream = _datastream(tree)
    acknowledged: list[int | None] = []
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(_post, tree, token, datastream, number) for number in range(600)]
        for name in ("data", "web", "work", "data"):
            time.sleep(0.7)
            number = tree.children().get(name)
            if number is not None:
                os.kill(number, signal.SIGKILL)
        acknowledged = [future.result() for future in futures]
    tree.wait_for("/health")
    stored = _all_observations(tree, datastream)
    kept = [number for number in acknowledged if number is not None]
    assert len(kept) > 100
    assert set(kept) <= set(stored)
    assert len(set(stored.values())) == len(stored)
