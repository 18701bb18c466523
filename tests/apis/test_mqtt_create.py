"""Observations created over a real Mosquitto, with MQTT 3.1.1 and 5 (18-088, clause 14.1)."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import gmqtt
import pytest
from sqlalchemy import create_engine

from allmende.gate.door import migrate_store, open_gate
from allmende.gate.tokens import create_token, revoke
from tests.apis.conftest import RULES, Town, served
from tests.mqtt_broker import Broker, Client, until

AUTHORIZATION = "Authorization"


class MqttTown(Town):
    """A town with a broker beside it."""

    broker: Broker

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


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))]
)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MqttTown]:
    """Serve a town over a broker, on either database."""
    home = tmp_path_factory.mktemp("mqtt")
    url = str(home / "o.sqlite3")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA IF EXISTS observations CASCADE")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    made = MqttTown(gate)
    for name, category in (("Platz", "weather"), ("Ufer", "weather"), ("Küche", "kitchen")):
        made.add(name, (9.17, 47.66), category)
    made.tokens["writer"] = create_token(gate, name="writer", scopes=("observations:write",))
    made.tokens["reader"] = create_token(gate, name="reader", scopes=("read:open-data",))
    made.tokens["gone"] = create_token(gate, name="gone", scopes=("observations:write",))
    made.broker = Broker().start()
    try:
        for name in ("writer", "reader", "gone"):
            made.broker.account(name, made.tokens[name])
        for town in served(made, home, mqtt_url=made.broker.url):
            asyncio.run(until(lambda: made.client.get("/health").json()["mqtt"] == "ok"))
            yield town  # type: ignore[misc]
    finally:
        made.broker.end()


def _body(minute: int, result: Any = 20.5, **more: Any) -> bytes:
    return json.dumps({"phenomenonTime": f"2026-03-01T10:{minute:02d}:00Z", "result": result, **more}).encode()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt5_creates_with_a_bearer_token(town: MqttTown, qos: int) -> None:
    stream, before = town.streams["Platz"], town.count("Platz")

    async def deed() -> None:
        async with town.writer() as client:
            await client.publish(f"v1.1/Datastreams({stream})/Observations", _body(qos), qos, **town.bearer())
            whole = _body(10 + qos, Datastream={"@iot.id": stream})
            await client.publish("v1.1/Observations", whole, qos, **town.bearer())
            await until(lambda: town.count("Platz") == before + 2)

    asyncio.run(deed())
    newest = town.values(f"Datastreams({stream})/Observations", orderby="phenomenonTime desc", top="1")[0]
    assert newest["phenomenonTime"] == f"2026-03-01T10:{10 + qos}:00Z"
    assert newest["result"] == 20.5


def test_mqtt3_creates_by_its_account(town: MqttTown) -> None:
    stream, before = town.streams["Platz"], town.count("Platz")

    async def deed() -> None:
        async with town.writer(4, "writer") as client:
            await client.publish(f"u/writer/v1.1/Datastreams({stream})/Observations", _body(20))
            await client.publish("u/gone/v1.1/Observations", _body(21, Datastream={"@iot.id": stream}))
            await client.publish(f"v1.1/Datastreams({stream})/Observations", _body(22))
            await client.publish("u/writer/v1.1/Observations", _body(23, Datastream={"@iot.id": stream}))
            await until(lambda: town.count("Platz") >= before + 2)

    asyncio.run(deed())
    assert town.count("Platz") == before + 2


def test_a_wrong_secret_does_not_get_in(town: MqttTown) -> None:
    async def deed() -> None:
        async with Client(town.broker.create_port, 4, "writer", "guessed"):
            pass

    with pytest.raises(gmqtt.MQTTConnectError):
        asyncio.run(deed())


def test_nobody_reads_what_is_sent_in(town: MqttTown) -> None:
    stream = town.streams["Küche"]

    async def deed() -> None:
        async with town.writer() as sender, town.writer(4, "reader") as spy, Client(town.broker.receive_port) as far:
            await spy.subscribe("#", "in/#", "v1.1/#", "u/#")
            await far.subscribe("in/#", "u/#", "v1.1/#", "#")
            before = town.outcome("stored")
            await sender.publish(f"v1.1/Datastreams({stream})/Observations", _body(1), **town.bearer())
            await until(lambda: town.outcome("stored") == before + 1)
            await far.publish("v1.1/Observations", b"forged")
            await asyncio.sleep(0.7)
            assert spy.got == []
            assert far.got == []

    asyncio.run(deed())


def test_each_bad_message_is_named_and_the_good_ones_go_on(town: MqttTown, capfd: pytest.CaptureFixture[str]) -> None:
    stream, before, refused = town.streams["Ufer"], town.count("Ufer"), town.outcome("refused")
    topic = f"v1.1/Datastreams({stream})/Observations"
    bad = [
        (topic, b"{"),
        (topic, b"\xff\xfe"),
        (topic, b'{"phenomenonTime": "2026-03-01T10:00:00Z"}'),
        (topic, b'{"result": NaN}'),
        (topic, _body(1, "warm")),
        (topic, _body(2, 1000)),
        (topic, b'{"phenomenonTime": "yesterday", "result": 1}'),
        ("v1.1/Datastreams(999999)/Observations", _body(3)),
        ("v1.1/Observations", _body(4)),
        ("v1.1/Things", b"{}"),
        (topic, b"[" * 10_000),
    ]
    without = [{}, town.bearer("alm_invented"), town.bearer("reader")]

    async def deed() -> None:
        async with town.writer() as client:
            for number, (place, payload) in enumerate(bad):
                await client.publish(place, payload, **town.bearer())
                await client.publish(topic, _body(10 + number), **town.bearer())
            for properties in without:
                await client.publish(topic, _body(50), **properties)
            await client.publish(topic, _body(51), **town.bearer())
            expected = refused + len(bad) + len(without)
            await until(lambda: town.outcome("refused") == expected and town.count("Ufer") == before + len(bad) + 1)

    asyncio.run(deed())
    log = "".join(capfd.readouterr())
    for code in ("sensorthings.bad_body", "mqtt.no_topic", "mqtt.token_needed", "token.not_valid", "token.lacks_scope"):
        assert code in log
    assert town.tokens["writer"] not in log


def test_a_revoked_token_ends_within_seconds(town: MqttTown) -> None:
    stream, before = town.streams["Ufer"], town.count("Ufer")
    revoke(town.gate, "gone")
    time.sleep(1.1)
    refused = town.outcome("refused")

    async def deed() -> None:
        async with town.writer(4, "gone") as by_account, town.writer() as by_property:
            await by_account.publish(f"u/gone/v1.1/Datastreams({stream})/Observations", _body(52))
            await by_property.publish(f"v1.1/Datastreams({stream})/Observations", _body(53), **town.bearer("gone"))
            await until(lambda: town.outcome("refused") == refused + 2)

    asyncio.run(deed())
    assert town.count("Ufer") == before


def test_a_repeated_message_is_stored_once(town: MqttTown) -> None:
    stream, before, repeated = town.streams["Ufer"], town.count("Ufer"), town.outcome("repeated")
    topic = f"v1.1/Datastreams({stream})/Observations"

    async def deed() -> None:
        async with town.writer() as client:
            for _ in range(5):
                await client.publish(topic, _body(55), **town.bearer())
            keyed = (*[(AUTHORIZATION, f"Bearer {town.tokens['writer']}")], ("Idempotency-Key", "a"))
            await client.publish(topic, _body(55), user_property=keyed)
            await client.publish(topic, _body(55), user_property=keyed)
            await until(lambda: town.outcome("repeated") == repeated + 5)

    asyncio.run(deed())
    assert town.count("Ufer") == before + 2


def test_the_broker_dies_and_comes_back(town: MqttTown) -> None:
    stream, before = town.streams["Platz"], town.count("Platz")
    topic = f"v1.1/Datastreams({stream})/Observations"

    async def send(first: int) -> None:
        async with town.writer() as client:
            for minute in range(first, first + 5):
                await client.publish(topic, _body(minute), **town.bearer())
            await until(lambda: town.count("Platz") == before + first - 25)

    asyncio.run(send(30))
    town.broker.kill()
    asyncio.run(until(lambda: town.client.get("/health").json()["mqtt"].startswith("away")))
    assert town.figure("allmende_mqtt_connected") == 0.0
    assert town.client.get("/health").status_code == 200
    town.broker.start()
    asyncio.run(until(lambda: town.client.get("/health").json()["mqtt"] == "ok", 20))
    asyncio.run(send(35))
    assert town.count("Platz") == before + 10
