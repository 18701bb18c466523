"""The thinnest client that keeps its connection: what is measured is the server, not the client."""

import selectors
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit


def request(host: str, method: str, path: str, body: bytes = b"", token: str = "") -> bytes:
    """Write a request of HTTP/1.1."""
    head = f"{method} {path.replace(' ', '%20')} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    return (head + "Content-Type: application/json\r\n\r\n").encode() + body


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
        self._socket.sendall(request(self._host, method, path, body, token))
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


class _Line:
    """One of many connections, which has a request on its way or waits to send the next."""

    def __init__(self, address: str, requests: Iterator[bytes]) -> None:
        parts = urlsplit(address)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests, self._held, self._begun = requests, b"", 0.0

    def send(self) -> bool:
        """Send the next request; tell whether there was one."""
        request = next(self._requests, None)
        if request is not None:
            self._begun = time.perf_counter()
            self.socket.sendall(request)
        return request is not None

    def receive(self) -> float | None:
        """Take what has come; give the seconds that a request took once its answer is whole."""
        self._held += self.socket.recv(1 << 20)
        top, end, rest = self._held.partition(b"\r\n\r\n")
        if not end:
            return None
        place = top.lower().find(b"content-length:")
        if place >= 0 and len(rest) < int(top[place + 15 :].split(b"\r\n", 1)[0]):
            return None
        if top[9:12] >= b"300":
            raise RuntimeError(self._held.decode())
        self._held = b""
        return time.perf_counter() - self._begun


def crowd(address: str, requests: list[list[bytes]]) -> tuple[float, float]:
    """Let many writers send requests at once, each the next when the last is answered, from one thread.

    Gives requests a second, and the slowest hundredth in milliseconds.
    """
    taken: list[float] = []
    with selectors.DefaultSelector() as selector:
        begin = time.perf_counter()
        for one in requests:
            line = _Line(address, iter(one))
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send()
        while selector.get_map():
            for key, _ in selector.select():
                seconds = key.data.receive()
                if seconds is None:
                    continue
                taken.append(seconds)
                if not key.data.send():
                    selector.unregister(key.fileobj)
                    key.data.socket.close()
        spent = time.perf_counter() - begin
    return len(taken) / spent, sorted(taken)[len(taken) * 99 // 100] * 1000
