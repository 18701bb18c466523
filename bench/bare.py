"""What a bare server takes for the same requests: no check, no store, nothing but the protocol; the machine's floor."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from bench.wire import Wire, crowd  # noqa: E402
from tests.program import free_port  # noqa: E402 - the tests lie beside this folder


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer 201 to everything."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def bare_rate(requests: list[list[bytes]]) -> float:
    """Give the requests a second of a server that does nothing."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", str(port), "--log-level", "error"]
    served = subprocess.Popen([*command, "--lifespan", "off"], cwd=ROOT)
    try:
        for _ in range(200):
            try:
                Wire(f"http://127.0.0.1:{port}")
                break
            except OSError:
                time.sleep(0.05)
        return crowd(f"http://127.0.0.1:{port}", requests)[0]
    finally:
        served.terminate()
        served.wait(10)
