"""Observations created over a real Mosquitto, with MQTT 3.1.1 and 5 (18-088, clause 14.1)."""

import asyncio
import time

import gmqtt
import pytest

from allmende.gate.tokens import revoke
from tests.apis.mqtt_town import AUTHORIZATION, MqttTown, body
from tests.mqtt_broker import Client, until


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt5_creates_with_a_bearer_token(mqtt_town: MqttTown, qos: int) -> None:
    stream, before = mqtt_town.streams["Platz"], mqtt_town.count("Platz")

    async def deed() -> None:
        async with mqtt_town.writer() as client:
            await client.publish(f"v1.1/Datastreams({stream})/Observations", body(qos), qos, **mqtt_town.bearer())
            whole = body(10 + qos, Datastream={"@iot.id": stream})
            await client.publish("v1.1/Observations", whole, qos, **mqtt_town.bearer())
            await until(lambda: mqtt_town.count("Platz") == before + 2)

    asyncio.run(deed())
    stored = mqtt_town.values(f"Datastreams({stream})/Observations", top="10000")
    assert f"2026-03-01T10:{10 + qos}:00Z" in {observation["phenomenonTime"] for observation in stored}


def test_mqtt3_creates_by_its_account(mqtt_town: MqttTown) -> None:
    stream, before = mqtt_town.streams["Platz"], mqtt_town.count("Platz")

    async def deed() -> None:
        async with mqtt_town.writer(4, "writer") as client:
            await client.publish(f"u/writer/v1.1/Datastreams({stream})/Observations", body(20))
            await client.publish("u/gone/v1.1/Observations", body(21, Datastream={"@iot.id": stream}))
            await client.publish(f"v1.1/Datastreams({stream})/Observations", body(22))
            await client.publish("u/writer/v1.1/Observations", body(23, Datastream={"@iot.id": stream}))
            await until(lambda: mqtt_town.count("Platz") >= before + 2)

    asyncio.run(deed())
    assert mqtt_town.count("Platz") == before + 2


def test_a_wrong_secret_does_not_get_in(mqtt_town: MqttTown) -> None:
    async def deed() -> None:
        async with Client(mqtt_town.broker.create_port, 4, "writer", "guessed"):
            pass

    with pytest.raises(gmqtt.MQTTConnectError):
        asyncio.run(deed())


async def _silence(*clients: Client) -> None:
    """Wait until what earlier tests made the program tell has been told, and forget it."""
    heard = -1
    while heard != (heard := sum(len(client.got) for client in clients)):
        await asyncio.sleep(0.5)
    for client in clients:
        client.got.clear()


def test_nobody_reads_what_is_sent_in(mqtt_town: MqttTown) -> None:
    stream = mqtt_town.streams["Küche"]

    async def deed() -> None:
        async with (
            mqtt_town.writer() as sender,
            mqtt_town.writer(4, "reader") as spy,
            Client(mqtt_town.broker.receive_port) as far,
        ):
            await spy.subscribe("#", "in/#", "v1.1/#", "u/#")
            await far.subscribe("in/#", "u/#", "v1.1/#", "#")
            await _silence(spy, far)
            before = mqtt_town.outcome("stored")
            await sender.publish(f"v1.1/Datastreams({stream})/Observations", body(1), **mqtt_town.bearer())
            await until(lambda: mqtt_town.outcome("stored") == before + 1)
            await far.publish("v1.1/Observations", b"forged")
            await asyncio.sleep(0.7)
            assert spy.got == []
            assert far.got == []

    asyncio.run(deed())


