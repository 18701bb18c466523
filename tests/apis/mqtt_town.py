"""A town beside a real Mosquitto."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allmende.gate.door import migrate_store, open_gate
from allmende.gate.tokens import create_token
from tests.apis.conftest import RULES, Town, served
from tests.mqtt_broker import Broker, Client, until

AUTHORIZATION = "Authorization"


class MqttTown(Town):
    """A town with a broker beside it."""

    broker: Broker
    store_url: str

    def count(self, stream: str) -> int:
        """Count what the public may see of a station."""
        return len(self.values(f"Datastreams({self.streams[stream]})/Observations", top="10000"))

    def figure(self, name: str) -> float:
        """Read one line of ``/metrics``."""
        lines = self.client.get("/metrics").text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)

    def outcome(self, name: str) -> float:
        """Tell how many messages came out so."""
        return self.figure(f'allmende_mqtt_messages_total{{outcome="{name}"}}')

    def writer(self, version: int = 5, user: str = "") -> Client:
        """Give a client of the listener for creating."""
        return Client(self.broker.create_port, version, user, self.tokens.get(user, ""))

    def bearer(self, token: str = "writer") -> dict[str, Any]:
        """Give the user property that carries a token."""
        return {"user_property": (AUTHORIZATION, f"Bearer {self.tokens.get(token, token)}")}


def body(minute: int, result: Any = 20.5, **more: Any) -> bytes:
    """Write an observation of a minute as JSON."""
    return json.dumps({"phenomenonTime": f"2026-03-01T10:{minute:02d}:00Z", "result": result, **more}).encode()


def beside_a_broker(url: str, home: Path) -> Iterator[MqttTown]:
    """Serve a town of three stations over a broker."""
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    made = MqttTown(gate)
    made.store_url = url
    for name, category in (("Platz", "weather"), ("Ufer", "weather"), ("Küche", "kitchen")):
        made.add(name, (9.17, 47.66), category)
    made.tokens["writer"] = create_token(gate, name="writer", scopes=("observations:write",))
    made.tokens["editor"] = create_token(gate, name="editor", scopes=("sensorthings:write",))
    made.tokens["reader"] = create_token(gate, name="reader", scopes=("read:open-data",))
    made.tokens["gone"] = create_token(gate, name="gone", scopes=("observations:write",))
    made.broker = Broker().start()
    try:
        for name in ("writer", "reader", "gone"):
            made.broker.account(name, made.tokens[name])
        for _ in served(made, home, made.broker.url):
            asyncio.run(until(lambda: made.client.get("/health").json()["mqtt"] == "ok"))
            yield made
    finally:
        made.broker.end()
