"""The thinnest client that keeps its connection: what is measured is the server, not the client."""

import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit


class Wire:
    """One connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host = f"{parts.hostname}:{parts.port}"
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""

    def ask(self, method: str, path: str, body: bytes = b"", token: str = "") -> tuple[int, bytes]:
        """Send a request; give status and body of the answer."""
        head = f"{method} {path.replace(' ', '%20')} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        head += "Content-Type: application/json\r\n\r\n"
        self._socket.sendall(head.encode() + body)
        while b"\r\n\r\n" not in self._held:
            self._receive()
        top, _, rest = self._held.partition(b"\r\n\r\n")
        status, size = int(top[9:12]), 0
        for line in top.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                size = int(line[15:])
        self._held = rest
        while len(self._held) < size:
            self._receive()
        answer, self._held = self._held[:size], self._held[size:]
        return status, answer

    def _receive(self) -> None:
        part = self._socket.recv(1 << 20)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._held += part


def crowd(address: str, writers: int, requests: int, ask: Callable[[Wire, int, int], int]) -> tuple[float, float]:
    """Let many writers send requests at once; give requests a second, and the slowest hundredth in milliseconds."""
    taken: list[float] = []

    def one(writer: int) -> None:
        wire = Wire(address)
        for number in range(requests):
            begin = time.perf_counter()
            status = ask(wire, writer, number)
            if status >= 300:
                raise RuntimeError(f"status {status}")
            taken.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=one, args=(writer,)) for writer in range(writers)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    return len(taken) / seconds, sorted(taken)[len(taken) * 99 // 100] * 1000
