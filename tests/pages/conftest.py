"""A city with demonstration data, served as people serve it; with the sample files also with real measurements."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import SAMPLES
from tests.program import PROGRAM, environment, founded_copy, free_port, run

MAPPING = Path(__file__).parents[2] / "src/allmende/packs/konstanz/mappings/weather-2024.yaml"


class City:
    """A running installation, asked over HTTP."""

    def __init__(self, home: Path, *part: str, **settings: str) -> None:
        port = free_port()
        self.home = home
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", *part, "--port", str(port)], env=environment(home, **settings), start_new_session=True
        )
        self.client = httpx.Client(base_url=self.address, timeout=30)

    def wait(self, path: str = "/") -> None:
        """Wait until a page answers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.client.get(path).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("the portal did not answer within a minute")

    def text(self, path: str) -> str:
        """Give a page that has to be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def stop(self) -> None:
        """End all processes."""
        self.client.close()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


def serve(home: Path, **settings: str) -> Iterator[City]:
    """Run a city, and end it whatever happens."""
    running = City(home, **settings)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def city_with_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Serve the Konstanz pack with demonstration data, and with the real summer of 2024 when its files are there."""
    home = founded_copy(tmp_path_factory.mktemp("pages"))
    done = run(home, "init", "--pack", "konstanz", "--demo")
    assert done.returncode == 0, done.stderr
    files = sorted((SAMPLES / "konstanz-weather").glob("ws_compl_summer.*.csv"))
    if files:
        done = run(home, "load", "observations", *map(str, files), "--mapping", str(MAPPING))
        assert done.returncode == 0, done.stderr
    yield from serve(home)


# For one module at a time: while it lasts, a loop runs in the thread of the tests, in which Django refuses to work.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the Chromium of this machine, or skip (never in CI)."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed, and in CI these tests must run")
        pytest.skip("no Chromium on this machine")
    drawn_by_software = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox", *drawn_by_software])
        yield started
        started.close()
