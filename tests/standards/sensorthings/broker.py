"""A client of MQTT 3.1.1 and 5 for tests, on gmqtt, with calls that wait."""

import asyncio
import json
import queue
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any
from urllib.parse import urlparse
from uuid import uuid4

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv50, MQTTv311

SECONDS = 10.0
# How long what was written may take until it is announced: the standard names no time.
ANNOUNCED_SECONDS = 10.0


class Mqtt:
    """A connection to a broker; in a ``with`` block."""

    def __init__(self, endpoint: str, version: int = 5, token: str = "", account: str = "") -> None:
        """Sign in with an account and the token as its password; MQTT 5 carries the token in each message."""
        self.place = urlparse(endpoint)
        self.version = MQTTv50 if version == 5 else MQTTv311
        self.prefix = ""
        self._account: str = account
        self._more: dict[str, Any] = {}
        if token and version == 5:
            self._account, self._more = "", {"user_property": ("Authorization", f"Bearer {token}")}
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.seen: list[tuple[str, Any]] = []
        self._granted: queue.Queue[object] = queue.Queue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._client: Any = None
        self._token = token

    def __enter__(self) -> "Mqtt":
        self._thread.start()
        self._wait(self._connect())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._client.disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)

    def _wait(self, task: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(SECONDS)

    async def _connect(self) -> None:
        self._client = Client(f"suite-{uuid4().hex[:12]}")
        if self._account:
            self._client.set_auth_credentials(self._account, self._token)
        self._client.on_message = lambda _client, topic, payload, _qos, _more: self.messages.put((topic, payload))
        self._client.on_subscribe = lambda _client, _mid, _qos, _more: self._granted.put(None)
        await self._client.connect(self.place.hostname, self.place.port or 1883, version=self.version)

    def subscribe(self, topic: str) -> None:
        """Follow a topic; what is published from now on arrives."""
        self._loop.call_soon_threadsafe(lambda: self._client.subscribe(topic, qos=1))
        self._granted.get(timeout=SECONDS)

    def publish(self, topic: str, body: object, qos: int = 1) -> None:
        """Send JSON, or bytes as they are, below what the service puts before its topics."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._loop.call_soon_threadsafe(
            lambda: self._client.publish(self.prefix + topic, payload, qos=qos, **self._more)
        )

    def next(self, seconds: float = ANNOUNCED_SECONDS) -> tuple[str, Any]:
        """Wait for the next message; give its topic and its JSON."""
        topic, payload = self.messages.get(timeout=seconds)
        self.seen.append((topic, json.loads(payload)))
        return self.seen[-1]

    def until(self, wanted: Callable[[Any], bool], topic: str = "") -> Any:
        """Wait for the message that is wanted, on a topic or on any: what was written before may come late."""
        end = time.monotonic() + ANNOUNCED_SECONDS
        while True:
            found, body = self.next(max(end - time.monotonic(), 0.01))
            if topic in ("", found) and wanted(body):
                return body

    def silent(self, seconds: float = 0.7, *, keep: bool = False) -> bool:
        """Tell whether nothing arrives for a while; what does is kept for ``next``, if wanted."""
        try:
            message = self.messages.get(timeout=seconds)
        except queue.Empty:
            return True
        if keep:
            self.messages.put(message)
        return False