def test_each_bad_message_is_named_and_the_good_ones_go_on(
    mqtt_town: MqttTown, capfd: pytest.CaptureFixture[str]
) -> None:
    stream, before, refused = mqtt_town.streams["Ufer"], mqtt_town.count("Ufer"), mqtt_town.outcome("refused")
    topic = f"v1.1/Datastreams({stream})/Observations"
    bad = [
        (topic, b"{"),
        (topic, b"\xff\xfe"),
        (topic, b'{"phenomenonTime": "2026-03-01T10:00:00Z"}'),
        (topic, b'{"result": NaN}'),
        (topic, body(1, "warm")),
        (topic, body(2, 1000)),
        (topic, b'{"phenomenonTime": "yesterday", "result": 1}'),
        ("v1.1/Datastreams(999999)/Observations", body(3)),
        ("v1.1/Observations", body(4)),
        ("v1.1/Things", b"{}"),
        (topic, b"[" * 10_000),
        (topic, b'{"result": "' + b"x" * 1_000_000 + b'"}'),
    ]
    without = [{}, mqtt_town.bearer("alm_invented"), mqtt_town.bearer("reader")]

    async def deed() -> None:
        async with mqtt_town.writer() as client:
            for number, (place, payload) in enumerate(bad):
                await client.publish(place, payload, **mqtt_town.bearer())
                await client.publish(topic, body(10 + number), **mqtt_town.bearer())
            for properties in without:
                await client.publish(topic, body(50), **properties)
            await client.publish(topic, body(51), **mqtt_town.bearer())
            expected = refused + len(bad) + len(without)
            await until(
                lambda: mqtt_town.outcome("refused") == expected and mqtt_town.count("Ufer") == before + len(bad) + 1
            )

    asyncio.run(deed())
    for code, number in (("mqtt.no_topic", 1), ("mqtt.too_large", 1), ("mqtt.token_needed", 1), ("token.not_valid", 1)):
        assert mqtt_town.figure(f'allmende_mqtt_refused_total{{code="{code}"}}') == number
    log = "".join(capfd.readouterr())
    for code in ("sensorthings.bad_body", "mqtt.no_topic", "mqtt.token_needed", "token.not_valid", "token.lacks_scope"):
        assert code in log
    assert mqtt_town.tokens["writer"] not in log


def test_a_revoked_token_ends_within_seconds(mqtt_town: MqttTown) -> None:
    stream, before = mqtt_town.streams["Ufer"], mqtt_town.count("Ufer")
    revoke(mqtt_town.gate, "gone")
    time.sleep(1.1)
    refused = mqtt_town.outcome("refused")

    async def deed() -> None:
        async with mqtt_town.writer(4, "gone") as by_account, mqtt_town.writer() as by_property:
            await by_account.publish(f"u/gone/v1.1/Datastreams({stream})/Observations", body(52))
            await by_property.publish(f"v1.1/Datastreams({stream})/Observations", body(53), **mqtt_town.bearer("gone"))
            await until(lambda: mqtt_town.outcome("refused") == refused + 2)

    asyncio.run(deed())
    assert mqtt_town.count("Ufer") == before


def test_a_repeated_message_is_stored_once(mqtt_town: MqttTown) -> None:
    stream, before, repeated = mqtt_town.streams["Ufer"], mqtt_town.count("Ufer"), mqtt_town.outcome("repeated")
    topic = f"v1.1/Datastreams({stream})/Observations"

    async def deed() -> None:
        async with mqtt_town.writer() as client:
            for _ in range(5):
                await client.publish(topic, body(55), **mqtt_town.bearer())
            keyed = (*[(AUTHORIZATION, f"Bearer {mqtt_town.tokens['writer']}")], ("Idempotency-Key", "a"))
            await client.publish(topic, body(55), user_property=keyed)
            await client.publish(topic, body(55), user_property=keyed)
            await until(lambda: mqtt_town.outcome("repeated") == repeated + 5)

    asyncio.run(deed())
    assert mqtt_town.count("Ufer") == before + 2


def test_the_broker_dies_and_comes_back(mqtt_town: MqttTown) -> None:
    stream, before = mqtt_town.streams["Platz"], mqtt_town.count("Platz")
    topic = f"v1.1/Datastreams({stream})/Observations"

    async def send(first: int) -> None:
        async with mqtt_town.writer() as client:
            for minute in range(first, first + 5):
                await client.publish(topic, body(minute), **mqtt_town.bearer())
            await until(lambda: mqtt_town.count("Platz") == before + first - 25)

    asyncio.run(send(30))
    mqtt_town.broker.kill()
    asyncio.run(until(lambda: mqtt_town.client.get("/health").json()["mqtt"].startswith("away")))
    assert mqtt_town.figure("allmende_mqtt_connected") == 0.0
    assert mqtt_town.client.get("/health").status_code == 200
    mqtt_town.broker.start()
    asyncio.run(until(lambda: mqtt_town.client.get("/health").json()["mqtt"] == "ok", 20))
    asyncio.run(send(35))
    assert mqtt_town.count("Platz") == before + 10
